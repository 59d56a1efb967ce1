"""What a scope notes of transactions, and of what happens in them that a rollback does not take back."""

from asyncio import Handle
from collections.abc import Hashable
from time import perf_counter
from types import FrameType
from typing import Any

from django.db.transaction import Atomic

from quell.capture.connecting import open_connections
from quell.capture.places import trigger_of
from quell.events import EffectKind, SideEffect, TransactionEvent
from quell.lineage.callpath import CallPath, Frame, Route, collect
from quell.lineage.ignoring import ignored
from quell.lineage.usercode import is_user_code
from quell.services.blocks import is_open, real_blocks
from quell.services.current import current_session
from quell.services.origins import Origin, origin_at, origin_of

_LOOP_CODE = Handle._run.__code__
MIN_SLEEP_SECONDS = 0.1  # a shorter one holds no lock for long
# What these do by themselves is no code of the user's to change: databases, telemetry, what asks the system.
_SILENT = (
    "django.contrib.sessions", "django.db.backends", "django.middleware.cache", "django.templatetags.cache",
    "django.utils.cache", "django.views.decorators.cache", "rest_framework.throttling",
    "ddtrace", "logging", "newrelic", "opentelemetry", "sentry_sdk", "statsd",
    "ctypes", "platform", "uuid",
)  # fmt: skip
# Clients whose connections are told of by what they send, or that may only read.
_CLIENTS = (
    "http", "httpcore", "httpx", "requests", "smtplib", "urllib", "urllib3",
    "MySQLdb", "asyncpg", "memcache", "oracledb", "psycopg", "pymemcache", "pymysql", "redis",
)  # fmt: skip


class _Open:
    """A transaction that has begun."""

    __slots__ = ("began", "ignored", "origin", "query_count", "statement_seconds")

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.ignored = ignored.get()
        self.began = perf_counter()
        self.statement_seconds = 0.0
        self.query_count = 0


class TransactionLog:
    """The transactions of a scope, and their side effects; at most ``limit`` of each are kept."""

    def __init__(self, limit: int, numbers: dict[Hashable, int]) -> None:
        self.effects: list[SideEffect] = []
        self.transactions: list[TransactionEvent] = []
        self._limit = limit
        self._numbers = numbers
        # By the connection, of which each has one at a time.
        self._open: dict[int, _Open] = {}

    @property
    def count(self) -> int:
        """How much it has noted so far."""
        return len(self.effects) + len(self.transactions)

    def see_statement(self, connection: Any, seconds: float) -> None:
        """Note how long the database worked in a transaction."""
        opened = self._open.get(id(connection))
        if opened is not None:
            opened.statement_seconds += seconds
            opened.query_count += 1

    def see_begin(self, connection: Any, block: Atomic, frame: FrameType) -> None:
        """Note where a transaction began; inner blocks and those of a test case begin none."""
        if real_blocks(connection) == [block]:
            self._open[id(connection)] = _Open(origin_at(connection, block, frame))

    def see_end(self, connection: Any) -> None:
        """Note how long a transaction was open."""
        if len(real_blocks(connection)) != 1:
            return
        opened = self._open.pop(id(connection), None)
        # The outermost block may have begun before the scope, or be that of a test case.
        if opened is not None and len(self.transactions) < self._limit:
            self.transactions.append(
                TransactionEvent(
                    alias=str(connection.alias),
                    opened_by=opened.origin.opened_by,
                    opened_at=opened.origin.opened_at,
                    duration_ms=(perf_counter() - opened.began) * 1000,
                    statement_ms=opened.statement_seconds * 1000,
                    query_count=opened.query_count,
                    ignored=opened.ignored,
                )
            )

    def see_effect(self, kind: EffectKind, name: str, frame: FrameType, seconds: float) -> None:
        """Note something that a rollback does not take back, if it happens in a transaction and is the user's."""
        if len(self.effects) >= self._limit or (kind == "sleep" and seconds < MIN_SLEEP_SECONDS):
            return
        connection = _connection()
        if connection is None or _is_silent(kind, frame):
            return
        origin = self._origin(connection)
        trigger = trigger_of(CallPath(Route(_up_to_loop(collect(frame))), self._numbers, {}))
        if trigger is None and current_session.get() is not None:
            # A task that the service started has no caller.
            trigger = origin.opened_at
        if trigger is None:
            return
        self.effects.append(
            SideEffect(
                kind=kind,
                name=name,
                alias=str(connection.alias),
                opened_by=origin.opened_by,
                opened_at=origin.opened_at,
                trigger=trigger,
                seconds=seconds,
                ignored=ignored.get(),
            )
        )

    def _origin(self, connection: Any) -> Origin:
        opened = self._open.get(id(connection))
        if opened is not None:
            return opened.origin
        # It began before the scope.
        blocks = real_blocks(connection)
        return origin_of(connection, blocks[0] if blocks else None)


def _connection() -> Any:
    """Return a connection of the running code with an open transaction, or ``None``."""
    session = current_session.get()
    if session is not None and not session.is_over:
        return next(filter(is_open, session.connections.values()), None)
    return next(filter(is_open, open_connections()), None)


def _up_to_loop(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """Return the frames of a task without those that run its event loop: they asked for nothing."""
    end = next((number for number, frame in enumerate(frames) if frame.code is _LOOP_CODE), None)
    return frames[:end]


def _is_silent(kind: EffectKind, frame: FrameType) -> bool:
    """Tell whether a library does something by itself, before the user's code is reached."""
    names = _SILENT + _CLIENTS if kind == "network" else _SILENT
    prefixes = tuple(f"{name}." for name in names)
    walked: FrameType | None = frame
    while walked is not None and not is_user_code(walked.f_code):
        if f"{walked.f_globals.get('__name__', '')}.".startswith(prefixes):
            return True
        walked = walked.f_back
    return False
