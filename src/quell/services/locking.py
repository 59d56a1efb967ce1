"""Locks that a transaction holds until it ends: by a name, or on rows in a fixed order."""

from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.models import Model, QuerySet

from quell.exceptions import UsageError
from quell.services.blocks import Block, real_blocks, require, required
from quell.services.current import open_alias

M = TypeVar("M", bound=Model)
_MYSQL_TIMEOUT = 1205
_DEFAULT_WAIT_SECONDS = 50.0  # as innodb_lock_wait_timeout


def lock(*parts: str | int, using: str | None = None) -> None:
    """
    Wait for a lock with a name, such as ``lock("ticket", 7)``, and hold it until the transaction ends.

    It is an advisory lock on PostgreSQL and ``GET_LOCK()`` on MariaDB, which keep nobody from the rows themselves; on
    SQLite it is the lock of the whole database. PostgreSQL gives it back with the savepoint that it was taken in.

    Args:
        *parts: What the lock is about; the same parts are the same lock.
        using: The database; without it that of the innermost open service, or the default one.

    Raises:
        TransactionRequired: If no transaction is open, or on MariaDB no service.
        UsageError: If there are no parts, or the database has no such lock.

    Cost: one statement; two on MariaDB.
    """
    if not parts or not all(isinstance(part, (str, int)) for part in parts):
        msg = (
            f'lock{parts!r} names nothing to lock: give texts and numbers, such as lock("ticket", ticket.pk).'
        )
        raise UsageError(msg)
    connection = connections[using or open_alias() or DEFAULT_DB_ALIAS]
    require(connection, "lock()")
    take = _LOCKS.get(connection.vendor)
    if take is None:
        msg = f"lock() knows no lock of {connection.display_name}: lock a row with lock_rows() instead."
        raise UsageError(msg)
    take(connection, blake2b(repr(parts).encode(), digest_size=8).digest())


async def alock(*parts: str | int, using: str | None = None) -> None:
    """Wait for a lock as ``lock()`` does, from async code."""
    await sync_to_async(lock)(*parts, using=using)


def lock_rows(queryset: QuerySet[M], **options: Any) -> list[M]:
    """
    Lock rows in the order of their keys, and return them.

    Two transactions that lock many rows, each in an order of its own, lock each other out.

    Args:
        queryset: The rows; its order is replaced.
        **options: As ``select_for_update()`` takes them.

    Raises:
        TransactionRequired: If no transaction is open.

    Cost: one statement; on SQLite, which can lock the whole database only, one more.
    """
    connection = connections[queryset.db]
    require(connection, "lock_rows()")
    if connection.vendor == "sqlite":
        _sqlite(connection, b"")
    return list(queryset.order_by("pk").select_for_update(**options))


async def alock_rows(queryset: QuerySet[M], **options: Any) -> list[M]:
    """Lock rows as ``lock_rows()`` does, from async code."""
    return await sync_to_async(lock_rows)(queryset, **options)


def _postgres(connection: Any, digest: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest, signed=True)])


def _mysql(connection: Any, digest: bytes) -> None:
    # The lock is the session's, so somebody has to give it back when the transaction ends.
    block = next(
        (item for item in real_blocks(connection) if isinstance(item, Block) and item.is_whole), None
    )
    if block is None:
        raise required("lock() on MariaDB", connection.alias)
    name = f"quell {digest.hex()}"
    limit_ms = block.options.lock_timeout_ms
    seconds = _DEFAULT_WAIT_SECONDS if limit_ms is None else limit_ms / 1000
    with connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, %s)", [name, seconds])
        if cursor.fetchone()[0] != 1:
            raise OperationalError(_MYSQL_TIMEOUT, f"lock() waited {seconds} s in vain")
    # The first to be undone is the last of the list, and settings of the session come after.
    block.undo.append(partial(_release, connection, connection.connection, name))


def _release(connection: Any, raw: object, name: str) -> None:
    if connection.connection is raw and raw is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT RELEASE_LOCK(%s)", [name])


def _sqlite(connection: Any, digest: bytes) -> None:
    # It takes the lock of a writer without a table and without reading first, after which SQLite would not wait.
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA incremental_vacuum(1)")


_LOCKS: dict[str, Callable[[Any, bytes], None]] = {
    "postgresql": _postgres,
    "mysql": _mysql,
    "sqlite": _sqlite,
}
