"""Subqueries of one row, which always have a value."""

from typing import Any

from django.db.models import Exists, Subquery

# Django leaves a subquery out whose condition no row can satisfy, and with it the comparison of its value: a count of
# nothing would not be 0. Both ask the database instead. Of a subclass of Subquery Django 6.1 keeps the wrapper, which
# may be compared with another one.


class NumberOfRow(Subquery):
    """The value of an aggregate over one row."""

    # The signature in the stubs has arguments that Django passes by keyword only.
    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **extra_context: Any
    ) -> tuple[str, Any]:
        """Write the statement in parentheses."""
        sql, params = _written(self.query, connection)
        return f"({sql})", params


class RowExists(Exists):
    """Whether one row satisfies conditions."""

    # The signature in the stubs has arguments that Django passes by keyword only.
    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **extra_context: Any
    ) -> tuple[str, Any]:
        """Write the statement behind EXISTS."""
        sql, params = _written(self.query, connection)
        return f"EXISTS({sql})", params


def _written(query: Any, connection: Any) -> tuple[str, Any]:
    written: tuple[str, Any] = query.get_compiler(connection=connection, elide_empty=False).as_sql()
    return written
