"""
The code of others that quell's hooks rely on, by the hash of its source.

Usage: ``DJANGO_SETTINGS_MODULE=tests.settings python -m tests.lineage.upstream`` records what is installed.
Do so only after reading what changed: the record says "somebody looked at this, and the hooks are right".
"""

import inspect
import json
import sys
from collections.abc import Callable, Iterable
from hashlib import sha256
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import django

RECORD = Path(__file__).parent / "upstream.json"

_QUERY_METHODS = (
    "db", "_fetch_all", "_iterator", "_prefetch_related_objects", "iterator", "get", "count", "exists",
    "first", "last", "earliest", "latest", "aggregate", "contains", "in_bulk", "get_or_create",
    "aiterator", "update_or_create", "update", "delete", "explain", "create", "_insert", "using", "__getstate__",
    "__deepcopy__",
)  # fmt: skip

DJANGO: dict[str, tuple[str, ...]] = {
    "django.db.models.query": (
        *(f"QuerySet.{name}" for name in ("__init__", "query", "_clone", *_QUERY_METHODS)),
        "RawQuerySet.db", "RawQuerySet._fetch_all", "RawQuerySet.iterator", "RawQuerySet.__init__",
        "ModelIterable.__iter__", "RawModelIterable.__iter__", "RelatedPopulator", "get_related_populators",
        "prefetch_one_level", "prefetch_related_objects",
    ),
    "django.db.models.sql.query": (
        "Query.__init__", "Query.clone", "Query.get_aggregation", "Query.exists", "Query.get_count",
        "RawQuery._execute_query", "Query.get_select_mask", "Query._get_only_select_mask",
        "Query._get_defer_select_mask", "Query.add_immediate_loading",
    ),
    "django.db.models.sql.compiler": (
        "SQLCompiler.__init__", "SQLCompiler.execute_sql", "SQLCompiler.as_sql", "SQLCompiler.pre_sql_setup",
        "SQLCompiler.setup_query", "SQLCompiler.get_extra_select", "SQLCompiler.get_group_by",
        "SQLCompiler.get_order_by", "SQLCompiler.get_converters", "SQLCompiler.has_results",
        "SQLCompiler.results_iter", "SQLAggregateCompiler",
    ),
    "django.db.models.lookups": ("Exact", "In", "FieldGetDbPrepValueMixin", "FieldGetDbPrepValueIterableMixin"),
    "django.db.models.fields.related_lookups": (
        "RelatedExact", "RelatedIn", "RelatedLookupMixin.get_prep_lookup", "get_normalized_value",
    ),
    "django.db.models.expressions": ("Col", "Ref", "BaseExpression.select_format"),
    "django.db.models.base": (
        "ModelState", "Model.from_db", "Model.refresh_from_db", "Model.__getstate__", "Model.__reduce__",
        "Model.__init__", "Model._prepare_related_fields_for_save", "Model.save", "Model.delete",
        "Model.get_deferred_fields",
    ),
    "django.db.models.deletion": ("Collector.collect",),
    "django.db.models.query_utils": (
        "DeferredAttribute.__init__", "DeferredAttribute.__get__", "DeferredAttribute._check_parent_chain",
        "select_related_descend",
    ),
    "django.db.models.fields.mixins": ("FieldCacheMixin",),
    "django.db.models.manager": ("BaseManager.get_queryset", "BaseManager._get_queryset_methods"),
    "django.db.models.fields.related_descriptors": (
        "ForwardManyToOneDescriptor.__get__", "ForwardManyToOneDescriptor.get_queryset",
        "ReverseOneToOneDescriptor.__get__", "ReverseOneToOneDescriptor.get_queryset",
        "ForwardManyToOneDescriptor.get_object", "ForwardManyToOneDescriptor.get_prefetch_querysets",
        "ReverseOneToOneDescriptor.get_prefetch_querysets", "ReverseManyToOneDescriptor.__get__",
        "create_reverse_many_to_one_manager", "create_forward_many_to_many_manager",
        "_filter_prefetch_queryset",
    ),
    "django.contrib.contenttypes.models": ("ContentType.get_object_for_this_type",),
    "django.contrib.contenttypes.fields": (
        "GenericForeignKey", "GenericForeignKeyDescriptor", "ReverseGenericManyToOneDescriptor",
        "create_generic_related_manager",
    ),
    "django.db.backends.base.base": (
        "BaseDatabaseWrapper.__init__", "BaseDatabaseWrapper.connect", "BaseDatabaseWrapper.execute_wrapper",
        "BaseDatabaseWrapper.make_cursor", "BaseDatabaseWrapper.make_debug_cursor",
        "BaseDatabaseWrapper.rollback", "BaseDatabaseWrapper.savepoint_rollback", "BaseDatabaseWrapper.commit",
        "BaseDatabaseWrapper.set_autocommit", "BaseDatabaseWrapper.on_commit",
        "BaseDatabaseWrapper.run_and_clear_commit_hooks", "BaseDatabaseWrapper.close",
    ),
    "django.db.transaction": ("Atomic", "mark_for_rollback_on_error"),
    "django.db.backends.utils": (
        "CursorWrapper.__init__", "CursorWrapper.__getattr__", "CursorWrapper._execute_with_wrappers",
        "CursorWrapper.execute", "CursorWrapper.executemany", "CursorWrapper.callproc", "CursorDebugWrapper",
    ),
    "django.utils.connection": ("BaseConnectionHandler",),
    "django.core.handlers.wsgi": ("WSGIRequest.__init__",),
    "django.core.handlers.base": (
        "BaseHandler.get_response", "BaseHandler.get_response_async", "BaseHandler._get_response",
        "BaseHandler._get_response_async",
    ),
    "django.dispatch.dispatcher": (
        "Signal._live_receivers", "Signal.has_listeners", "Signal.send_robust", "Signal.asend_robust",
    ),
    "django.template.base": ("Node.render_annotated",),
    "django.contrib.admin.utils": ("lookup_field",),
    "django.contrib.admin.templatetags.admin_list": ("items_for_result",),
}  # fmt: skip
ASGIREF: dict[str, tuple[str, ...]] = {
    "asgiref.sync": ("SyncToAsync", "AsyncToSync.__call__", "ThreadSensitiveContext", "_restore_context"),
}
PYTHON: dict[str, tuple[str, ...]] = {
    "concurrent.futures.thread": ("ThreadPoolExecutor.submit", "ThreadPoolExecutor._adjust_thread_count"),
    "concurrent.futures._base": ("Executor.map",),
    "threading": ("Thread.start", "Thread.run", "Thread._bootstrap_inner"),
    "asyncio.base_events": ("BaseEventLoop.create_task",),
    "asyncio.events": ("Handle._run",),
}


def version_keys() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return what is relied on of each installed package, by package and version."""
    asgiref = ".".join(metadata.version("asgiref").split(".")[:2])
    return {
        f"django {django.VERSION[0]}.{django.VERSION[1]}": DJANGO,
        f"asgiref {asgiref}": ASGIREF,
        f"python {sys.version_info[0]}.{sys.version_info[1]}": PYTHON,
    }


def hashes(symbols: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the hash of the source of each symbol; that of one which is gone is empty."""
    return {
        f"{module}.{name}": _hash(module, name.split("."))
        for module, names in symbols.items()
        for name in names
    }


def _hash(module: str, names: Iterable[str]) -> str:
    found: Any = import_module(module)
    for name in names:
        found = inspect.getattr_static(found, name, None)
        if found is None:
            return ""
    source: Callable[..., object] = getattr(found, "fget", None) or getattr(found, "__func__", None) or found
    return sha256(inspect.getsource(source).encode()).hexdigest()[:16]


def recorded() -> dict[str, dict[str, str]]:
    """Return the hashes of every version that somebody looked at."""
    known: dict[str, dict[str, str]] = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return known


def write() -> None:
    """Record what is installed."""
    known = recorded() | {key: hashes(symbols) for key, symbols in version_keys().items()}
    RECORD.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    django.setup()
    write()
