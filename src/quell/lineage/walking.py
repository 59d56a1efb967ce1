"""
The walk from a statement out to what runs it, as cheap as it gets.

# Note [Marked frames]
A frame keeps its caller, and that keeps its instruction, for as long as the frame runs; only generators and
coroutines may be resumed by another. So what lies outside of a frame is walked once, and a mark on the frame tells
the next statement below it. The mark is the frame's own ``f_trace``, which Python ignores where no tracer runs: it
ends with the frame, keeps none of its variables alive, and cannot be mistaken for that of another frame at the
same address. A debugger may overwrite it, or call it, which does nothing.

# Note [Known routes]
A process goes the same ways again and again: each request has new frames, at the same instructions of the same code.
So the frames of a path, and what lies outside of a frame, are kept by what the walk to them told, for all scopes and
threads. They keep code, classes and places in templates, and of a request only what a class holds that was made in
it. When there are too many of them, they are forgotten; whoever has one of them goes on with it, as their numbers are
never given out again.
"""

from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import CodeType, FrameType
from typing import Any, TypeVar

from django.core.signals import setting_changed

from quell.lineage.accesses import ALWAYS_ASKED, ASKED_OF_ORM, LOOPS, ROLES, STOP, Access
from quell.lineage.callpath import Frame, Outer, Route, callers, collect, view_of
from quell.lineage.sites import is_manager_code
from quell.lineage.usercode import is_user_code

_RESUMABLE = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_USER = object()
_Known = TypeVar("_Known", Route, Outer)
_MAX_ROLES = 50_000  # a process that makes code again and again must not keep all of it
_MAX_KNOWN = 4_096  # ways of each kind that are remembered
_routes: dict[tuple[Any, ...], Route] = {}
_outers: dict[tuple[Any, ...], Outer] = {}


def walk(frame: FrameType | None, access: Access) -> tuple[Any, ...]:
    """
    Return the key of the route that leads to a frame, and fill ``access`` from the frames of the ORM.

    Args:
        frame: The innermost frame.
        access: What to fill.
    """
    key: list[Any] = []
    add = key.append
    roles = ROLES
    while frame is not None:
        code = frame.f_code
        number = id(code)
        # An instruction has an address of its own, as it is part of its code object.
        add(number + frame.f_lasti)
        try:
            role = roles[number]
        except KeyError:
            role = _role_of(code, frame)
        if role is not None:
            if type(role) is not str:
                note = role(frame, access)
                if note is not None:
                    _add_outer(frame, access, note, key)
                    break
            elif not access.loader and access.peers is None:
                access.method = role
        frame = frame.f_back
    else:
        key += _waiting()
    return tuple(key)


def route_of(key: tuple[Any, ...], frame: FrameType | None, *, by_marks: bool) -> Route:
    """Return the route that leads to a frame, by the key that the walk told. See Note [Known routes]."""
    return _routes.get(key) or _remember(_routes, key, Route(collect(frame, by_marks=by_marks)))


def outer_at(frame: FrameType | None) -> Outer:
    """Return what leads to a frame, the frame itself included, for what goes on elsewhere: a thread, a task."""
    return _outer_of(_outer_key(frame, Access(), by_marks=True), frame, by_marks=True)


def outer_with(outer: Outer, site: Frame, position: int) -> Outer:
    """Return the same with another frame in between."""
    key = (outer.number, id(site.code) + site.lasti, position)
    found = _outers.get(key)
    if found is None:
        frames = (*outer.frames[:position], site, *outer.frames[position:])
        found = _remember(_outers, key, Outer(frames))
    return found


def _outer_of(key: tuple[Any, ...], frame: FrameType | None, *, by_marks: bool) -> Outer:
    return _outers.get(key) or _remember(_outers, key, Outer(collect(frame, by_marks=by_marks)))


def _remember(known: dict[tuple[Any, ...], _Known], key: tuple[Any, ...], made: _Known) -> _Known:
    if len(known) >= _MAX_KNOWN:
        known.clear()
    # Another thread may have been quicker.
    return known.setdefault(key, made)


def see_user(frame: FrameType, access: Access) -> object:
    """Tell that a frame is the user's."""
    return _USER


def _role_of(code: CodeType, frame: FrameType) -> Any:
    """Return who is asked about a frame: nobody, its handler, or nobody any more, as this is the user's code."""
    number = id(code)
    role = ASKED_OF_ORM.get(number) or ALWAYS_ASKED.get(number)
    if role is None and is_user_code(code) and not is_manager_code(code, frame):
        role = see_user
    if len(ROLES) >= _MAX_ROLES:
        _forget_roles()
    # The code object is kept, so that its address stays its own.
    _kept.append(code)
    ROLES[number] = role
    return role


_kept: list[CodeType] = []


def _forget_roles() -> None:
    ROLES.clear()
    _kept.clear()


def _see_setting(*, setting: str, **_: object) -> None:
    if setting == "QUELL_LIBRARIES":
        _forget_roles()


setting_changed.connect(_see_setting, dispatch_uid="quell.lineage.walking")


def _add_outer(frame: FrameType, access: Access, note: Any, key: list[Any]) -> None:
    """Add the note of a frame that is in the key already, and what lies outside of it."""
    if note is not _USER:
        key.append(note)
        if note is STOP:
            key.append(_view_number(frame))
            key += _waiting()
            return
    mark: Any = frame.f_trace
    if type(mark) is Outer:
        key.append(mark.number)
        return
    caller = frame.f_back
    if caller is None or access.is_threaded:
        key += _outer_key(caller, access, by_marks=False)
        return
    # The caller is marked, too: a function that a loop calls has a new frame each time.
    outer = _entry(caller, access)
    further = (_view_number(caller), *_waiting()) if outer[-1] is STOP else (_mark_of(caller, access),)
    outer = (*outer, *further)
    found = _marked(frame, outer, access)
    key += outer if found is None else (found,)


def _entry(frame: FrameType, access: Access) -> tuple[Any, ...]:
    number = id(frame.f_code)
    if number not in ALWAYS_ASKED:
        return (number + frame.f_lasti,)
    return number + frame.f_lasti, ALWAYS_ASKED[number](frame, access)


def _mark_of(frame: FrameType, access: Access) -> Any:
    """Return the number of what lies outside of a frame, or all of it where the frame cannot be marked."""
    # The frames of loops that have no mark, innermost first, each with what leads to it from the next one. No function
    # that calls itself: a template may include itself as often as Python allows.
    unmarked: list[tuple[FrameType, list[Any]]] = []
    found: Any = None
    outer: FrameType | None = frame
    while outer is not None:
        mark: Any = outer.f_trace
        if type(mark) is Outer:
            found = mark.number
            break
        between, further = _up_to_loop(outer.f_back, access, by_marks=True)
        unmarked.append((outer, between))
        outer = further
    for inner, between in reversed(unmarked):
        if found is not None:
            between.append(found)
        key = tuple(between)
        found = _marked(inner, key, access) or key
    return found


def _marked(frame: FrameType, outer: tuple[Any, ...], access: Access) -> int | None:
    """Mark a frame, and return the number of what lies outside of it; ``None`` where that may change."""
    if access.is_connecting or frame.f_code.co_flags & _RESUMABLE:
        return None
    found = _outer_of(outer, frame.f_back, by_marks=True)
    mark: Any = frame.f_trace
    if mark is None or type(mark) is Outer:
        frame.f_trace = found
    return found.number


def _outer_key(frame: FrameType | None, access: Access, *, by_marks: bool) -> tuple[Any, ...]:
    """Return what leads to a frame, as far as it is not told by a mark; without marks, all of it."""
    key, loop = _up_to_loop(frame, access, by_marks=by_marks)
    if loop is not None:
        key.append(_mark_of(loop, access))
    return tuple(key)


def _up_to_loop(
    frame: FrameType | None, access: Access, *, by_marks: bool
) -> tuple[list[Any], FrameType | None]:
    """
    Return what leads to a frame, up to the frame of a loop, and that; all of it where there is none, or no marks.

    What a loop calls has new frames in each turn, often several of them, such as those of a condition.
    """
    key: list[Any] = []
    add = key.append
    special = ALWAYS_ASKED
    while frame is not None:
        number = id(frame.f_code)
        add(number + frame.f_lasti)
        if by_marks and number in LOOPS:
            return key, frame
        if number in special:
            note = special[number](frame, access)
            if note is STOP:
                add(_view_number(frame))
                break
            if note is not None:
                add(note)
        frame = frame.f_back
    key += _waiting()
    return key, None


def _waiting() -> tuple[int, ...]:
    outer = callers()
    return (outer.number,) if outer is not None else ()


def _view_number(frame: FrameType) -> int:
    """Return the address of the view of a request, which its path keeps; it may be one that has no hash."""
    view = view_of(frame)
    return id(view[1]) if view is not None else 0
