"""How many rows cross the driver; only where a run may cost more."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import connections
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper


class RowCount:
    """A number of rows that grows while it counts."""

    def __init__(self) -> None:
        self.total = 0


class CountingCursor(CursorWrapper):
    """A cursor that counts what it hands out; drivers such as SQLite's never tell."""

    def __init__(self, cursor: Any, db: Any, count: RowCount) -> None:
        super().__init__(cursor, db)
        self._count = count

    def __iter__(self) -> Iterator[Any]:
        for row in super().__iter__():
            self._count.total += 1
            yield row

    def fetchone(self) -> Any:
        """Return the next row."""
        row = self.cursor.fetchone()
        self._count.total += row is not None
        return row

    def fetchmany(self, *args: Any) -> Any:
        """Return the next rows."""
        rows = self.cursor.fetchmany(*args)
        self._count.total += len(rows)
        return rows

    def fetchall(self) -> Any:
        """Return all rows that are left."""
        rows = self.cursor.fetchall()
        self._count.total += len(rows)
        return rows


class CountingDebugCursor(CountingCursor, CursorDebugWrapper):
    """The same for a connection that logs its statements: a page may show them."""


@contextmanager
def count_rows() -> Iterator[RowCount]:
    """Count the rows that this thread's connections hand out inside a block."""
    count = RowCount()
    watched = connections.all()
    for connection in watched:
        connection.__dict__["make_cursor"] = partial(_make, CountingCursor, connection, count)
        connection.__dict__["make_debug_cursor"] = partial(_make, CountingDebugCursor, connection, count)
    try:
        yield count
    finally:
        for connection in watched:
            for name in ("make_cursor", "make_debug_cursor"):
                connection.__dict__.pop(name, None)


def _make(kind: type[CountingCursor], connection: Any, count: RowCount, cursor: Any) -> CountingCursor:
    return kind(cursor, connection, count)
