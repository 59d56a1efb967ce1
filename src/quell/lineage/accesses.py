"""What the frames of Django and its libraries tell: which ORM call ran a statement, and over what a loop walks."""

import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from asgiref.sync import SyncToAsync
from django.core.handlers.base import BaseHandler
from django.db.models import Model, QuerySet
from django.db.models import query as query_module
from django.db.models.fields import related_descriptors
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor, ReverseOneToOneDescriptor
from django.db.models.query_utils import DeferredAttribute
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.query import RawQuery
from django.template.base import Node

from quell.lineage.drivers import (
    admin_column,
    admin_form,
    admin_formset,
    admin_view,
    form_field,
    serializer_field,
)
from quell.lineage.originals import code_of, inner_codes, tolerant
from quell.lineage.sites import watch_owner, watch_view

STOP = object()


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
    is_threaded = False
    method = ""


Handler = Callable[[FrameType, Access], Any]
ALWAYS_ASKED: dict[int, Handler] = {}
# Asked only up to the user's code: what is further out ran something else that happened to need this statement.
# A text is the name of a queryset's method, which costs no call.
ASKED_OF_ORM: dict[int, Handler | str] = {}
# The code of libraries that loops over rows, by its address: its frame stays while what it calls comes and goes.
LOOPS: set[int] = set()
# What the walk knows about each code object by its address: whom to ask, if anybody.
ROLES: dict[int, Any] = {}
_kept: list[object] = []
_seen_modules: set[str] = set()


class _Learned:
    """How many modules were loaded when the libraries among them were looked for."""

    module_count = 0


learned = _Learned()


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


def _see_declared(frame: FrameType, access: Access) -> None:
    access.is_declared = True


def _see_connecting(frame: FrameType, access: Access) -> None:
    access.is_connecting = True


def _see_thread(frame: FrameType, access: Access) -> None:
    access.is_threaded = True


def stop(frame: FrameType, access: Access) -> object:
    """End the walk: the request, task or test begins here."""
    return STOP


def _view(frame: FrameType, access: Access) -> tuple[str, object]:
    # A view may be called without a request handler, as tests do.
    return "view", frame.f_locals.get("cls")


def _response(frame: FrameType, access: Access) -> tuple[str, object]:
    # Whoever calls a view by hand also renders its response, when the view is gone but for its context.
    context = frame.f_locals["self"].context_data
    view = context.get("view") if type(context) is dict else None
    # Not every response comes from a view of this module, nor is everything of that name one.
    views = sys.modules.get("django.views.generic.base")
    is_known = views is not None and isinstance(view, views.View)
    return ("view", type(view)) if is_known else ("response", None)


def _node(frame: FrameType, access: Access) -> Node:
    node: Node = frame.f_locals["self"]
    return node


def _watch(function: Any, handler: Any, handlers: dict[int, Any] = ALWAYS_ASKED) -> None:
    code, is_own = code_of(function)
    if code is not None:
        _remember(code, handler if is_own or isinstance(handler, str) else tolerant(handler), handlers)


def _remember(code: CodeType, handler: Handler | str, handlers: dict[int, Any]) -> None:
    handlers[id(code)] = handler
    _kept.append(code)
    ROLES.pop(id(code), None)


_METHODS = (
    "get", "count", "exists", "first", "last", "earliest", "latest", "aggregate", "contains", "in_bulk", "iterator",
    "get_or_create", "update_or_create", "update", "delete", "explain",
)  # fmt: skip


def _watch_orm() -> None:
    _watch(SQLCompiler.execute_sql, _see_compiler, ASKED_OF_ORM)
    _watch(ForwardManyToOneDescriptor.__get__, _see_loader("forward"), ASKED_OF_ORM)
    _watch(ReverseOneToOneDescriptor.__get__, _see_loader("reverse_one"), ASKED_OF_ORM)
    _watch(DeferredAttribute.__get__, _see_loader("deferred"), ASKED_OF_ORM)
    _watch(Model.refresh_from_db, _see_refresh, ASKED_OF_ORM)
    _watch(query_module.prefetch_one_level, _see_prefetch_level, ASKED_OF_ORM)
    # The stubs know none of these private methods.
    _watch(QuerySet._prefetch_related_objects, _see_declared, ASKED_OF_ORM)  # type: ignore[attr-defined]
    for name in _METHODS:
        _watch(getattr(QuerySet, name), name, ASKED_OF_ORM)
    _watch_inner(
        related_descriptors.create_reverse_many_to_one_manager, "Manager.set", "set"
    )  # what it reads, it reads to write
    _watch_inner(
        related_descriptors.create_forward_many_to_many_manager, "Manager.set", "set"
    )  # what it reads, it reads to write
    # The frame of iterator() is gone when the first row is read, and that of aiterator() waits in another thread.
    _watch(QuerySet._iterator, "iterator", ASKED_OF_ORM)  # type: ignore[attr-defined]
    for code in inner_codes(query_module.BaseIterable.__dict__["_async_generator"]):
        _remember(code, "iterator", ASKED_OF_ORM)


def _watch_surroundings() -> None:
    from django.db.backends.base.base import BaseDatabaseWrapper

    # The stubs know none of these private methods.
    _watch(RawQuery._execute_query, _see_compiler, ASKED_OF_ORM)  # type: ignore[attr-defined]
    _watch(BaseDatabaseWrapper.connect, _see_connecting)
    _watch(SyncToAsync.thread_handler, _see_thread, ASKED_OF_ORM)
    _watch(Node.render_annotated, _node)
    _watch(BaseHandler._get_response, stop)  # type: ignore[attr-defined]
    _watch(BaseHandler._get_response_async, stop)  # type: ignore[attr-defined]


def _watch_generic_keys() -> None:
    fields = sys.modules["django.contrib.contenttypes.fields"]
    owner = getattr(fields, "GenericForeignKeyDescriptor", fields.GenericForeignKey)
    _watch(owner.__get__, _see_loader("generic"), ASKED_OF_ORM)
    for code in inner_codes(fields.create_generic_related_manager):
        if code.co_qualname.endswith("GenericRelatedObjectManager.get_queryset"):
            watch_owner(code)
    _watch_inner(
        fields.create_generic_related_manager, "Manager.set", "set"
    )  # what it reads, it reads to write


def _watch_inner(function: Any, ending: str, handler: Any, handlers: dict[int, Any] = ASKED_OF_ORM) -> None:
    """Learn the frames of what a function makes."""
    for code in inner_codes(function):
        if code.co_qualname.endswith(ending):
            _remember(code, handler, handlers)


def _watch_loop(function: Any) -> None:
    code, _ = code_of(function)
    if code is not None:
        LOOPS.add(id(code))
        _kept.append(code)


def _watch_templates() -> None:
    _watch_loop(sys.modules["django.template.defaulttags"].ForNode.render)


def _watch_view(function: Any) -> None:
    for code in inner_codes(function):
        if code.co_qualname.endswith("as_view.<locals>.view"):
            _remember(code, _view, ALWAYS_ASKED)
            watch_view(code)


def _watch_responses() -> None:
    response = sys.modules["django.template.response"].SimpleTemplateResponse
    _watch(response.rendered_content.fget, _response)


def _watch_views() -> None:
    view = sys.modules["django.views.generic.base"].View
    _watch_view(view.as_view.__func__)


def _watch_viewsets() -> None:
    mixin = sys.modules["rest_framework.viewsets"].ViewSetMixin
    _watch_view(mixin.as_view.__func__)


def _watch_rest_framework() -> None:
    serializers = sys.modules["rest_framework.serializers"]
    _watch_loop(serializers.ListSerializer.to_representation)
    _watch(serializers.Serializer.to_representation, serializer_field)


def _watch_admin() -> None:
    admin_utils = sys.modules["django.contrib.admin.utils"]
    _watch(admin_utils.lookup_field, admin_column)
    tags = sys.modules.get("django.contrib.admin.templatetags.admin_list")
    if tags is not None:
        _watch(tags.items_for_result, admin_column)


def _watch_forms() -> None:
    _watch(sys.modules["django.forms.boundfield"].BoundField.as_widget, form_field)


def _watch_admin_forms() -> None:
    _watch(sys.modules["django.template.loader_tags"].IncludeNode.render, admin_form)
    admin = sys.modules["django.contrib.admin.options"]
    for name in ("_changeform_view", "_delete_view"):
        _watch(getattr(admin.ModelAdmin, name), admin_view)
    formset = admin.helpers.InlineAdminFormSet
    # Asked for its media, a formset builds all forms, and they read their many-to-many relations.
    for function in (formset.media.fget, formset.__iter__):
        _watch(function, admin_formset)


def _watch_mysql() -> None:
    backend = sys.modules["django.db.backends.mysql.base"]
    _watch(backend.DatabaseWrapper.mysql_server_data.func, _see_connecting)


_WATCHERS = {
    "django.db.models": _watch_orm,
    "django.core.handlers.base": _watch_surroundings,
    "django.contrib.contenttypes.fields": _watch_generic_keys,
    "django.views.generic.base": _watch_views,
    "django.template.defaulttags": _watch_templates,
    "django.template.response": _watch_responses,
    "rest_framework.serializers": _watch_rest_framework,
    "rest_framework.viewsets": _watch_viewsets,
    "django.contrib.admin.templatetags.admin_list": _watch_admin,
    "django.contrib.admin.options": _watch_admin_forms,
    "django.forms.boundfield": _watch_forms,
    "django.db.backends.mysql.base": _watch_mysql,
}


def prepare() -> None:
    """Learn the frames of the libraries that are loaded by now; cheap when nothing is new."""
    learned.module_count = len(sys.modules)
    for name, watch in _WATCHERS.items():
        if name not in _seen_modules and name in sys.modules:
            _seen_modules.add(name)
            watch()
