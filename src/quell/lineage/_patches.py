"""
The only place that patches Django, asgiref and the standard library.

Everything here is reversible, installed while a scope is open, and does nothing for code outside of a scope:
See Note [Dispatch in C].
"""

import asyncio
import os
import threading
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from asgiref.sync import SyncToAsync
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from django.db.models import Model
from django.db.models import query as query_module
from django.db.models.query import ModelIterable, QuerySet, RawQuerySet
from django.db.models.sql.query import Query

from quell.guard import guarded
from quell.introspection.columns import columns_of
from quell.lineage import libraries, profiling
from quell.lineage._dispatch import by_context
from quell.lineage._patching import Installation, Patch
from quell.lineage.alias import FetchAlias, plain_alias
from quell.lineage.answering import Answerer, answer_iterator, answer_rows, answer_value, answering
from quell.lineage.breaks import break_at, break_at_copy, wrap_break
from quell.lineage.hooks import Hooks, active, stand_in_front_of
from quell.lineage.recording import RecordingColumn, RecordingKey, RecordingName
from quell.lineage.requests import wrap_get_response, wrap_get_response_async
from quell.lineage.threads import wrap_call_in_thread, wrap_create_task, wrap_start, wrap_submit


def _with_recording_query(module: types.ModuleType) -> types.SimpleNamespace:
    """Return the namespace ``django.db.models.sql`` as ``query.py`` sees it, with another ``Query``."""
    return types.SimpleNamespace(**{**vars(module), "Query": by_context(active, "make_query", Query)})


PATCHES = (
    Patch(
        QuerySet,
        "db",
        lambda prop: property(stand_in_front_of("queryset_db", prop.fget), doc=prop.__doc__),
    ),
    Patch(
        RawQuerySet,
        "db",
        lambda prop: property(stand_in_front_of("raw_db", prop.fget), doc=prop.__doc__),
    ),
    Patch(query_module, "sql", _with_recording_query),
    Patch(query_module, "get_related_populators", partial(stand_in_front_of, "populators")),
    Patch(query_module, "prefetch_one_level", partial(stand_in_front_of, "prefetch_one_level")),
    Patch(ThreadPoolExecutor, "submit", wrap_submit),
    Patch(threading.Thread, "start", wrap_start),
    Patch(SyncToAsync, "__call__", wrap_call_in_thread),
    Patch(asyncio.BaseEventLoop, "create_task", wrap_create_task),
    Patch(BaseHandler, "get_response", wrap_get_response),
    Patch(BaseHandler, "get_response_async", wrap_get_response_async),
    # Who makes a request calls a view next: two calls of a view by hand are two requests.
    Patch(WSGIRequest, "__init__", wrap_break),
    Patch(BaseDatabaseWrapper, "rollback", wrap_break),
    Patch(BaseDatabaseWrapper, "savepoint_rollback", wrap_break),
    Patch(CursorWrapper, "callproc", wrap_break),
    # COPY runs past Django, whose cursor hands out these methods of the driver's as they are.
    *(
        Patch(CursorWrapper, name, partial(break_at, name), is_addition=True)
        for name in ("copy", "copy_expert", "copy_from")
    ),
    Patch(CursorDebugWrapper, "debug_sql", break_at_copy),
)


def _see_connection(*, connection: Any, **_: object) -> None:
    # A thread may open its first connection for a row with lineage, also long after the scope of the row.
    if type(connection.alias) is FetchAlias:
        _make_plain(connection)
    hooks = active.get(None)
    if hooks is not None:
        guarded(hooks.switch_off, None, _show_connection, hooks, connection)


def _show_connection(hooks: Hooks, connection: Any) -> None:
    # The connection of the signal need not be the one of its alias: Django also makes some for a single use.
    for observer in hooks.observers:
        observer.see_connection(connection)


def _make_plain(connection: Any) -> None:
    from django.db import connections

    connection.alias = alias = plain_alias(connection.alias)
    if alias in connections and connections[alias] is connection:
        # The key has to be replaced, too; setting an equal one keeps the old.
        del connections[alias]
        connections[alias] = connection


ANSWER_PATCHES = (
    Patch(QuerySet, "_fetch_all", answer_rows),
    Patch(QuerySet, "count", answer_value("count")),
    Patch(QuerySet, "exists", answer_value("exists")),
    Patch(QuerySet, "iterator", answer_iterator),
)


# Only while a profile runs.
PROFILE_PATCHES = (
    Patch(ModelIterable, "__iter__", profiling.wrap_rows),
    Patch(Model, "__reduce__", profiling.wrap_reduce),
)


class _Recorders:
    """The attributes of model classes that note reads while a profile runs."""

    def __init__(self) -> None:
        self._renew_lock()
        self.holders = 0
        self.key_holders = 0
        self._columns: dict[tuple[type[Model], str], Patch] = {}
        self._names: dict[tuple[type[Model], str], RecordingName] = {}
        self._seen: set[type[Model]] = set()
        os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self) -> None:
        # In a process that was forked, a thread that is not there may hold the old one.
        self.lock = threading.RLock()

    def acquire(self) -> None:
        """Install what a profile needs, for one more of them."""
        with self.lock:
            if not self.holders:
                for patch in PROFILE_PATCHES:
                    patch.install()
            self.holders += 1

    def release(self) -> None:
        """Take everything off after the last profile."""
        with self.lock:
            self.holders -= 1
            if self.holders:
                return
            for patch in (*PROFILE_PATCHES, *self._columns.values()):
                patch.uninstall()
            for (model, name), recorder in self._names.items():
                if model.__dict__.get(name) is recorder:
                    delattr(model, name)
            self._columns.clear()
            self._names.clear()
            self._seen.clear()

    @contextmanager
    def with_keys(self) -> Iterator[None]:
        """Let foreign keys note their reads, too, for the profiles that begin inside."""
        with self.lock:
            self.key_holders += 1
            self._seen.clear()
        try:
            yield
        finally:
            with self.lock:
                self.key_holders -= 1

    def columns(self, model: type[Model]) -> None:
        """Let the columns of a model note their reads."""
        if model in self._seen:
            return
        with self.lock:
            if not self.holders:
                return
            for column in columns_of(model):
                self._record(column.owner, column.name, RecordingColumn)
                if self.key_holders:
                    self._record(column.key_owner, column.name, RecordingKey)
            self._seen.add(model)

    def _record(self, owner: type[Model] | None, name: str, kind: type[RecordingColumn]) -> None:
        if owner is not None and (owner, name) not in self._columns:
            patch = self._columns[owner, name] = Patch(owner, name, kind)
            patch.install()

    def name(self, model: type[Model], name: str) -> bool:
        """Let an attribute that a prefetch fills note its reads; return whether it does."""
        with self.lock:
            if (model, name) in self._names:
                return True
            if not self.holders or any(name in cls.__dict__ for cls in model.__mro__):
                # A property of the class, or a default: theirs to answer.
                return any((cls, name) in self._names for cls in model.__mro__)
            self._names[model, name] = recorder = RecordingName(name)
            setattr(model, name, recorder)
            return True


recorders = _Recorders()
profiling.recorded.columns = recorders.columns
profiling.recorded.name = recorders.name


@contextmanager
def answers_from(answerer: Answerer) -> Iterator[None]:
    """Let an answerer stand in for the database in this context; it can ask querysets who built them."""
    with installation.lock:
        for patch in ANSWER_PATCHES:
            patch.install()
        installation.answerers += 1
    installation.acquire()
    hooks = active.get(None)
    tokens = answering.set(answerer), active.set(hooks if hooks is not None else Hooks(()))
    try:
        yield
    finally:
        answering.reset(tokens[0])
        active.reset(tokens[1])
        installation.release()
        with installation.lock:
            installation.answerers -= 1
            if not installation.answerers:
                for patch in ANSWER_PATCHES:
                    patch.uninstall()


class _Installation(Installation):
    """How many scopes need the hooks, over all threads."""

    def __init__(self) -> None:
        super().__init__()
        self.answerers = 0

    def acquire(self) -> None:
        """Install the hooks for one more scope."""
        with self.lock:
            libraries.prepare()
            super().acquire()

    def _install(self) -> None:
        # It stays connected: rows outlive their scope.
        connection_created.connect(_see_connection, dispatch_uid="quell.lineage")
        try:
            for patch in PATCHES:
                patch.install()
        except BaseException:
            self._uninstall()
            raise

    def _uninstall(self) -> None:
        for patch in PATCHES:
            patch.uninstall()


installation = _Installation()
