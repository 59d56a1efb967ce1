"""Name the user line that is to blame for what runs now, from the stack alone."""

import inspect
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

from django.core.handlers.base import BaseHandler
from django.template.context import BaseContext
from protocol import HERE

LIBRARIES = ("django", "rest_framework", "asgiref", "sqlparse", "quell", "debug_toolbar", "django_filters")
_OWNERS = frozenset({"BaseModelAdmin", "BaseSerializer"})
_CARRIERS = {"InlineAdminFormSet": "opts", "ChangeList": "model_admin", "AdminForm": "model_admin"}
_HANDLER = BaseHandler._get_response.__code__  # type: ignore[attr-defined]  # a private method
_CONTEXT_KEYS = ("inline_admin_formset", "cl", "adminform")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """
    Where a query came from.

    Attributes:
        file: Absolute path, or `""` when no user code is on the stack.
        line: First line that counts as exact.
        last_line: Last line that counts as exact; differs for `class` only.
        kind: `python`, `template`, `class` (a serializer or admin that a library drove),
            `library_template`, or `none`.
        name: Class name for `class`, else the function of a Python line.
    """

    file: str
    line: int
    last_line: int
    kind: str
    name: str = ""

    def __str__(self) -> str:
        """Return `file:line`, the file shortened to what follows site-packages."""
        short = self.file.rpartition("site-packages/")[2] or "-"
        lines = f"{self.line}-{self.last_line}" if self.last_line != self.line else f"{self.line}"
        return f"{short}:{lines}"

    def covers(self, file: str, line: int) -> bool:
        """Return whether a reported location is this place; `("", 0)` stands for no location."""
        return (_resolve(file) if file else "") == self.file and self.line <= line <= self.last_line


NOWHERE = Place("", 0, 0, "none")


class Locator:
    """Find the innermost user line or template node; Django, DRF and the standard library are neither."""

    def __init__(self, libraries: tuple[str, ...] = ()) -> None:
        """Take further packages that are libraries."""
        self._roots = tuple(_roots((*LIBRARIES, *libraries)))
        self._is_user: dict[str, bool] = {}
        self._classes: dict[type, Place | None] = {}

    def locate(self, frame: FrameType | None) -> Place:
        """Return the place for a stack, given by its innermost frame."""
        owner = library_node = None
        # Outside of the handler there is only middleware, which passes a request on and is not to blame.
        while frame is not None and frame.f_code is not _HANDLER:
            node = _template_node(frame)
            if node is not None:
                place = Place(node[0], node[1], node[1], "template")
                if self._is_user_file(node[0]):
                    return place
                library_node = library_node or place
            elif self._is_user_file(frame.f_code.co_filename):
                return _python_place(frame)
            owner = owner or self._owner(frame)
            frame = frame.f_back
        if owner is not None:
            return owner
        if library_node is not None:
            return Place(library_node.file, library_node.line, library_node.line, "library_template")
        return NOWHERE

    def _is_user_file(self, file: str) -> bool:
        known = self._is_user.get(file)
        if known is None:
            path = _resolve(file)
            in_stdlib = path.startswith(_stdlib()) and "site-packages" not in path
            known = not (file.startswith("<") or in_stdlib or path.startswith(self._roots))
            self._is_user[file] = known
        return known

    def _owner(self, frame: FrameType) -> Place | None:
        for candidate in _candidates(frame):
            # Read the type only: an attribute of a lazy object runs the query that is being located.
            cls = type(candidate)
            # A library may have a carrier of its own, such as polymorphic.
            carrier = next((base.__name__ for base in cls.__mro__ if base.__name__ in _CARRIERS), None)
            if carrier is not None:
                cls = type(getattr(candidate, _CARRIERS[carrier], None))
            if _OWNERS.isdisjoint(base.__name__ for base in cls.__mro__):
                continue
            if cls not in self._classes:
                self._classes[cls] = _class_place(cls)
            place = self._classes[cls]
            if place is not None and self._is_user_file(place.file):
                return place
        return None


def _candidates(frame: FrameType) -> Iterator[object]:
    variables = frame.f_locals
    yield variables.get("self")
    yield variables.get("cl")
    context = variables.get("context")
    if isinstance(context, BaseContext):
        yield from (context.get(key) for key in _CONTEXT_KEYS)


def _template_node(frame: FrameType) -> tuple[str, int] | None:
    if frame.f_code.co_name != "render_annotated":
        return None
    node = frame.f_locals.get("self")
    token, origin = getattr(node, "token", None), getattr(node, "origin", None)
    if token is None or origin is None or token.lineno is None:
        return None
    return _resolve(origin.name), token.lineno


def _python_place(frame: FrameType) -> Place:
    name = frame.f_code.co_qualname if hasattr(frame.f_code, "co_qualname") else frame.f_code.co_name
    return Place(_resolve(frame.f_code.co_filename), frame.f_lineno, frame.f_lineno, "python", name)


def _class_place(cls: type) -> Place | None:
    try:
        lines, first = inspect.getsourcelines(cls)
        file = inspect.getfile(cls)
    except (OSError, TypeError):
        return None
    return Place(_resolve(file), first, first + len(lines) - 1, "class", cls.__qualname__)


def _roots(packages: tuple[str, ...]) -> Iterator[str]:
    yield f"{HERE}/"
    for package in packages:
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            yield f"{Path(spec.origin).resolve().parent}/"


@cache
def _stdlib() -> str:
    return f"{Path(sysconfig.get_paths()['stdlib']).resolve()}/"


@cache
def _resolve(file: str) -> str:
    return file if file.startswith("<") else str(Path(file).resolve())
