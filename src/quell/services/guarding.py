"""Statements that a block does not allow: writes in a read-only one, or on a database that it does not name."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from quell.exceptions import WriteForbidden
from quell.services.beginning import remove_wrapper
from quell.services.options import Options
from quell.sqltext import operation

Wrapper: TypeAlias = Callable[..., Any]
_WRITES = ("insert", "update", "delete")


def forbid_writes(connection: BaseDatabaseWrapper, name: str) -> Callable[[], None]:
    """
    Raise ``WriteForbidden`` for each statement of a connection that writes.

    Returns:
        What takes that back.
    """

    def guard(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        if operation(sql) in _WRITES:
            msg = (
                f'{name} is read-only on "{connection.alias}", and a statement would write '
                f"({operation(sql).upper()}). Move the write out of it, or take read_only away."
            )
            raise WriteForbidden(msg, service=name, alias=connection.alias)
        return execute(sql, params, many, context)

    connection.execute_wrappers.append(guard)
    return lambda: remove_wrapper(connection, guard)


def guard_others(options: Options) -> list[tuple[BaseDatabaseWrapper, Wrapper]]:
    """
    Raise ``WriteForbidden`` for each write to a database that a service does not name.

    # Note [One service, one transaction]
    A router may send a model to another database, where the same ``save()`` is committed at once and stays when
    the service fails. So a service says which databases it writes to.

    Returns:
        The connections, and what has to be taken off each when the service ends.
    """
    guarded = []
    for alias in connections.settings:
        if alias not in options.aliases:
            connection, guard = connections[alias], _other_guard(options.name, options.aliases, alias)
            connection.execute_wrappers.append(guard)
            guarded.append((connection, guard))
    return guarded


# Services are declared once, so there are as many guards as services and other databases.
@lru_cache(maxsize=1024)
def _other_guard(name: str, aliases: tuple[str, ...], other: str) -> Wrapper:
    def guard(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        if operation(sql) in _WRITES:
            named = ", ".join(f'"{alias}"' for alias in aliases)
            order = ", ".join(f'"{alias}"' for alias in (*aliases, other))
            msg = (
                f'{name} has a transaction on {named}, and a statement would write to "{other}", '
                f"where it would stay if the service fails. Name both, in the order in which they commit: "
                f"using=[{order}]; or write to it in after_commit()."
            )
            raise WriteForbidden(msg, service=name, alias=other)
        return execute(sql, params, many, context)

    return guard
