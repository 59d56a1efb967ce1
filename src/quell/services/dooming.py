"""
What keeps a transaction from being committed although no exception says so.

# Note [A transaction that is lost in silence]
Each of these ends an ``atomic()`` block without an exception and without its rows, or with a part of them: an inner
block without a savepoint that failed and was caught; a statement that failed on PostgreSQL, which answers the COMMIT
that follows with ROLLBACK; a deadlock on MariaDB, which rolls everything back and begins a new transaction with the
next statement; an error on which SQLite rolls back; a connection that was closed inside the block.
"""

from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

CAUGHT = "an error inside the block was caught after it had marked the transaction for rollback"
_IN_ERROR = 3  # libpq's PQTRANS_INERROR, in both versions of psycopg
_MYSQL_DEADLOCK = 1213


def reason_of(connection: BaseDatabaseWrapper) -> str:
    """
    Tell what keeps the open transaction of a connection from being committed.

    Returns:
        The reason, as the end of a sentence; ``""`` where nothing does.

    Cost: no query.
    """
    if connection.closed_in_transaction:
        return "the connection was closed inside the block"
    if connection.needs_rollback:
        return CAUGHT
    check = _CHECKS.get(connection.vendor)
    return check(connection.connection) if check is not None else ""


def _postgres(raw: Any) -> str:
    info = getattr(raw, "info", None)
    if info is not None and info.transaction_status == _IN_ERROR:
        return (
            "a statement failed, its error was caught, and PostgreSQL ignores what follows in the transaction"
        )
    return ""


def _sqlite(raw: Any) -> str:
    return "" if raw.in_transaction else "SQLite had to roll the transaction back by itself"


_CHECKS: dict[str, Callable[[Any], str]] = {"postgresql": _postgres, "sqlite": _sqlite}


def mark_deadlock(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
    """Wrap the statements of a MariaDB connection: a deadlock dooms the transaction, whoever catches it."""
    try:
        return execute(sql, params, many, context)
    except OperationalError as error:
        if error.args and error.args[0] == _MYSQL_DEADLOCK:
            context["connection"].needs_rollback = True
            context["connection"].rollback_exc = error
        raise
