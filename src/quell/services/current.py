"""The connection that the running code's service works on, which in async code is one of another thread."""

from contextvars import ContextVar
from typing import Protocol

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from quell.services.blocks import is_open


class Session(Protocol):
    """The run of an async service: its connections belong to the thread that works for it."""

    is_over: bool
    connections: dict[str, BaseDatabaseWrapper]


current_session: ContextVar[Session | None] = ContextVar("quell_session", default=None)


def connection_of(alias: str) -> BaseDatabaseWrapper:
    """Return the connection that statements of the running code use."""
    session = current_session.get()
    if session is not None and not session.is_over and alias in session.connections:
        return session.connections[alias]
    return connections[alias]


def open_alias() -> str | None:
    """Return the database with an open transaction: the default one where it has, else the first that has."""
    aliases = [DEFAULT_DB_ALIAS, *(alias for alias in connections if alias != DEFAULT_DB_ALIAS)]
    return next((alias for alias in aliases if is_open(connection_of(alias))), None)
