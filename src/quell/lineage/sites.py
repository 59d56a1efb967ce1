"""Where a queryset was built: the first line of user code, or the template node, that asked for it."""

from types import CodeType, FrameType
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor, ReverseOneToOneDescriptor
from django.db.models.manager import BaseManager
from django.template.base import Node

from quell.lineage.usercode import is_user_file, known_files

# A queryset is built within a few frames of the line that asks for it. Where a framework builds it, the view,
# admin or serializer is named from the stack of the evaluation instead.
MAX_FRAMES = 14
ATTRIBUTE = "origin_site"
NODE_CODE = Node.render_annotated.__code__

_is_manager_code: dict[int, tuple[CodeType, bool]] = {}
# By the address of the instruction, which stays its own as long as the site keeps the code.
_sites: dict[int, "Site"] = {}
# A to-one relation's own queryset is never the one to change, so nobody will ask who built it.
_TO_ONE = (
    ForwardManyToOneDescriptor.get_queryset.__code__,
    ReverseOneToOneDescriptor.get_queryset.__code__,
)
# Library code that tells something about a queryset that is built below it, by the address of its code.
_TELLING: dict[int, tuple[CodeType, str]] = {
    **{id(code): (code, "to_one") for code in _TO_ONE},
    id(NODE_CODE): (NODE_CODE, "node"),
}


def watch_owner(code: CodeType) -> None:
    """
    Note the ``get_queryset()`` of the managers of generic relations: its ``self`` knows the instance.

    It is the one method whose queryset Django gives no hint of the instance that it belongs to.
    """
    _TELLING[id(code)] = (code, "owner")


class Site:
    """A place in code or a template, with the instance that asked where Django does not tell; pickles as ``None``."""

    __slots__ = ("code", "instance", "lasti", "node")

    def __init__(
        self, code: CodeType | None, lasti: int, node: Node | None = None, instance: Any = None
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


def find_site(frame: FrameType | None) -> Site | None:
    """Walk up from a frame to the code that builds a queryset, past the methods of managers and querysets."""
    inner: Site | None = None
    instance: Any = None
    telling, files, managers = _TELLING, known_files, _is_manager_code
    for _ in range(MAX_FRAMES):
        if frame is None:
            break
        code = frame.f_code
        number = id(code)
        if number in telling:
            told = telling[number][1]
            if told == "to_one":
                break
            if told == "node":
                return Site(None, 0, frame.f_locals["self"], instance)
            instance = frame.f_locals["self"].instance
        elif files[code.co_filename] if code.co_filename in files else is_user_file(code.co_filename):
            site = _sites.get(number + frame.f_lasti) if instance is None else None
            site = site or _new_site(code, frame.f_lasti, instance)
            if not (managers[number][1] if number in managers else is_manager_code(code, frame)):
                return site
            inner = inner or site
        frame = frame.f_back
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
