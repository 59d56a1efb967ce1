"""A scope: it sees every statement of its context, and keeps just enough to explain it later."""

import re
import sys
from contextvars import Token
from time import perf_counter
from types import FrameType, TracebackType
from typing import Any
from weakref import WeakSet

from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionDoesNotExist
from django.db.backends.utils import CursorWrapper

from quell.conf import get_settings
from quell.guard import guarded
from quell.introspection.managers import condition_count, relation_name, variant_of
from quell.lineage._patches import Hooks, active, installation
from quell.lineage.alias import FetchAlias, FetchRecord
from quell.lineage.callpath import Access, CallPath, callers, collect, current_unit, walk

_TRANSACTION = re.compile(r"\s*(?:SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT|START|SET\s+TRANSACTION)\b", re.IGNORECASE)
# What nearly every statement begins with, and no transaction control does.
_USUAL = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ")


class RawEvent:
    """A statement as it was seen; turned into a ``QueryEvent`` when somebody looks."""

    __slots__ = ("alias", "call_path", "fetch", "many", "row_count", "seconds", "sql")

    def __init__(self, sql: str, alias: str, seconds: float, row_count: int, call_path: CallPath) -> None:
        self.sql = sql
        self.alias = alias
        self.seconds = seconds
        self.row_count = row_count
        self.call_path = call_path
        self.many = False
        self.fetch: FetchRecord | None = None


class Scope:
    """
    What one watch sees. It nests: statements go to every open scope of the context, outermost included.

    Cost: one call of quell per statement, one per evaluated queryset, none per row or attribute.
    """

    def __init__(self) -> None:
        self.events: list[RawEvent] = []
        self.dropped_count = 0
        self.is_open = False
        self.paths: dict[tuple[Any, ...], CallPath] = {}
        self._max_events = get_settings().max_events
        self._connections: WeakSet[BaseDatabaseWrapper] = WeakSet()
        self._token: Token[Hooks] | None = None

    def open(self) -> None:
        """Start watching this context."""
        installation.acquire()
        outer = active.get(None)
        observers = outer.observers if outer is not None else ()
        self.is_open = True
        self._token = active.set(Hooks((*observers, self)))
        # An alias that nobody used yet tells by the signal of its connection, and may lack its driver.
        for connection in connections.all(initialized_only=True):
            self._see(connection)

    def close(self) -> None:
        """Stop watching, and leave every connection as it was."""
        if self._token is None:
            return
        self.is_open = False
        active.reset(self._token)
        self._token = None
        for connection in tuple(self._connections):
            _remove(connection.execute_wrappers, self)
        self._connections.clear()
        installation.release()

    def switch_off(self) -> None:
        """Record nothing more: quell failed, and the application goes on."""
        self.is_open = False

    def see_alias(self, alias: str) -> None:
        """Watch the connection that this thread uses for an alias; of a wrong one Django complains, if it is used."""
        try:
            connection = connections[alias]
        except (ConnectionDoesNotExist, ImproperlyConfigured):
            return
        if connection not in self._connections:
            self._see(connection)

    def _see(self, connection: BaseDatabaseWrapper) -> None:
        if self not in connection.execute_wrappers:
            connection.execute_wrappers.append(self)
        self._connections.add(connection)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001
        """Run a statement and record it: this is the execute wrapper."""
        hooks = active.get(None)
        if not self.is_open or hooks is None or self not in hooks.observers:
            return execute(sql, params, many, context)
        start = perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            seconds = perf_counter() - start
            guarded(self.switch_off, None, self._record, sql, many, context, seconds, sys._getframe(1))

    def _record(self, sql: str, many: bool, context: dict[str, Any], seconds: float, frame: FrameType) -> None:  # noqa: FBT001
        sql = sql if type(sql) is str else _as_text(sql, context)
        if not sql.startswith(_USUAL) and _TRANSACTION.match(sql):
            return
        if len(self.events) >= self._max_events:
            self.dropped_count += 1
            return
        access = Access()
        frame = _below_wrappers(frame)
        key = walk(frame, access)
        if access.is_connecting:
            return
        path = self._path(key, frame)
        cursor, connection = context["cursor"], context["connection"]
        event = RawEvent(sql, connection.alias, seconds, _row_count(cursor), path)
        event.many = many
        self.events.append(event)
        using = getattr(access.compiler, "using", None)
        if type(using) is FetchAlias:
            event.fetch = using.fetch
            if not using.fetch.has_run:
                _explain(using.fetch, access, path, sql)

    def _path(self, key: list[Any], frame: FrameType) -> CallPath:
        key.append(current_unit.get())
        outer = callers()
        if outer:
            key.extend((id(item.code), item.lasti) for item in outer)
        wanted = tuple(key)
        path = self.paths.get(wanted)
        if path is None:
            path = self.paths[wanted] = self._new_path(frame)
        return path

    def _new_path(self, frame: FrameType) -> CallPath:
        """Return the path of a frame, which may be known by other offsets: see ``beginning_of()``."""
        frames = collect(frame)
        same = (current_unit.get(), *((id(item.code), item.lasti, item.note) for item in frames))
        return self.paths.setdefault(same, CallPath(frames))

    def __enter__(self) -> "Scope":
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_CURSOR_CODE = CursorWrapper._execute_with_wrappers.__code__  # type: ignore[attr-defined]  # a private method


def _below_wrappers(frame: FrameType) -> FrameType:
    """Skip the execute wrappers of others: they pass a statement on, and cause none."""
    outer: FrameType | None = frame
    while outer is not None:
        if outer.f_code is _CURSOR_CODE:
            return outer
        outer = outer.f_back
    return frame


def _remove(wrappers: list[Any], wrapper: object) -> None:
    for position, item in enumerate(wrappers):
        if item is wrapper:
            del wrappers[position]
            return


def _as_text(sql: Any, context: dict[str, Any]) -> str:
    """Return the text of a psycopg ``Composable``, or of bytes."""
    if isinstance(sql, bytes):
        return sql.decode(errors="replace")
    as_string = getattr(sql, "as_string", None)
    return str(as_string(context["connection"].connection) if as_string is not None else sql)


def _row_count(cursor: Any) -> int:
    # Django's wrapper would look the name up in Python.
    count = getattr(getattr(cursor, "cursor", cursor), "rowcount", -1)
    return count if isinstance(count, int) else -1


def _explain(fetch: FetchRecord, access: Access, path: CallPath, sql: str) -> None:
    """Fill in what only the frames of the running statement tell."""
    fetch.has_run = True
    fetch.call_path = path
    fetch.sql = sql
    fetch.method = access.method
    if access.peers is not None:
        _explain_prefetch(fetch, access)
    elif access.loader:
        fetch.ask(access.instance)
        fetch.hops = (access.field_name,)
        fetch.is_deferred = access.loader == "deferred"
        fetch.is_same_row = fetch.is_deferred
        fetch.method = ""
    elif access.is_refresh:
        fetch.ask(access.instance)
        fetch.is_same_row = True
    elif fetch.owner is not None:
        _explain_manager(fetch, access, path, sql)


def _explain_prefetch(fetch: FetchRecord, access: Access) -> None:
    instances = access.peers
    fetch.ask(instances[0])
    fetch.hops = access.level
    # Called by hand for one instance, it is a lazy load in disguise.
    fetch.is_prefetch = access.is_declared or len(instances) > 1
    fetch.method = ""


def _explain_manager(fetch: FetchRecord, access: Access, path: CallPath, sql: str) -> None:
    query = getattr(access.compiler, "query", None)
    if query is None or fetch.instance_model is None:
        fetch.parent = None
        return
    key = (sql, fetch.instance_model, fetch.known_fields)
    facts = path.facts.get(key)
    if facts is None:
        name = relation_name(fetch.instance_model, fetch.model, fetch.known_fields, query)
        own_conditions = condition_count(fetch.instance_model, name)
        variant = variant_of(query, fetch.method, fetch.model, own_conditions) if name else ()
        facts = path.facts[key] = (name, variant)
    name, fetch.variant = facts
    if name:
        fetch.hops = (name,)
    else:
        fetch.parent = None
        fetch.owner = None
