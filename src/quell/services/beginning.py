"""
How each database is told what a transaction has to be like: isolation, access mode, timeouts.

# Note [When a transaction is told]
PostgreSQL takes everything in one statement behind BEGIN, and forgets it at the end. MariaDB takes the level before
its first statement begins the transaction, and timeouts for the session, so those are put back. SQLite is always
serializable, and takes the rest for the connection. The transaction of a test began long before: its level and its
access mode stay what they are.
"""

import time
from collections.abc import Callable
from math import ceil
from typing import Any

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

from quell.exceptions import UsageError
from quell.services.options import Options

Undo = Callable[[], None]
_OPCODES_PER_CHECK = 1000


def begin(connection: BaseDatabaseWrapper, options: Options, *, is_in_test: bool) -> list[Undo]:
    """
    Tell the database what a transaction that has just begun has to be like.

    Returns:
        What has to be called when the transaction has ended.

    Raises:
        UsageError: If the database cannot do what is asked for.

    Cost: one statement on PostgreSQL, one or two on MariaDB and SQLite.
    """
    if options.is_deferrable and connection.vendor != "postgresql":
        msg = f"{options.name}: deferrable=True works on PostgreSQL only, and {_named(connection)} is none."
        raise UsageError(msg)
    setup = _SETUPS.get(connection.vendor)
    if setup is None:
        msg = (
            f"{options.name}: quell cannot set isolation, access mode or timeouts on {_named(connection)}; "
            "leave them out, or set them in OPTIONS of the database."
        )
        raise UsageError(msg)
    return setup(connection, options, is_in_test)


def _named(connection: BaseDatabaseWrapper) -> str:
    return f'"{connection.alias}" ({connection.display_name})'


def _run(connection: BaseDatabaseWrapper, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _undo(connection: BaseDatabaseWrapper, sql: str) -> Undo:
    def undo() -> None:
        # A new connection has the values of its own.
        if connection.connection is not None and connection.connection is raw:
            try:
                _run(connection, sql)
            except Error:
                connection.close()

    raw = connection.connection
    return undo


def _modes(options: Options) -> str:
    parts = [f"ISOLATION LEVEL {options.isolation.upper()}"] if options.isolation else []
    parts += ["READ ONLY"] if options.is_read_only else []
    parts += ["DEFERRABLE"] if options.is_deferrable else []
    return ", ".join(parts)


def _postgres(connection: BaseDatabaseWrapper, options: Options, is_in_test: bool) -> list[Undo]:  # noqa: FBT001
    modes = "" if is_in_test else _modes(options)
    statements = [f"SET TRANSACTION {modes}"] if modes else []
    timeouts = {"lock_timeout": options.lock_timeout_ms, "statement_timeout": options.statement_timeout_ms}
    given = {name: value for name, value in timeouts.items() if value is not None}
    statements += [f"SET LOCAL {name} = {value}" for name, value in given.items()]
    if statements:
        _run(connection, "; ".join(statements))
    if not is_in_test:
        return []
    return [_undo(connection, f"SET LOCAL {name} TO DEFAULT") for name in given]


def _mysql(connection: Any, options: Options, is_in_test: bool) -> list[Undo]:  # noqa: FBT001
    modes = "" if is_in_test else _modes(options)
    if modes:
        _run(connection, f"SET TRANSACTION {modes}")
    given: dict[str, float] = {}
    if options.lock_timeout_ms is not None:
        given["innodb_lock_wait_timeout"] = ceil(options.lock_timeout_ms / 1000)
    if options.statement_timeout_ms is not None:
        if not connection.mysql_is_mariadb:
            msg = (
                f"{options.name}: MySQL has a timeout for SELECT only, so statement_timeout_ms "
                f"works on MariaDB and not on {_named(connection)}."
            )
            raise UsageError(msg)
        given["max_statement_time"] = options.statement_timeout_ms / 1000
    if not given:
        return []
    kept = [f"@quell_{name} = @@SESSION.{name}, SESSION {name} = {value}" for name, value in given.items()]
    _run(connection, f"SET {', '.join(kept)}")
    return [_undo(connection, "SET " + ", ".join(f"SESSION {name} = @quell_{name}" for name in given))]


def _sqlite(connection: Any, options: Options, is_in_test: bool) -> list[Undo]:  # noqa: FBT001
    undo: list[Undo] = []
    if options.lock_timeout_ms is not None:
        with connection.cursor() as cursor:
            before = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout = {options.lock_timeout_ms}")
        undo.append(_undo(connection, f"PRAGMA busy_timeout = {before}"))
    if options.is_read_only:
        _run(connection, "PRAGMA query_only = ON")
        undo.append(_undo(connection, "PRAGMA query_only = OFF"))
    if options.statement_timeout_ms is not None:
        undo.append(_interrupt_after(connection, options.statement_timeout_ms / 1000))
    return undo


def _interrupt_after(connection: Any, seconds: float) -> Undo:
    """Interrupt each statement of a SQLite connection that takes longer: its virtual machine asks now and then."""
    deadline = [float("inf")]

    def timed(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        deadline[0] = time.monotonic() + seconds
        try:
            return execute(sql, params, many, context)
        finally:
            deadline[0] = float("inf")

    raw = connection.connection
    raw.set_progress_handler(lambda: time.monotonic() > deadline[0], _OPCODES_PER_CHECK)
    connection.execute_wrappers.append(timed)

    def undo() -> None:
        raw.set_progress_handler(None, 0)
        remove_wrapper(connection, timed)

    return undo


def remove_wrapper(connection: BaseDatabaseWrapper, wrapper: object) -> None:
    """Take a wrapper off a connection, by identity: others may have come on top of it."""
    wrappers = connection.execute_wrappers
    for position in range(len(wrappers) - 1, -1, -1):
        if wrappers[position] is wrapper:
            del wrappers[position]
            return


_SETUPS: dict[str, Callable[[Any, Options, bool], list[Undo]]] = {
    "postgresql": _postgres,
    "mysql": _mysql,
    "sqlite": _sqlite,
}
