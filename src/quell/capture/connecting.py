"""The connections that a scope watches: what is open when it begins, and how it leaves them."""

from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


def open_connections() -> list[BaseDatabaseWrapper]:
    """Return the connections of this thread; one that opens later tells by signal, and may lack its driver."""
    try:
        return list(connections.all(initialized_only=True))
    except ImproperlyConfigured:
        # A script may configure Django inside the block.
        return []


def detach(connection: BaseDatabaseWrapper, wrapper: object, *, is_own: bool) -> None:
    """Take a wrapper off; another thread may be walking over its list, so that one is replaced."""
    wrappers = connection.execute_wrappers
    others = [item for item in wrappers if item is not wrapper]
    if is_own:
        wrappers[:] = others
    else:
        connection.execute_wrappers = others
