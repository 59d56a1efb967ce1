"""One service of the help desk, run whole and crashed at each of its points, each time in a process of its own."""

import asyncio
import os
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from benchmarks.service_tables import Tables, Whole, put_back, read_tables

EXCEPTION, LOST, KILLED = KINDS = ("exception", "lost connection", "SIGKILL")
COMMIT, AFTER_COMMIT = "COMMIT", "after COMMIT"
# A statement, the COMMIT included, by its number: right before it runs.
Point = int | str
RETURNED = "returned"
# Values that a clock or chance makes differ between two of these, also where a statement takes no time.
_DELAYS_SECONDS = (0.0, 0.002, 0.005)


@dataclass(frozen=True, slots=True)
class Case:
    """
    One crash of one service.

    Attributes:
        statement: What runs at the point, in two words.
        outcome: ``"nothing"`` and ``"whole"`` are allowed. ``"HALF"`` is a table that is neither, and ``"LOST"``
            a call that returned although nothing is there.
        told: What the caller was told: the class of the error, or that it returned; ``""`` for a killed process.
    """

    slug: str
    kind: str
    point: Point
    statement: str
    outcome: str
    told: str


class Crash(DatabaseError):
    """The error that is injected."""


class Subject:
    """One service, with the tables before and after it."""

    def __init__(self, operation: Any, *, is_bare: bool = False) -> None:
        self.operation = operation
        self._function = operation.run.__wrapped__ if is_bare else operation.run
        self._arguments = operation.sample()
        self._now = before = read_tables()
        every_table = list(before)
        runs, self.statements = [], self._complete(0.0)
        for delay_seconds in _DELAYS_SECONDS:
            self._restore(before, every_table)
            statements = self._complete(delay_seconds)
            if statements != self.statements:
                msg = f"{operation.slug} runs {len(self.statements)} statements, and then {len(statements)}"
                raise ValueError(msg)
            runs.append(self._now)
        self.whole = Whole.of(before, runs)
        self._restore(before, self.whole.written)

    def points(self) -> list[Point]:
        """Return each point in its order."""
        points: list[Point] = list(range(1, len(self.statements) + 1))
        if COMMIT in self.statements:
            points.insert(self.statements.index(COMMIT) + 1, AFTER_COMMIT)
        return points

    def crash(self, kind: str, point: Point) -> Case:
        """Run the service so that it crashes at one point, and look at every table."""
        told = _in_process(lambda: self._crash(kind, point))
        self._now = read_tables()
        outcome = self.whole.verdict(self._now)
        if outcome == "nothing" and told == RETURNED:
            outcome = "LOST"
        self._restore(self.whole.before, self.whole.written)
        statement = self.statements[point - 1] if isinstance(point, int) else str(point)
        return Case(self.operation.slug, kind, point, statement, outcome, told)

    def _restore(self, wanted: Tables, numbered: Sequence[str]) -> None:
        put_back(wanted, self._now, numbered)
        self._now = wanted

    def _complete(self, delay_seconds: float) -> list[str]:
        """Run the service to its end, and return its statements."""

        def complete() -> str:
            seen: list[str] = []

            def note(number: int, sql: str) -> None:
                seen.append(_in_two_words(sql))
                time.sleep(delay_seconds)

            with _before_each(note):
                self._run()
            return "\n".join(seen)

        statements = _in_process(complete)
        self._now = read_tables()
        return statements.splitlines()

    def _crash(self, kind: str, point: Point) -> str:
        def strike(here: Point, sql: str) -> None:
            if here == point:
                _strike(kind)

        try:
            with _before_each(strike, after_commit=lambda: strike(AFTER_COMMIT, "")):
                self._run()
        except Exception as error:  # noqa: BLE001 -- whatever the caller is told
            return type(error).__name__
        return RETURNED

    def _run(self) -> None:
        if self.operation.is_async:
            asyncio.run(self._function(**self._arguments))
        else:
            self._function(**self._arguments)


def _in_two_words(sql: str) -> str:
    verb, *rest = sql.split(maxsplit=2)
    table = re.search(r'(?:INTO|FROM|UPDATE|JOIN) ["`](\w+)', sql)
    # The name of a savepoint is that of its thread.
    return f"{verb} {table[1]}" if table else " ".join([verb, *rest[: verb != "SAVEPOINT"]])


def _in_process(work: Callable[[], str]) -> str:
    """Run work in a copy of this process; return what it returns, and ``""`` when it is killed."""
    sys.stdout.flush()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, work().encode())
        except BaseException:  # noqa: BLE001 -- nothing of this process may run on in its copy
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


@contextmanager
def _before_each(
    see: Callable[[int, str], None], after_commit: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Call a function before each statement and each COMMIT, with its number and its text."""
    wrapper: Any = CursorWrapper
    base: Any = BaseDatabaseWrapper
    execute, commit, count = wrapper._execute, base._commit, 0

    def seen(text: str) -> None:
        nonlocal count
        count += 1
        see(count, text)

    def seen_execute(cursor: Any, sql: str, params: Any, *rest: Any) -> Any:
        seen(sql)
        return execute(cursor, sql, params, *rest)

    def seen_commit(connection: Any) -> None:
        seen(COMMIT)
        commit(connection)
        after_commit()

    wrapper._execute, base._commit = seen_execute, seen_commit
    try:
        yield
    finally:
        wrapper._execute, base._commit = execute, commit


def _strike(kind: str) -> None:
    if kind == KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == EXCEPTION:
        raise Crash
    raw: Any = connection.connection
    is_postgres = connection.vendor == "postgresql"
    number = raw.info.backend_pid if is_postgres else raw.thread_id()
    other = connection.copy()
    with other.cursor() as cursor:
        # Past the wrapper that counts.
        inner: Any = cursor.cursor
        inner.execute(f"SELECT pg_terminate_backend({number}, 5000)" if is_postgres else f"KILL {number}")
    other.close()
