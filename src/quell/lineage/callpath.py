"""
The call path of a statement: which code ran it, by which instruction of each frame.

# Note [One path, one loop]
A path is the code object and the instruction of every frame, from the statement out to the request, task or test
that runs the code. Two statements with the same path were run by a frame that did not move on in between: nothing
else can reach the same instruction of every frame twice. So equal paths are a loop, and a helper that is called
from two lines is not. Frames that walk over things of other people (a template's nodes, a serializer's fields)
stay at one instruction although they moved on, so what they walk over belongs to the path.
"""

import sys
from collections.abc import Callable, Hashable, Iterator
from contextvars import ContextVar
from dis import opmap
from itertools import count
from threading import get_ident
from types import CodeType, FrameType
from typing import Any

from asgiref.sync import SyncToAsync
from django.core.handlers.base import BaseHandler
from django.db.models import Model, QuerySet
from django.db.models import query as query_module
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor, ReverseOneToOneDescriptor
from django.db.models.query_utils import DeferredAttribute
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.query import RawQuery
from django.template.base import Node

from quell.lineage.sites import is_manager_code, watch_owner
from quell.lineage.usercode import is_user_file, known_files

_THREAD_CODE = SyncToAsync.thread_handler.__code__
_PRECALL = opmap.get("PRECALL", -1)
_numbers = count(1)
_STOP = object()

# The frames that wait for a thread, and that thread: asgiref copies context variables back to those who waited,
# and to them their own frames are no caller.
caller_path: ContextVar[tuple[int, tuple["Frame", ...]]] = ContextVar("quell_caller_path", default=(0, ()))
# Told apart by number, so that two requests of one scope are never one loop.
current_unit: ContextVar[int] = ContextVar("quell_unit", default=0)


class Access:
    """What the frames of one statement tell about the ORM call that ran it."""

    # Most stay what they are here, so that making one costs nothing.
    compiler: Any = None
    loader = ""
    instance: Any = None
    field_name = ""
    peers: Any = None
    level: tuple[str, ...] = ()
    is_declared = False
    is_refresh = False
    is_connecting = False
    method = ""


class Frame:
    """A frame of a path: its code, its instruction, and what it was walking over."""

    __slots__ = ("code", "lasti", "note")

    def __init__(self, code: CodeType, lasti: int, note: Any) -> None:
        self.code = code
        self.lasti = lasti
        self.note = note


class CallPath:
    """A path that a scope saw, with the frames innermost first."""

    __slots__ = ("facts", "frames", "keys", "number")

    def __init__(self, frames: tuple[Frame, ...]) -> None:
        self.number = next(_numbers)
        self.frames = frames
        self.facts: dict[Hashable, Any] = {}


Handler = Callable[[FrameType, Access], Any]
_special: dict[int, Handler] = {}
# Asked only up to the user's code: what is further out ran something else that happened to need this statement.
_of_orm: dict[int, Handler] = {}
_kept: list[object] = []
_seen_modules: set[str] = set()


def walk(frame: FrameType | None, access: Access) -> list[Any]:
    """Return the key of the path that leads to a frame, and fill ``access`` from the frames of the ORM."""
    key: list[Any] = []
    add = key.append
    special, of_orm = _special, _of_orm
    is_open = True
    while frame is not None:
        code = frame.f_code
        number = id(code)
        # An instruction has an address of its own, as it is part of its code object.
        add(number + frame.f_lasti)
        if number in special:
            note = special[number](frame, access)
            if note is not None:
                if note is _STOP:
                    break
                add(note)
        elif is_open:
            file = code.co_filename
            if number in of_orm:
                of_orm[number](frame, access)
            elif known_files[file] if file in known_files else is_user_file(file):
                is_open = is_manager_code(code, frame)
        frame = frame.f_back
    return key


def collect(frame: FrameType | None) -> tuple[Frame, ...]:
    """Return the frames of a path; done once per path."""
    frames: list[Frame] = []
    waiting = callers()
    while frame is not None:
        if frame.f_code is _THREAD_CODE:
            # asgiref may run the job on a thread that itself waits, deep inside of other user code.
            frames.extend(waiting)
            waiting = ()
        handler = _special.get(id(frame.f_code))
        note = handler(frame, Access()) if handler is not None else None
        if note is _STOP:
            frames.append(Frame(frame.f_code, beginning_of(frame), _boundary(frame)))
            break
        frames.append(Frame(frame.f_code, beginning_of(frame), note))
        frame = frame.f_back
    return (*frames, *waiting)


def beginning_of(frame: FrameType) -> int:
    """
    Return the offset of the instruction that a frame is at.

    Before Python 3.13 a call that the interpreter has specialised rests elsewhere, so that one loop would have two
    paths: that of a property or a generator on the inline cache behind its instruction, and in Python 3.11 that of
    ``list()`` on the PRECALL in front of its CALL.
    """
    offset = frame.f_lasti
    if sys.version_info < (3, 13):
        code = frame.f_code.co_code
        while offset > 0 and not code[offset]:
            offset -= 2
        if code[offset] == _PRECALL:
            offset += 4
    return offset


def instructions(frame: FrameType | None) -> tuple[tuple[int, int], ...]:
    """Return code and instruction of every frame, without notes: what a rerun of unchanged code repeats."""
    found = []
    while frame is not None:
        number = id(frame.f_code)
        found.append((number, beginning_of(frame)))
        if _special.get(number) is _stop:
            break
        frame = frame.f_back
    found.extend((id(item.code), item.lasti) for item in callers())
    return tuple(found)


def callers() -> tuple[Frame, ...]:
    """Return the frames that wait for this thread, innermost first."""
    thread, frames = caller_path.get()
    return frames if frames and thread == get_ident() else ()


def _boundary(frame: FrameType) -> Any:
    view = frame.f_locals.get("callback")
    return ("view", view) if view is not None else None


def _see_compiler(frame: FrameType, access: Access) -> None:
    if access.compiler is None:
        access.compiler = frame.f_locals["self"]


def _see_loader(name: str) -> Handler:
    def fill(frame: FrameType, access: Access) -> None:
        if access.loader or access.peers is not None:
            return
        names = frame.f_locals
        instance = names.get("instance")
        if issubclass(type(instance), Model):
            access.loader = name
            access.instance = instance
            access.field_name = _accessor(names["self"], name)

    return fill


def _accessor(descriptor: Any, loader: str) -> str:
    if loader == "reverse_one":
        return str(descriptor.related.get_accessor_name())
    # The descriptor of a generic foreign key is the field itself before Django 6.1.
    field = getattr(descriptor, "field", descriptor)
    return str(field.attname if loader == "deferred" else field.name)


def _see_refresh(frame: FrameType, access: Access) -> None:
    if not access.loader and access.peers is None and access.instance is None:
        access.is_refresh = True
        access.instance = frame.f_locals["self"]


def _see_prefetch_level(frame: FrameType, access: Access) -> None:
    if access.peers is not None or access.loader:
        return
    names = frame.f_locals
    lookup, level = names["lookup"], names["level"]
    access.peers = names["instances"]
    access.level = (lookup.prefetch_to.split("__")[level],)


def _see_declared(frame: FrameType, access: Access) -> None:  # noqa: ARG001
    access.is_declared = True


def _see_method(name: str) -> Handler:
    def fill(frame: FrameType, access: Access) -> None:  # noqa: ARG001
        if not access.loader and access.peers is None:
            access.method = name

    return fill


def _see_connecting(frame: FrameType, access: Access) -> None:  # noqa: ARG001
    access.is_connecting = True


def _stop(frame: FrameType, access: Access) -> object:  # noqa: ARG001
    return _STOP


def _node(frame: FrameType, access: Access) -> Node:  # noqa: ARG001
    node: Node = frame.f_locals["self"]
    return node


class FieldNote:
    """A field that a serializer, or a column that an admin, was working on; equal by class and name."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: type, name: str) -> None:
        self.owner = owner
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldNote) and (self.owner, self.name) == (other.owner, other.name)

    def __hash__(self) -> int:
        return hash((self.owner, self.name))


def _serializer_field(frame: FrameType, access: Access) -> FieldNote | None:  # noqa: ARG001
    names = frame.f_locals
    field = names.get("field")
    name = getattr(field, "field_name", None)
    return FieldNote(type(names["self"]), name) if name else None


def _admin_column(frame: FrameType, access: Access) -> FieldNote | None:  # noqa: ARG001
    names = frame.f_locals
    name, owner = names.get("name") or names.get("field_name"), names.get("model_admin")
    if owner is None and "cl" in names:
        owner = names["cl"].model_admin
    return FieldNote(type(owner), str(name)) if owner is not None and isinstance(name, str) else None


def _watch(function: Any, handler: Handler, handlers: dict[int, Handler] = _special) -> None:
    function = getattr(function, "__wrapped__", function)
    code = getattr(function, "__code__", None)
    if code is not None:
        handlers[id(code)] = handler
        _kept.append(code)


_METHODS = (
    "get", "count", "exists", "first", "last", "earliest", "latest", "aggregate", "contains", "in_bulk", "iterator",
    "get_or_create", "update_or_create", "update", "delete", "explain",
)  # fmt: skip


def _watch_orm() -> None:
    _watch(SQLCompiler.execute_sql, _see_compiler, _of_orm)
    _watch(ForwardManyToOneDescriptor.__get__, _see_loader("forward"), _of_orm)
    _watch(ReverseOneToOneDescriptor.__get__, _see_loader("reverse_one"), _of_orm)
    _watch(DeferredAttribute.__get__, _see_loader("deferred"), _of_orm)
    _watch(Model.refresh_from_db, _see_refresh, _of_orm)
    _watch(query_module.prefetch_one_level, _see_prefetch_level, _of_orm)
    _watch(QuerySet._prefetch_related_objects, _see_declared, _of_orm)
    for name in _METHODS:
        _watch(getattr(QuerySet, name), _see_method(name), _of_orm)
    # The frame of iterator() itself is gone when the first row is read.
    _watch(QuerySet._iterator, _see_method("iterator"), _of_orm)


def _see_raw(frame: FrameType, access: Access) -> None:
    if access.compiler is None:
        access.compiler = frame.f_locals["self"]


def _watch_surroundings() -> None:
    from django.db.backends.base.base import BaseDatabaseWrapper

    _watch(RawQuery._execute_query, _see_raw, _of_orm)
    _watch(BaseDatabaseWrapper.connect, _see_connecting)
    _watch(Node.render_annotated, _node)
    _watch(BaseHandler._get_response, _stop)
    _watch(BaseHandler._get_response_async, _stop)


def _watch_generic_keys() -> None:
    fields = sys.modules["django.contrib.contenttypes.fields"]
    owner = getattr(fields, "GenericForeignKeyDescriptor", fields.GenericForeignKey)
    _watch(owner.__get__, _see_loader("generic"), _of_orm)
    for code in _inner_codes(fields.create_generic_related_manager.__code__):
        if code.co_qualname.endswith("GenericRelatedObjectManager.get_queryset"):
            watch_owner(code)


def _inner_codes(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from _inner_codes(inner)


def _watch_rest_framework() -> None:
    serializers = sys.modules["rest_framework.serializers"]
    _watch(serializers.Serializer.to_representation, _serializer_field)


def _watch_admin() -> None:
    admin_utils = sys.modules["django.contrib.admin.utils"]
    _watch(admin_utils.lookup_field, _admin_column)
    tags = sys.modules.get("django.contrib.admin.templatetags.admin_list")
    if tags is not None:
        _watch(tags.items_for_result, _admin_column)


def _watch_mysql() -> None:
    backend = sys.modules["django.db.backends.mysql.base"]
    _watch(backend.DatabaseWrapper.mysql_server_data.func, _see_connecting)


def _watch_celery() -> None:
    _watch(sys.modules["celery.app.trace"].build_tracer, _stop)


_WATCHERS = {
    "django.db.models": _watch_orm,
    "django.core.handlers.base": _watch_surroundings,
    "django.contrib.contenttypes.fields": _watch_generic_keys,
    "rest_framework.serializers": _watch_rest_framework,
    "django.contrib.admin.templatetags.admin_list": _watch_admin,
    "django.db.backends.mysql.base": _watch_mysql,
}


def prepare() -> None:
    """Learn the frames of the libraries that are loaded by now; cheap when nothing is new."""
    for name, watch in _WATCHERS.items():
        if name not in _seen_modules and name in sys.modules:
            _seen_modules.add(name)
            watch()
