"""Which code of Django and its libraries the walk asks, or knows as a loop; learnt as their modules are loaded."""

import sys
from types import CodeType
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

from quell.lineage.accesses import (
    ALWAYS_ASKED,
    ASKED_OF_ORM,
    LOOPS,
    ROLES,
    Handler,
    see_compiler,
    see_connecting,
    see_declared,
    see_loader,
    see_prefetch_level,
    see_refresh,
    see_response,
    see_thread,
    see_view,
    stop,
)
from quell.lineage.drivers import (
    admin_column,
    admin_form,
    admin_formset,
    admin_view,
    form_field,
    serializer_field,
    template_node,
)
from quell.lineage.originals import code_of, inner_codes, tolerant
from quell.lineage.sites import watch_owner, watch_view

_kept: list[object] = []
_seen_modules: set[str] = set()


class _Learned:
    """How many modules were loaded when the libraries among them were looked for."""

    module_count = 0


learned = _Learned()


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
    _watch(SQLCompiler.execute_sql, see_compiler, ASKED_OF_ORM)
    _watch(ForwardManyToOneDescriptor.__get__, see_loader("forward"), ASKED_OF_ORM)
    _watch(ReverseOneToOneDescriptor.__get__, see_loader("reverse_one"), ASKED_OF_ORM)
    _watch(DeferredAttribute.__get__, see_loader("deferred"), ASKED_OF_ORM)
    _watch(Model.refresh_from_db, see_refresh, ASKED_OF_ORM)
    _watch(query_module.prefetch_one_level, see_prefetch_level, ASKED_OF_ORM)
    # The stubs know none of these private methods.
    _watch(QuerySet._prefetch_related_objects, see_declared, ASKED_OF_ORM)  # type: ignore[attr-defined]
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
    _watch(RawQuery._execute_query, see_compiler, ASKED_OF_ORM)  # type: ignore[attr-defined]
    _watch(BaseDatabaseWrapper.connect, see_connecting)
    _watch(SyncToAsync.thread_handler, see_thread, ASKED_OF_ORM)
    _watch(Node.render_annotated, template_node)
    _watch(BaseHandler._get_response, stop)  # type: ignore[attr-defined]
    _watch(BaseHandler._get_response_async, stop)  # type: ignore[attr-defined]


def _watch_generic_keys() -> None:
    fields = sys.modules["django.contrib.contenttypes.fields"]
    owner = getattr(fields, "GenericForeignKeyDescriptor", fields.GenericForeignKey)
    _watch(owner.__get__, see_loader("generic"), ASKED_OF_ORM)
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
            _remember(code, see_view, ALWAYS_ASKED)
            watch_view(code)


def _watch_responses() -> None:
    response = sys.modules["django.template.response"].SimpleTemplateResponse
    _watch(response.rendered_content.fget, see_response)


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
    _watch(backend.DatabaseWrapper.mysql_server_data.func, see_connecting)


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
