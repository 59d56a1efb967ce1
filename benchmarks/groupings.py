"""
Measure several groupings of one statement against a query for each.

``python -m benchmarks.groupings [--database sqlite|postgres|mariadb] [--rows N] [--rounds N]``
"""

import sys
from collections.abc import Callable, Mapping
from itertools import chain
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.aggregation import fill_tickets
from benchmarks.own_database import arguments, own_database

# What is grouped by: the prefixes of two names, or three names by themselves; and of what.
GROUPINGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "status, priority with totals": (("status", "priority"), ("status",), ()),
    "status; priority; channel": (("status",), ("priority",), ("channel",)),
}


def main() -> int:
    """Print a line for each grouping and each kind of number."""
    parser = arguments("groupings", __doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the table (default: 1,000,000)")
    options = parser.parse_args()
    with own_database(options.database) as surroundings:
        fill_tickets(options.rows)
        print(
            f"{surroundings}; {options.rows:,} rows, medians of {options.rounds} interleaved rounds in milliseconds"
        )
        print("grouped by | numbers | separate | UNION ALL | GROUPING SETS | quell")
        for name, sets in GROUPINGS.items():
            for numbers, made in _numbers().items():
                times = _measure(_ways(sets, made), options.rounds)
                spent = " | ".join(f"{times[way]:.0f}" if way in times else "-" for way in _WAYS)
                print(f"{name} | {numbers} | {spent}", flush=True)
    return 0


_WAYS = ("separate", "union all", "grouping sets", "quell")


def _numbers() -> dict[str, dict[str, Any]]:
    from django.db.models import Avg, Count, Q, Sum

    counts: dict[str, Any] = {
        "n": Count("pk"),
        "quick": Count("pk", filter=Q(minutes__lt=60)),
        "total": Sum("minutes"),
    }
    return {"two counts, a sum": counts, "and an average": {**counts, "average": Avg("minutes")}}


def _measure(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    for way in ways.values():
        way()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = perf_counter()
            way()
            times[name].append((perf_counter() - start) * 1000)
    return {name: median(spent) for name, spent in times.items()}


def _ways(sets: tuple[tuple[str, ...], ...], numbers: dict[str, Any]) -> dict[str, Callable[[], object]]:
    from django.db import connection

    from benchmarks.models import CountedTicket
    from quell.aggregation import Statistics

    rows = CountedTicket.objects.order_by()
    queries = [rows.values(*names).annotate(**numbers) if names else None for names in sets]
    keys = tuple(dict.fromkeys(chain.from_iterable(sets)))
    whole, params = rows.values(*keys).annotate(**numbers).query.sql_with_params()
    grouped = Statistics.of(rows, **numbers).by(*sets[0], sets=sets[1:])

    def separate() -> list[Any]:
        return [rows.aggregate(**numbers) if query is None else list(query.all()) for query in queries]

    def run(sql: str, values: tuple[Any, ...]) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    branches = [_branch(keys, names, numbers) for names in sets]
    # In parentheses, as Django ends those of MariaDB by ORDER BY NULL.
    union = " UNION ALL ".join(f"SELECT * FROM ({sql}) t" for sql, _ in branches)
    union_params = tuple(chain.from_iterable(found for _, found in branches))
    ways: dict[str, Callable[[], object]] = {
        "separate": separate,
        "union all": lambda: run(union, union_params),
        "quell": grouped.fetch,
    }
    if connection.vendor == "postgresql":
        named = ", ".join(f"({', '.join(str(keys.index(name) + 1) for name in names)})" for names in sets)
        by_sets = f"{whole.partition(' GROUP BY ')[0]} GROUP BY GROUPING SETS ({named})"
        ways["grouping sets"] = lambda: run(by_sets, params)
    return ways


def _branch(
    keys: tuple[str, ...], names: tuple[str, ...], numbers: dict[str, Any]
) -> tuple[str, tuple[Any, ...]]:
    """Return the SELECT of one grouping, with NULL for the keys that it has not."""
    from django.db.models import CharField, Value

    from benchmarks.models import CountedTicket

    missing = {f"no_{key}": Value(None, output_field=CharField()) for key in keys if key not in names}
    columns = [key if key in names else f"no_{key}" for key in keys]
    grouped = CountedTicket.objects.order_by().annotate(**missing).values(*columns).annotate(**numbers)
    found: tuple[str, tuple[Any, ...]] = grouped.query.sql_with_params()
    return found


if __name__ == "__main__":
    sys.exit(main())
