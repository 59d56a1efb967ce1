"""What the database gives: statements, and the bytes of the values in the rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from django.db import connection
from django.db.backends.utils import CursorWrapper


@dataclass(slots=True)
class Counts:
    """What ran, and how much came back."""

    query_count: int = 0
    byte_count: int = 0

    def add(self, rows: Sequence[Sequence[object]]) -> None:
        """Count the values of some rows as text, as most protocols send them."""
        self.byte_count += sum(_size(value) for row in rows for value in row)


def _size(value: object) -> int:
    if value is None:
        return 0
    return len(value if isinstance(value, bytes) else str(value).encode())


@contextmanager
def counted() -> Iterator[Counts]:
    """Count what the default connection does."""
    counts = Counts()

    class Counting(CursorWrapper):
        def execute(self, *args: Any, **kwargs: Any) -> Any:
            counts.query_count += 1
            return super().execute(*args, **kwargs)

        def fetchone(self) -> Any:
            row = self.cursor.fetchone()
            counts.add([row] if row else [])
            return row

        def fetchmany(self, *size: int) -> Any:
            rows = self.cursor.fetchmany(*size)
            counts.add(rows)
            return rows

        def fetchall(self) -> Any:
            rows = self.cursor.fetchall()
            counts.add(rows)
            return rows

    def make_cursor(cursor: Any) -> Counting:
        return Counting(cursor, connection)

    with mock.patch.object(connection, "make_cursor", make_cursor):
        yield counts
