"""Several statistics in one round trip."""

from functools import lru_cache
from typing import Any, TypeAlias

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.models import Manager, Model, QuerySet

from quell.aggregation.declaring import Declaration
from quell.aggregation.fetching import fetch_all
from quell.aggregation.functions import Count
from quell.aggregation.grouping import Grouped
from quell.aggregation.results import Collected
from quell.aggregation.rows import Rows, read_rows
from quell.aggregation.statistics import Statistics
from quell.aggregation.unions import Branch, branch_of, read_single, run_union
from quell.exceptions import UsageError

Part: TypeAlias = "Statistics | type[Statistics] | Grouped | QuerySet[Any, Any] | Manager[Any]"
_Bound: TypeAlias = "Statistics | Grouped | QuerySet[Any, Any]"


def collect(**parts: Part) -> Collected:
    """
    Fetch several statistics in one round trip.

    Args:
        parts: By name: statistics of a queryset, a Statistics class (all rows), what ``by()`` returns, or a queryset
            (the count of its rows).

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
    by_alias: dict[str, dict[str, _Bound]] = {}
    for name, part in bound.items():
        by_alias.setdefault(_queryset(part).db, {})[name] = part
    found: dict[str, Any] = {}
    for alias, members in by_alias.items():
        has_groups = any(isinstance(part, Grouped) for part in members.values())
        fetch = _fetch_united if has_groups else _fetch
        found |= fetch(connections[alias], members)
    return Collected({name: found[name] for name in parts})


def _fetch(connection: Any, members: dict[str, _Bound]) -> dict[str, Any]:
    """Fetch single rows, which one row holds."""
    asked = [_asked(part, connection) for part in members.values()]
    values = fetch_all(connection, asked)
    return {name: _result(part, found) for (name, part), found in zip(members.items(), values, strict=True)}


def _fetch_united(connection: Any, members: dict[str, _Bound]) -> dict[str, Any]:
    """Fetch single rows and groups, each as a branch of a UNION ALL."""
    asked = {name: _asked(part, connection) for name, part in members.items()}
    branches = {name: _branches(members[name], *asked[name], connection) for name in members}
    results = iter(run_union(connection, [branch for found in branches.values() for branch in found]))
    values: dict[str, Any] = {}
    for name, part in members.items():
        found = [next(results) for _ in branches[name]]
        declaration, rows = asked[name]
        if isinstance(part, Grouped):
            values[name] = part.read(rows, branches[name], found)
        else:
            single = read_single(branches[name], found)
            values[name] = _result(part, declaration.asked(rows).results(single))
    return values


def _branches(part: _Bound, declaration: Declaration, rows: Rows, connection: Any) -> list[Branch]:
    if isinstance(part, Grouped):
        return part.branches(rows, connection)
    pieces = declaration.plan(rows, connection, is_alone=False).pieces
    return [branch_of(piece, rows.params) for piece in pieces]


def _result(part: _Bound, values: dict[str, Any]) -> Any:
    return part.with_values(values) if isinstance(part, Statistics) else values["count"]


async def acollect(**parts: Part) -> Collected:
    """Do as ``collect()`` in async code."""
    return await sync_to_async(collect)(**parts)


def _bound(name: str, part: object) -> _Bound:
    if isinstance(part, type) and issubclass(part, Statistics):
        return part()
    if isinstance(part, Statistics | Grouped | QuerySet):
        return part
    if isinstance(part, Manager):
        found: QuerySet[Any, Any] = part.all()
        return found
    msg = f"collect({name}=...) takes statistics, a Statistics class or a queryset, not {part!r}"
    raise UsageError(msg)


def _queryset(part: _Bound) -> QuerySet[Any, Any]:
    found: QuerySet[Any, Any] = part if isinstance(part, QuerySet) else part.queryset
    return found


def _asked(part: _Bound, connection: Any) -> tuple[Declaration, Rows]:
    rows = read_rows(_queryset(part), connection)
    if isinstance(part, QuerySet):
        model: type[Model] = part.model
        return _count_of(model), rows
    return part.declaration() if isinstance(part, Statistics) else part.declaration, rows


@lru_cache(maxsize=1024)
def _count_of(model: type[Model]) -> Declaration:
    return Declaration(model, {"count": Count("pk")})
