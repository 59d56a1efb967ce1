"""
Measure the nine statistics of the help desk as separate queries and by quell, and all of them as one dashboard.

``python -m benchmarks.dashboard [--database sqlite|postgres|mariadb] [--tickets N] [--rounds N]``
"""

import argparse
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.service_faults import DATABASES, ROOT, prepare
from tools.databases import SERVERS

if TYPE_CHECKING:
    from django.db.models import QuerySet

# What a round trip to a database on another machine adds.
ROUND_TRIP_MS = 1.0
LEAST_SAVED = 0.95
AREAS: Mapping[str, tuple[str, ...]] = {
    "tickets": ("TicketStatistics",),
    "work orders": ("WorkOrderStatistics",),
    "users": ("UserStatistics",),
    "communication": ("SessionStatistics", "CommunicationMessage"),
    "analytics": ("MetricStatistics", "ReportStatistics"),
    "AI": ("ModelStatistics", "PredictionStatistics"),
    "integrations": ("IntegrationStatistics",),
    "security": ("SecurityStatistics", "SecurityAuditLog"),
    "installments": ("InstallmentStatistics",),
}


def main() -> int:
    """Print a table for each database; return 1 if the dashboard is no single query, or slower than separate ones."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dashboard", description=__doc__)
    parser.add_argument("--database", action="append", choices=DATABASES, default=[])
    parser.add_argument("--tickets", type=int, default=2000, help="tickets of the help desk (default: 2,000)")
    parser.add_argument("--rounds", type=int, default=15, help="runs of each way (default: 15)")
    options = parser.parse_args()
    if len(options.database) == 1:
        return _run(options.database[0], options.tickets, options.rounds)
    codes = [_in_process(database, sys.argv[1:]) for database in options.database or DATABASES]
    return max(codes)


def _in_process(database: str, arguments: Sequence[str]) -> int:
    complaint = SERVERS[database].complaint() if database in SERVERS else None
    if complaint is not None:
        print(complaint, flush=True)
        return 1
    command = [sys.executable, "-m", "benchmarks.dashboard", *arguments, "--database", database]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _run(database: str, tickets: int, rounds: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        prepare(database, Path(folder))
        with _filled(tickets) as title:
            print(f"{title}, medians of {rounds} interleaved rounds")
            print("area | queries | ms | quell: queries | ms | ms with a round trip of 1 ms")
            results = [(name, *_measured(*ways, rounds)) for name, ways in _ways().items()]
    for name, separate, together in results:
        print(_line(name, separate, together))
    _, separate, together = results[-1]
    saved = 1 - together[0] / separate[0]
    faster = separate[1] / together[1]
    print(f"{separate[0]} queries became {together[0]}: {saved:.1%} fewer, {faster:.1f} times as fast\n")
    return int(saved < LEAST_SAVED or together[1] > separate[1])


def _line(name: str, separate: tuple[int, float], together: tuple[int, float]) -> str:
    apart, one = (queries * ROUND_TRIP_MS + ms for queries, ms in (separate, together))
    return f"{name} | {separate[0]} | {separate[1]:.1f} | {together[0]} | {together[1]:.1f} | {apart:.1f} -> {one:.1f}"


@contextmanager
def _filled(tickets: int) -> Any:  # noqa: ANN401 -- an iterator, for the decorator
    """Fill a help desk for the time of a block, and give what everything runs on, for the heading."""
    import django
    from django.apps import apps
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    databases = setup_databases(verbosity=0, interactive=False)
    try:
        import_module("seeding.data").seed(tickets)
        with connection.cursor() as cursor:
            for model in apps.get_models():
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"ANALYZE {'TABLE ' if connection.vendor == 'mysql' else ''}{table}")
        version = ".".join(map(str, connection.get_database_version()))
        yield (
            f"{connection.display_name} {version}, Python {platform.python_version()}, Django {django.get_version()}; "
            f"{tickets:,} tickets"
        )
    finally:
        teardown_databases(databases, verbosity=0)


def _ways() -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Return for each area, and for all of them, how it is asked by separate queries and by quell."""
    import quell

    declared, pages = import_module("portal.statistics"), import_module("portal.statistics_pages")
    found: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {}
    for name, names in AREAS.items():
        parts = {part: _part(getattr(declared, part)) for part in names}
        found[name] = (_separate(list(parts.values())), _together(quell, parts))
    asks = (pages._support, pages._people, pages._machines, pages._connections)
    found["dashboard"] = (
        lambda: [*(area for ask in asks for area in ask()), pages._installments()],
        declared.fetch_areas,
    )
    return found


def _part(found: Any) -> Any:  # noqa: ANN401 -- a Statistics class, or the manager of a model
    return getattr(found, "objects", found)


def _together(quell: Any, parts: Mapping[str, Any]) -> Callable[[], object]:  # noqa: ANN401 -- the package
    return lambda: quell.collect(**parts)


def _separate(parts: Sequence[Any]) -> Callable[[], object]:
    """Return how somebody asks for each number by itself."""
    from django.db.models import Count

    from quell.aggregation.functions import condition_of, without_condition

    asks: list[Callable[[], object]] = []
    for part in parts:
        if not hasattr(part, "declaration"):
            asks.append(part.count)
            continue
        rows = part.declaration().model._default_manager
        for expression in part.declaration().expressions.values():
            condition = condition_of(expression)
            chosen = rows.all() if condition is None else rows.filter(condition)
            if isinstance(expression, Count):
                asks.append(partial(_count, chosen))
            else:
                asks.append(partial(chosen.aggregate, x=without_condition(expression)))
    return lambda: [ask() for ask in asks]


def _count(rows: "QuerySet[Any, Any]") -> int:
    # A copy, as a queryset keeps what it has counted.
    return rows.all().count()


def _measured(
    separate: Callable[[], object], together: Callable[[], object], rounds: int
) -> tuple[tuple[int, float], tuple[int, float]]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts: list[int] = []
    times: list[list[float]] = []
    for way in (separate, together):
        way()
        with CaptureQueriesContext(connection) as queries:
            way()
        counts.append(len(queries))
        times.append([])
    for _ in range(rounds):
        for way, spent in zip((separate, together), times, strict=True):
            start = perf_counter()
            way()
            spent.append((perf_counter() - start) * 1000)
    return (counts[0], median(times[0])), (counts[1], median(times[1]))


if __name__ == "__main__":
    sys.exit(main())
