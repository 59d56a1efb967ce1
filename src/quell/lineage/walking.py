"""
The walk from a statement out to what runs it, as cheap as it gets.

# Note [Marked frames]
A frame keeps its caller, and that keeps its instruction, for as long as the frame runs; only generators and
coroutines may be resumed by another. So what lies outside of a frame is walked once, and a mark on the frame tells
the next statement below it. The mark is the frame's own ``f_trace``, which Python ignores where no tracer runs: it
ends with the frame, keeps none of its variables alive, and cannot be mistaken for that of another frame at the
same address. A debugger may overwrite it, or call it, which does nothing.
"""

from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from itertools import count
from types import CodeType, FrameType
from typing import Any

from django.core.signals import setting_changed

from quell.lineage.accesses import ALWAYS_ASKED, ASKED_OF_ORM, LOOPS, ROLES, STOP, Access
from quell.lineage.callpath import Marks, Outer, callers, collect, current_unit
from quell.lineage.sites import is_manager_code
from quell.lineage.usercode import is_user_code

_RESUMABLE = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_USER = object()
_MAX_ROLES = 50_000  # a process that makes code again and again must not keep all of it
_numbers = count(1)


def walk(frame: FrameType | None, access: Access, marks: Marks) -> tuple[Any, ...]:
    """
    Return the key of the path that leads to a frame, and fill ``access`` from the frames of the ORM.

    Args:
        frame: The innermost frame.
        access: What to fill.
        marks: What lies outside of the frames that were marked so far.
    """
    key: list[Any] = [current_unit.get()]
    add = key.append
    roles = ROLES
    while frame is not None:
        code = frame.f_code
        number = id(code)
        # An instruction has an address of its own, as it is part of its code object.
        add(number + frame.f_lasti)
        role = roles[number] if number in roles else _role_of(code, frame)
        if type(role) is str:
            if not access.loader and access.peers is None:
                access.method = role
        elif role is not None:
            note = role(frame, access)
            if note is not None:
                _add_outer(frame, access, note, key, marks)
                break
        frame = frame.f_back
    else:
        key += _waiting()
    return tuple(key)


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


def _add_outer(frame: FrameType, access: Access, note: Any, key: list[Any], marks: Marks) -> None:
    """Add the note of a frame that is in the key already, and what lies outside of it."""
    if note is not _USER:
        key.append(note)
        if note is STOP:
            key += _waiting()
            return
    mark: Any = frame.f_trace
    if type(mark) is Outer and mark.marks is marks:
        key.append(mark.number)
        return
    caller = frame.f_back
    if caller is None or access.is_threaded:
        key += _outer_key(caller, access, None)
        return
    # The caller is marked, too: a function that a loop calls has a new frame each time.
    outer = _entry(caller, access)
    if outer[-1] is STOP:
        outer = (*outer, current_unit.get(), *_waiting())
    else:
        outer = (*outer, _mark_of(caller, access, marks))
    found = _marked(frame, outer, access, marks)
    key += outer if found is None else (found,)


def _entry(frame: FrameType, access: Access) -> tuple[Any, ...]:
    number = id(frame.f_code)
    if number not in ALWAYS_ASKED:
        return (number + frame.f_lasti,)
    return number + frame.f_lasti, ALWAYS_ASKED[number](frame, access)


def _mark_of(frame: FrameType, access: Access, marks: Marks) -> Any:
    """Return the number of what lies outside of a frame, or all of it where the frame cannot be marked."""
    mark: Any = frame.f_trace
    if type(mark) is Outer and mark.marks is marks:
        return mark.number
    outer = _outer_key(frame.f_back, access, marks)
    return _marked(frame, outer, access, marks) or outer


def _marked(frame: FrameType, outer: tuple[Any, ...], access: Access, marks: Marks) -> int | None:
    """Mark a frame, and return the number of what lies outside of it; ``None`` where that may change."""
    if access.is_connecting or frame.f_code.co_flags & _RESUMABLE:
        return None
    found = marks.get(outer)
    if found is None:
        found = marks.setdefault(outer, Outer(-next(_numbers), collect(frame.f_back, marks), marks))
    mark: Any = frame.f_trace
    if mark is None or type(mark) is Outer:
        frame.f_trace = found
    return found.number


def _outer_key(frame: FrameType | None, access: Access, marks: Marks | None) -> tuple[Any, ...]:
    """Return what leads to a frame, as far as it is not told by a mark; without marks, all of it."""
    key: list[Any] = [current_unit.get()]
    add = key.append
    special = ALWAYS_ASKED
    while frame is not None:
        number = id(frame.f_code)
        add(number + frame.f_lasti)
        if number in LOOPS and marks is not None:
            # What it calls has new frames in each turn, often several of them, such as those of a condition.
            add(_mark_of(frame, access, marks))
            return tuple(key)
        if number in special:
            note = special[number](frame, access)
            if note is STOP:
                break
            if note is not None:
                add(note)
        frame = frame.f_back
    key += _waiting()
    return tuple(key)


def _waiting() -> list[int]:
    return [id(item.code) + item.lasti for item in callers()]
