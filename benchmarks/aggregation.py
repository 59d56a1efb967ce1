"""
Measure statistics against the single statements that can be written by hand, and against separate queries.

``python -m benchmarks.aggregation [--database sqlite|postgres|mariadb] [--rows N] [--rounds N]``; without a database it
measures SQLite and PostgreSQL.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from benchmarks.own_database import arguments, own_database

if TYPE_CHECKING:
    from django.db.models import Q, QuerySet

COUNTS = (1, 3, 5, 10, 20)
SHARES = (0.00001, 0.001, 0.01, 0.1, 0.4)
# By how much quell may be slower than the best statement by hand, and by how much faster on a mixed dashboard.
MOST, LEAST_ON_MIXED = 1.15, 1.5
ROUND_TRIP_MS = 1.0
_SECONDS, _MOST_ROUNDS = 4.0, 60
BY_HAND = ("aggregate", "scalars", "union all")
WAYS = ("separate", *BY_HAND, "quell", "not asked")


@dataclass(frozen=True, slots=True)
class Cell:
    """The fastest runs of one set of conditions in milliseconds, by way."""

    name: str
    count: int
    times: dict[str, float]

    @property
    def best(self) -> float:
        """The fastest single statement by hand."""
        return min(self.times[way] for way in BY_HAND)

    @property
    def ratio(self) -> float:
        """How many times as long as that quell takes."""
        return self.times["quell"] / self.best

    @property
    def is_right(self) -> bool:
        """Whether quell is as good as promised; below half a millisecond nothing can be told."""
        separate = self.times["separate"] + self.count * ROUND_TRIP_MS
        is_ahead = self.count == 1 or self.times["quell"] + ROUND_TRIP_MS < separate
        if self.name == "mixed" and self.count >= LEAST_MIXED:
            return is_ahead and self.best >= LEAST_ON_MIXED * self.times["quell"]
        return is_ahead and (self.ratio <= MOST or self.times["quell"] - self.best < 0.5)


LEAST_MIXED = 20


def main() -> int:
    """Print a line for each cell; return 1 if quell is slower than promised in one."""
    options = _arguments().parse_args()
    if options.database is None:
        command = [sys.executable, "-m", "benchmarks.aggregation", *sys.argv[1:], "--database"]
        return max(
            subprocess.run([*command, name], check=False).returncode for name in ("sqlite", "postgres")
        )
    with own_database(options.database) as surroundings:
        fill_tickets(options.rows)
        cells = []
        unit = "milliseconds of the process" if options.database == "sqlite" else "milliseconds"
        print(
            f"{surroundings}; {options.rows:,} rows, "
            f"the fastest of {options.rounds} or more interleaved rounds in {unit}"
        )
        print(
            f"{'conditions':<10} {'N':>2} {''.join(f'{way:>10}' for way in WAYS)}  quell / best", flush=True
        )
        for name, count, conditions in _grid(options.only):
            # SQLite works in the process itself, whose time no other process disturbs.
            clock = process_time if options.database == "sqlite" else perf_counter
            cell = Cell(name, count, _measure(conditions, options.rounds, clock))
            cells.append(cell)
            times = "".join(f"{cell.times[way]:>10.1f}" for way in WAYS)
            verdict = "" if cell.is_right else "  OVER"
            print(f"{name:<10} {count:>2} {times}{cell.ratio:>14.2f}{verdict}", flush=True)
    print(f"{sum(cell.is_right for cell in cells)} of {len(cells)} as promised")
    return 0 if all(cell.is_right for cell in cells) else 1


def _arguments() -> argparse.ArgumentParser:
    parser = arguments("aggregation", __doc__)
    parser.set_defaults(database=None)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the table (default: 1,000,000)")
    parser.add_argument("--only", default="", help="the cells whose name starts so, such as 40%% or mixed")
    return parser


_ROWS = {
    "postgresql": "SELECT generate_series(CAST(1 AS bigint), {count}) AS n",
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s",
    "mysql": "SELECT seq AS n FROM seq_1_to_{count}",
}


def fill_tickets(count: int) -> None:
    """Insert tickets by one statement, and let the database look at them."""
    from django.db import connection

    from benchmarks.models import CountedTicket

    def one_of(values: tuple[str, ...], expression: str) -> str:
        cases = " ".join(f"WHEN {position} THEN '{value}'" for position, value in enumerate(values))
        return f"CASE ({expression}) % {len(values)} {cases} END"

    statuses = one_of(("new", "open", "pending", "resolved", "closed", "cancelled"), "n * 7919 / 10")
    priorities = one_of(("low", "medium", "high", "urgent"), "n * 104729 / 7")
    channels = one_of(("email", "phone", "web", "chat"), "n * 1299709 / 11")
    if connection.vendor == "mysql":
        statuses, priorities, channels = (
            text.replace(" / ", " DIV ") for text in (statuses, priorities, channels)
        )
    table = CountedTicket._meta.db_table
    columns = "organization, status, number, priority, channel, minutes, note"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT n * 31 % 1000, {statuses}, n * 7919 % 100000, {priorities}, "
            f"{channels}, n * 613 % 600, '{'x' * 150}' FROM ({_ROWS[connection.vendor].format(count=count)}) r"
        )
        cursor.execute(
            f"VACUUM ANALYZE {table}" if connection.vendor == "postgresql" else _ANALYZE[connection.vendor]
        )


_ANALYZE = {"sqlite": "ANALYZE", "mysql": "ANALYZE TABLE benchmarks_countedticket"}


def _grid(only: str) -> Iterator[tuple[str, int, list["Q"]]]:
    """Yield the conditions of each cell: an indexed range of each share, columns without an index, and both."""
    from django.db.models import Q

    def indexed(share: float, position: int) -> Q:
        width = max(1, int(share * 100_000))
        first = position * 4_703 % (100_000 - width + 1)
        return Q(number=first) if width == 1 else Q(number__range=(first, first + width - 1))

    def plain(position: int) -> Q:
        values: tuple[Q, ...] = (
            Q(priority="low"),
            Q(channel="email"),
            Q(minutes__lt=300),
            Q(priority="urgent"),
            Q(channel="web"),
            Q(minutes__gte=500),
        )
        return values[position % 6] if position < 6 else Q(minutes__lt=30 * position)

    def of_share(share: float) -> Callable[[int, int], Q]:
        return lambda _, position: indexed(share, position)

    cells: dict[str, Callable[[int, int], Q]] = {
        **{f"{share:.3%}": of_share(share) for share in SHARES},
        "no index": lambda _, n: plain(n),
        "half": lambda count, n: plain(n) if n < count // 2 else indexed(0.001, n),
        "mixed": lambda count, n: plain(n) if n < count // 4 else indexed(0.001, n),
    }
    for name, make in cells.items():
        for count in COUNTS:
            if name.startswith(only):
                yield name, count, [make(count, position) for position in range(count)]


def _measure(conditions: list["Q"], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """Time each way in turn, after a run of each; what else the machine does only ever makes a run slower."""
    ways = _ways(conditions)
    results = {name: tuple(way()) for name, way in ways.items()}
    if len(set(results.values())) > 1:
        raise RuntimeError(results)
    began = perf_counter()
    for way in ways.values():
        way()
    # What takes a millisecond is over before the machine has done anything else, so it runs more often.
    rounds = max(rounds, min(_MOST_ROUNDS, int(_SECONDS / (perf_counter() - began))))
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = clock()
            way()
            times[name].append((clock() - start) * 1000)
    return {name: min(spent) for name, spent in times.items()}


def _ways(conditions: list["Q"]) -> dict[str, Callable[[], list[int]]]:
    from django.db import connection
    from django.db.models import Count

    from benchmarks.models import CountedTicket
    from quell.aggregation import Count as Number
    from quell.aggregation import Statistics

    rows = CountedTicket.objects.all()
    compiled = [_counted(rows.filter(condition)) for condition in conditions]
    params = [param for _, found in compiled for param in found]
    scalars = f"SELECT {', '.join(f'({sql})' for sql, _ in compiled)}"
    union = " UNION ALL ".join(
        f"SELECT {position} AS p, t.n FROM ({sql}) t" for position, (sql, _) in enumerate(compiled)
    )
    names = [f"n{position}" for position in range(len(conditions))]
    plain = {name: Count("pk", filter=condition) for name, condition in zip(names, conditions, strict=True)}

    def declared() -> Statistics:
        return Statistics.of(
            rows, **{name: Number("pk", filter=found) for name, found in zip(names, conditions, strict=True)}
        )

    def run(sql: str) -> list[tuple[int, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())

    asked, guessed = declared(), declared()
    asked.explain()
    return {
        "separate": lambda: [rows.filter(condition).count() for condition in conditions],
        "aggregate": lambda: list(rows.aggregate(**plain).values()),
        "scalars": lambda: list(run(scalars)[0]),
        "union all": lambda: [count for _, count in sorted(run(union))],
        "quell": lambda: list(dict(asked.fetch()).values()),
        "not asked": lambda: list(dict(guessed.fetch()).values()),
    }


def _counted(queryset: "QuerySet[Any, Any]") -> tuple[str, tuple[Any, ...]]:
    from django.db.models import Func, IntegerField

    count = Func(function="COUNT", template="COUNT(*)", output_field=IntegerField())
    found: tuple[str, tuple[Any, ...]] = queryset.order_by().values(n=count).query.sql_with_params()
    return found


if __name__ == "__main__":
    sys.exit(main())
