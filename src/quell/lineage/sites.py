"""Where a queryset was built: the first line of user code, or the template node, that asked for it."""

import inspect
import sys
from types import CodeType, FrameType
from typing import Any

from asgiref.sync import SyncToAsync
from django.core.signals import setting_changed
from django.db.models import QuerySet
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor, ReverseOneToOneDescriptor
from django.db.models.manager import BaseManager
from django.template.base import Node

from quell.lineage.drivers import NodeNote
from quell.lineage.usercode import is_user_code, is_user_file

# A queryset is built within a few frames of the line that asks for it. Where a framework builds it, the view,
# admin or serializer is named from the stack of the evaluation instead.
MAX_FRAMES = 14
ATTRIBUTE = "origin_site"
NODE_CODE = Node.render_annotated.__code__
_THREAD_CODE = SyncToAsync.thread_handler.__code__

_FORWARD_CODE = ForwardManyToOneDescriptor.get_queryset.__code__
_REVERSE_CODE = ReverseOneToOneDescriptor.get_queryset.__code__
# A method of the manager, get_queryset(), QuerySet.__init__() and the hook lie between.
_TO_ONE_DEPTH = 5

_PASSED, _BUILDS, _CALLED, _ENDS, _OWNS, _DRAWS, _WAITS = range(7)
# What the frame of each code object tells, by its address; the code object is kept, so that it stays its own.
_roles: dict[int, int] = {}
_is_manager_code: dict[int, tuple[CodeType, bool]] = {}
_kept: list[CodeType] = []
_MAX_ROLES = 50_000  # a process that makes code again and again must not keep all of it
# What runs the body of a module: the import system, or the method of a loader such as that of pytest.
_IMPORTING = frozenset({"_call_with_frames_removed", "exec_module"})
# By the address of the instruction, which stays its own as long as the site keeps the code.
_sites: dict[int, "Site"] = {}
# Library code that tells something about a queryset that is built below it.
_TELLING: dict[CodeType, int] = {
    # A to-one relation's own queryset is never the one to change, so nobody will ask who built it.
    _FORWARD_CODE: _ENDS,
    _REVERSE_CODE: _ENDS,
    NODE_CODE: _DRAWS,
    _THREAD_CODE: _WAITS,
}


def watch_owner(code: CodeType) -> None:
    """
    Note the ``get_queryset()`` of the managers of generic relations: its ``self`` knows the instance.

    It is the one method whose queryset Django gives no hint of the instance that it belongs to.
    """
    _TELLING[code] = _OWNS
    _roles.pop(id(code), None)


def watch_view(code: CodeType) -> None:
    """Note the function of a class-based view: what it did not get from code further in, it built itself."""
    _TELLING[code] = _ENDS
    _roles.pop(id(code), None)


class Site:
    """A place in code or a template, with the instance that asked where Django does not tell; pickles as ``None``."""

    __slots__ = ("code", "instance", "lasti", "node")

    def __init__(
        self,
        code: CodeType | None,
        lasti: int,
        node: Node | NodeNote | None = None,
        instance: Any = None,
    ) -> None:
        self.code = code
        self.lasti = lasti
        self.node = node
        self.instance = instance

    def without_instance(self) -> "Site":
        """Return the place alone, which may be kept for longer than the instance."""
        return Site(self.code, self.lasti, self.node)

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()

    def __copy__(self) -> "Site":
        return self

    def __deepcopy__(self, memo: object) -> "Site":
        return self


def is_asked_by_to_one() -> bool:
    """
    Tell whether a to-one relation builds the queryset whose query is being made.

    It is what a loop asks most, so it is told without a look at the frames between.
    """
    try:
        code = sys._getframe(_TO_ONE_DEPTH).f_code
    except ValueError:
        # The stack is not that deep.
        return False
    return code is _FORWARD_CODE or code is _REVERSE_CODE


def find_site(frame: FrameType | None) -> Site | None:
    """Walk up from a frame to the code that builds a queryset, past the methods of managers and querysets."""
    inner: Site | None = None
    instance: Any = None
    roles = _roles
    for _ in range(MAX_FRAMES):
        if frame is None:
            break
        number = id(frame.f_code)
        role = roles[number] if number in roles else _role_of(frame)
        if role:
            if role == _ENDS:
                break
            if role >= _DRAWS:
                return _outer_site(role, frame, inner, instance)
            if role == _OWNS:
                instance = frame.f_locals["self"].instance
            else:
                site = _sites.get(number + frame.f_lasti) if instance is None else None
                site = site or _new_site(frame.f_code, frame.f_lasti, instance)
                if role == _BUILDS:
                    return site
                inner = inner or site
        frame = frame.f_back
    return inner if inner is not None or instance is None else Site(None, 0, None, instance)


def _role_of(frame: FrameType) -> int:
    code = frame.f_code
    role = _TELLING.get(code, _PASSED)
    if role == _PASSED and is_user_code(code):
        role = _role_of_user(code, frame)
    if len(_roles) >= _MAX_ROLES:
        _forget_roles()
    _kept.append(code)
    _roles[id(code)] = role
    return role


def _role_of_user(code: CodeType, frame: FrameType) -> int:
    if _is_imported(frame):
        # What a module makes has no site either where it was imported before the watch, as it mostly is.
        return _ENDS
    return _CALLED if is_manager_code(code, frame) else _BUILDS


def _is_imported(frame: FrameType | None) -> bool:
    """Tell whether a frame is the body of a module, or of a class in it, that an import runs."""
    while frame is not None and not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        frame = frame.f_back
    return frame is not None and frame.f_code.co_name in _IMPORTING


def _forget_roles() -> None:
    _roles.clear()
    _kept.clear()


def _see_setting(*, setting: str, **_: object) -> None:
    if setting == "QUELL_LIBRARIES":
        _forget_roles()


setting_changed.connect(_see_setting, dispatch_uid="quell.lineage.sites")


def _outer_site(role: int, frame: FrameType, inner: Site | None, instance: Any) -> Site | None:
    """Return the template node that asked, or the user code that waits for this thread."""
    if role == _DRAWS:
        return Site(None, 0, frame.f_locals["self"], instance)
    from quell.lineage.callpath import callers

    # What lies further out is whatever the thread happened to be doing.
    waiting = callers()
    frames = waiting.frames if waiting is not None else ()
    outer = next((item for item in frames if is_user_file(item.code.co_filename)), None)
    if inner is None and outer is not None:
        return _new_site(outer.code, outer.lasti, instance)
    return inner if inner is not None or instance is None else Site(None, 0, None, instance)


def _new_site(code: CodeType, lasti: int, instance: Any) -> Site:
    if instance is not None:
        return Site(code, lasti, None, instance)
    site = _sites[id(code) + lasti] = Site(code, lasti)
    return site


def is_manager_code(code: CodeType, frame: FrameType) -> bool:
    """Tell whether user code is a method of a manager or queryset: the fix belongs to its caller."""
    known = _is_manager_code.get(id(code))
    if known is None:
        # The code object is kept, so that its address stays its own.
        known = _is_manager_code[id(code)] = (code, _has_manager_as_self(code, frame))
    return known[1]


def _has_manager_as_self(code: CodeType, frame: FrameType) -> bool:
    if not code.co_argcount:
        return False
    # isinstance() would evaluate a lazy object, such as request.user, in the middle of a query.
    first: Any = type(frame.f_locals.get(code.co_varnames[0]))
    return issubclass(first, (BaseManager, QuerySet))
