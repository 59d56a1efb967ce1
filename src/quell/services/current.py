"""The connection that the running code's service works on, which in async code is one of another thread."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Protocol

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from quell.services.blocks import is_open, require


class Session(Protocol):
    """The run of an async service: its connections belong to the thread that works for it."""

    is_over: bool
    aliases: tuple[str, ...]
    connections: dict[str, BaseDatabaseWrapper]
    early_hooks: list[tuple[str, Callable[[], object]]]


current_session: ContextVar[Session | None] = ContextVar("quell_session", default=None)


def connection_of(alias: str) -> BaseDatabaseWrapper:
    """Return the connection that statements of the running code use."""
    session = current_session.get()
    if session is not None and not session.is_over and alias in session.connections:
        return session.connections[alias]
    return connections[alias]


def waiting_session(alias: str) -> Session | None:
    """Return the open session whose transaction on a database begins with its next statement, if there is one."""
    session = current_session.get()
    is_waiting = session is not None and not session.is_over and alias in session.aliases
    return session if is_waiting and session is not None and alias not in session.connections else None


def require_here(alias: str, name: str) -> None:
    """
    Check that the running code is in a transaction, be it one that begins with its next statement.

    Raises:
        TransactionRequired: If it is in none; that of a test case does not count.
    """
    if waiting_session(alias) is None:
        require(connection_of(alias), name)


def open_alias() -> str | None:
    """Return the database with an open transaction: the default one where it has, else the first that has."""
    aliases = [DEFAULT_DB_ALIAS, *(alias for alias in connections if alias != DEFAULT_DB_ALIAS)]
    return next(
        (alias for alias in aliases if waiting_session(alias) is not None or is_open(connection_of(alias))),
        None,
    )
