"""A scope: it sees every statement of its context, and keeps just enough to explain it later."""

import re
import sys
from collections.abc import Hashable
from threading import get_ident
from time import perf_counter
from types import FrameType, TracebackType
from typing import Any, NamedTuple
from weakref import ref

from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.utils.connection import ConnectionDoesNotExist

from quell.capture.connecting import detach, open_connections
from quell.capture.explaining import explain
from quell.capture.hashing import hashes_of
from quell.capture.loops import Surroundings, surroundings_of
from quell.capture.transactions import TransactionLog
from quell.conf import get_settings
from quell.events import Pattern
from quell.guard import ends_here
from quell.lineage import _patches_effects
from quell.lineage._patches import installation, recorders
from quell.lineage.accesses import Access
from quell.lineage.alias import FetchRecord
from quell.lineage.callpath import CallPath, Route, current_unit
from quell.lineage.hooks import Hooks, active, enter, leave
from quell.lineage.ignoring import ignored
from quell.lineage.ownthread import own
from quell.lineage.shortcuts import Statement, fetch_of, new_statement, statements
from quell.lineage.usage import Profile
from quell.lineage.walking import route_of, walk

_TRANSACTION = re.compile(
    r"\s*(?:(ROLLBACK)|SAVEPOINT|RELEASE|BEGIN|COMMIT|START|SET\s+TRANSACTION)\b", re.IGNORECASE
)
# What nearly every statement begins with, and no transaction control does.
_USUAL = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ")


class RawEvent(NamedTuple):
    """A statement as it was seen; turned into a ``QueryEvent`` when somebody looks."""

    sql: str
    alias: str
    start: float  # seconds since the scope was opened
    seconds: float
    row_count: int
    call_path: CallPath
    many: bool
    params_hash: int
    fetch: FetchRecord | None
    ignored: tuple[Pattern, ...]
    value_hashes: tuple[int, ...]


class Scope:
    """
    What one watch sees. It nests: statements go to every open scope of the context, outermost included.

    Args:
        is_profiling: Whether to measure what was loaded, and what of it is used.
        sees_transactions: Whether to note transactions, and what happens in them.

    Cost: one call of quell per statement, one per evaluated queryset, none per row or attribute; a profile costs
    some per row and per attribute.
    """

    def __init__(self, *, is_profiling: bool = False, sees_transactions: bool = False) -> None:
        # The values of each RawEvent: a plain tuple is made by one instruction, and a RawEvent by a call.
        self.facts: list[tuple[Any, ...]] = []
        # How many statements had run at each moment that may have changed what they read.
        self.breaks: list[int] = []
        self.dropped_count = 0
        self.is_open = False
        self.is_entered = False
        self.is_outermost = False
        self.has_failed = False
        self.paths: dict[tuple[Route, int], CallPath] = {}
        self._numbers: dict[Hashable, int] = {}
        self._surroundings: Surroundings = {}
        self._max_events = get_settings().max_events
        self.profile = Profile(self._max_events) if is_profiling else None
        self.witness = TransactionLog(self._max_events, self._numbers) if sees_transactions else None
        # Each with its thread; a list, as several threads add to it.
        self._connections: list[tuple[int, ref[BaseDatabaseWrapper]]] = []
        self._started = perf_counter()

    @property
    def event_count(self) -> int:
        """How many statements it has recorded."""
        return len(self.facts)

    @property
    def version(self) -> int:
        """What changes with everything that it notes."""
        return len(self.facts) + (self.witness.count if self.witness is not None else 0)

    def events_from(self, start: int = 0) -> tuple[RawEvent, ...]:
        """Return what was recorded so far, in order of execution."""
        return tuple(map(RawEvent._make, self.facts[start:]))

    def open(self) -> None:
        """Start watching this context."""
        installation.acquire()
        if self.profile is not None:
            recorders.acquire()
        if self.witness is not None:
            _patches_effects.installation.acquire()
        self.is_entered = self.is_open = True
        self._started = perf_counter()
        self._surroundings = surroundings_of(sys._getframe(1))
        try:
            self.is_outermost = not enter(self)
            for connection in open_connections():
                self.see_connection(connection)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop watching, and leave every connection as it was."""
        if not self.is_entered:
            return
        self.is_entered = self.is_open = False
        try:
            leave(self)
            for thread, reference in tuple(self._connections):
                connection = reference()
                if connection is not None:
                    detach(connection, self, is_own=thread == get_ident())
            self._connections.clear()
        finally:
            if self.witness is not None:
                _patches_effects.installation.release()
            if self.profile is not None:
                recorders.release()
            installation.release()

    def switch_off(self) -> bool:
        """Record nothing more, because quell failed; tell whether this is the first failure."""
        is_first = not self.has_failed
        self.has_failed = True
        self.is_open = False
        return is_first

    def see_alias(self, alias: str) -> None:
        """Watch the connection that this thread uses for an alias; of a wrong one Django complains, if it is used."""
        try:
            connection = connections[alias]
        except (ConnectionDoesNotExist, ImproperlyConfigured):
            return
        self.see_connection(connection)

    def see_connection(self, connection: BaseDatabaseWrapper) -> None:
        """Watch a connection of this thread."""
        if self.is_open and self not in connection.execute_wrappers:
            # In front of the others: Django takes a wrapper off by its position, which is the last.
            connection.execute_wrappers.insert(0, self)
            self._connections.append((get_ident(), ref(connection)))

    def see_break(self) -> None:
        """Note that from now on the same statement may have another answer: see ``lineage.breaks``."""
        position = len(self.facts)
        if self.is_open and self.breaks[-1:] != [position]:
            self.breaks.append(position)

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
            try:
                if self.witness is not None:
                    self.witness.see_statement(context["connection"], seconds)
                self._record(sql, params, many, context, start, seconds, hooks)
            except Exception:
                if not ends_here(self.switch_off):
                    raise

    def _record(  # Positional all the way, as Django calls an execute wrapper.
        self,
        sql: Any,
        params: Any,
        many: bool,  # noqa: FBT001
        context: dict[str, Any],
        start: float,
        seconds: float,
        hooks: Hooks,
    ) -> None:
        statement = statements.get(sql) if type(sql) is str else None
        if statement is None or len(self.facts) >= self._max_events:
            statement = self._new_statement(sql, context)
            if statement is None:
                return
        pending = (hooks.states.get(own.key) or hooks.state()).pending
        found = statement.recall(pending, self) or self._walk(statement, pending)
        if found is None:
            return
        path, fetch, access = found
        text = statement.text
        if access is not None and fetch is not None and not fetch.has_run:
            explain(fetch, access, path, text)
        cursor = context["cursor"]
        # Django's wrapper would look the name up in Python.
        row_count = getattr(getattr(cursor, "cursor", cursor), "rowcount", -1)
        alias = context["connection"].alias
        number, values = hashes_of(text, params)
        # Complete before it can be seen: another thread may be reading.
        begun = start - self._started
        self.facts.append(
            (text, alias, begun, seconds, row_count, path, many, number, fetch, ignored.get(), values)
        )

    def _new_statement(self, sql: Any, context: dict[str, Any]) -> Statement | None:
        """Return a statement that the process does not know yet, ``None`` for what is not recorded."""
        text = sql if type(sql) is str else _as_text(sql, context)
        if not text.startswith(_USUAL) and (control := _TRANSACTION.match(text)):
            if control[1]:
                self.see_break()
            return None
        if len(self.facts) >= self._max_events:
            self.dropped_count += 1
            return None
        return new_statement(text)

    def _walk(
        self, statement: Statement, pending: FetchRecord | None
    ) -> tuple[CallPath, FetchRecord | None, Access | None] | None:
        """Return what all frames tell, or ``None`` for what a new connection asks by itself."""
        # That of the cursor lies behind _record() and __call__().
        frame = _below_wrappers(sys._getframe(3))
        access = Access()
        key = walk(frame, access)
        if access.is_connecting:
            return None
        route = route_of(key, frame, by_marks=not access.is_threaded)
        path = self.path_of(route)
        fetch = fetch_of(access)
        if fetch is not None and not fetch.has_run:
            explain(fetch, access, path, statement.text)
        statement.learn(frame, access, route, fetch, pending)
        return path, fetch, None

    def path_of(self, route: Route) -> CallPath:
        """Return the path of a route, which is another one in each request."""
        key = route, current_unit.get()
        path = self.paths.get(key)
        if path is None:
            path = self.paths[key] = CallPath(route, self._numbers, self._surroundings)
        return path

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
    if frame.f_code is _CURSOR_CODE:
        return frame
    outer: FrameType | None = frame
    while outer is not None:
        if outer.f_code is _CURSOR_CODE:
            return outer
        outer = outer.f_back
    return frame


def _as_text(sql: Any, context: dict[str, Any]) -> str:
    """Return the text of a psycopg ``Composable``, or of bytes."""
    if isinstance(sql, bytes):
        return sql.decode(errors="replace")
    as_string = getattr(sql, "as_string", None)
    return str(as_string(context["connection"].connection) if as_string is not None else sql)
