"""Stop a statement on the server, from another thread than the one that waits for it."""

import logging
from collections.abc import Callable
from typing import Any

from django.db import Error

logger = logging.getLogger("quell.services")
_TIMEOUT_SECONDS = 5.0


def cancel_statement(connection: Any) -> None:
    """
    Ask the server to stop the statement that a connection runs; where it runs none, nothing happens.

    Cost: a connection of its own on PostgreSQL and MariaDB.
    """
    raw = connection.connection
    cancel = _CANCELS.get(connection.vendor)
    if raw is None or cancel is None:
        return
    errors: tuple[type[Exception], ...] = (Error, OSError, connection.Database.Error)
    try:
        cancel(connection, raw)
    except errors as error:
        logger.warning(
            "The statement on %r could not be cancelled and runs to its end: %s", connection.alias, error
        )


def _postgres(connection: Any, raw: Any) -> None:
    if hasattr(raw, "cancel_safe"):
        raw.cancel_safe(timeout=_TIMEOUT_SECONDS)
    else:
        raw.cancel()


def _mysql(connection: Any, raw: Any) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(f"KILL QUERY {int(raw.thread_id())}")
    finally:
        other.close()


def _sqlite(connection: Any, raw: Any) -> None:
    raw.interrupt()


_CANCELS: dict[str, Callable[[Any, Any], None]] = {
    "postgresql": _postgres,
    "mysql": _mysql,
    "sqlite": _sqlite,
}
