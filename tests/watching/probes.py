"""What tests ask the process, and the loops that they watch."""

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

from asgiref.sync import SyncToAsync
from django.core.handlers.base import BaseHandler
from django.db import connections
from django.db.models import query as query_module
from django.db.models import sql
from django.db.models.query import QuerySet, RawQuerySet

from quell.events import QueryEvent
from quell.lineage.hooks import active
from tests.library.models import Author

_ORIGINALS = {
    (owner, name): owner.__dict__[name]
    for owner, name in (
        (QuerySet, "db"),
        (RawQuerySet, "db"),
        (query_module, "sql"),
        (query_module, "get_related_populators"),
        (query_module, "prefetch_one_level"),
        (ThreadPoolExecutor, "submit"),
        (Thread, "start"),
        (SyncToAsync, "__call__"),
        (BaseHandler, "get_response"),
        (BaseHandler, "get_response_async"),
    )
}


def changed_names() -> list[str]:
    """Return the names of what is not Django's, asgiref's or Python's own function now."""
    return [name for (owner, name), original in _ORIGINALS.items() if owner.__dict__[name] is not original]


def assert_untouched() -> None:
    """Fail where quell left anything behind in this process, thread or context."""
    assert changed_names() == []
    assert vars(query_module)["sql"] is sql
    assert [connection.execute_wrappers for connection in connections.all(initialized_only=True)] == [
        [] for _ in connections.all(initialized_only=True)
    ]
    assert active.get(None) is None


def read_countries() -> list[str]:
    """Load authors, then the country of each on its own: the pattern that a watch finds."""
    return [author.country.name for author in Author.objects.order_by("pk")]


def tables(queries: Iterable[QueryEvent]) -> list[str]:
    """Return the table that each statement names first."""
    return [match[1] for query in queries if (match := re.search(r"library_(\w+)", query.sql))]


def raw(statement: str, connection: Any = None) -> None:
    """Run a statement by a cursor, without the ORM."""
    from django.db import connection as default

    with (connection or default).cursor() as cursor:
        cursor.execute(statement)
