"""Several statistics in one round trip."""

from functools import lru_cache
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.models import Manager, Model, QuerySet

from quell.aggregation.declaring import Declaration
from quell.aggregation.functions import Count
from quell.aggregation.results import Collected
from quell.aggregation.rows import Rows, read_rows
from quell.aggregation.statistics import Statistics, fetch_all
from quell.exceptions import UsageError


def collect(
    **parts: "Statistics | type[Statistics] | QuerySet[Any, Any] | Manager[Any]",
) -> Collected:
    """
    Fetch several statistics in one round trip.

    Args:
        parts: By name: statistics of a queryset, a Statistics class (all rows), or a queryset (the count of its rows).

    Returns:
        By the same names: what ``fetch()`` returns, or an int for a queryset.

    Raises:
        UsageError: If there is no part, or one is anything else.

    Cost: one statement for each database that the parts are on, in the order of the first part on each.
    """
    if not parts:
        msg = "collect() takes statistics by name, as in collect(tickets=TicketStatistics)"
        raise UsageError(msg)
    bound = {name: _bound(name, part) for name, part in parts.items()}
    by_alias: dict[str, list[str]] = {}
    for name, part in bound.items():
        by_alias.setdefault(_queryset(part).db, []).append(name)
    found: dict[str, Any] = {}
    for alias, names in by_alias.items():
        connection = connections[alias]
        asked = [_asked(bound[name], connection) for name in names]
        for name, values in zip(names, fetch_all(connection, asked), strict=True):
            part = bound[name]
            found[name] = part.with_values(values) if isinstance(part, Statistics) else values["count"]
    return Collected({name: found[name] for name in parts})


async def acollect(
    **parts: "Statistics | type[Statistics] | QuerySet[Any, Any] | Manager[Any]",
) -> Collected:
    """Do as ``collect()`` in async code."""
    return await sync_to_async(collect)(**parts)


def _bound(name: str, part: object) -> "Statistics | QuerySet[Any, Any]":
    if isinstance(part, type) and issubclass(part, Statistics):
        return part()
    if isinstance(part, Statistics | QuerySet):
        return part
    if isinstance(part, Manager):
        found: QuerySet[Any, Any] = part.all()
        return found
    msg = f"collect({name}=...) takes statistics, a Statistics class or a queryset, not {part!r}"
    raise UsageError(msg)


def _queryset(part: "Statistics | QuerySet[Any, Any]") -> QuerySet[Any, Any]:
    return part.queryset if isinstance(part, Statistics) else part


def _asked(part: "Statistics | QuerySet[Any, Any]", connection: Any) -> tuple[Declaration, Rows]:
    queryset = _queryset(part)
    model: type[Model] = queryset.model
    declaration = part.declaration() if isinstance(part, Statistics) else _count_of(model)
    return declaration, read_rows(queryset, connection)


@lru_cache(maxsize=1024)
def _count_of(model: type[Model]) -> Declaration:
    return Declaration(model, {"count": Count("pk")})
