"""
Measure when a join loads parents faster, and when a second query does; compare with what the advice chooses.

``python -m benchmarks.join_or_prefetch [--database sqlite|postgres|mariadb] [--rounds N] [--largest N]``
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.own_database import arguments, own_database

if TYPE_CHECKING:
    from django.db.models import QuerySet

ROWS = (20, 200, 2_000, 20_000)
SHARES = (0.0, 0.1, 0.3, 0.6, 1.0)  # distinct parents per row; 0 stands for ten parents
FEW = 10
TIE = 0.15  # a difference below this share is none


@dataclass(frozen=True, slots=True)
class Cell:
    """Some rows, the parents they share, and how long both ways take."""

    rows: int
    parents: int
    relation: str
    join_ms: float
    separate_ms: float
    is_separate_chosen: bool

    @property
    def ratio(self) -> float:
        """How many times as long the join takes."""
        return self.join_ms / self.separate_ms

    @property
    def is_right(self) -> bool:
        """Tell whether the advice is the faster way, or as fast."""
        return self.ratio > 1 / (1 + TIE) if self.is_separate_chosen else self.ratio < 1 + TIE


def main() -> int:
    """Print the table; return 1 if the advice is wrong somewhere."""
    options = _arguments().parse_args()
    with own_database(options.database) as surroundings:
        cells = list(_measure(options.rounds, options.largest))
    print(f"{surroundings}; medians of {options.rounds} interleaved rounds")
    print("rows | parents | parent | join ms | separate ms | join / separate | advice")
    for cell in cells:
        advice = "separate" if cell.is_separate_chosen else "join"
        note = "" if cell.is_right else " (slower)"
        print(
            f"{cell.rows:,} | {cell.parents:,} | {cell.relation} | {cell.join_ms:.1f} | "
            f"{cell.separate_ms:.1f} | {cell.ratio:.2f} | {advice}{note}"
        )
    print(f"{sum(cell.is_right for cell in cells)} of {len(cells)} right or within {TIE:.0%}")
    return 0 if all(cell.is_right for cell in cells) else 1


def _arguments() -> argparse.ArgumentParser:
    parser = arguments("join_or_prefetch", __doc__)
    parser.add_argument("--largest", type=int, default=ROWS[-1], help="leave out more rows than this")
    return parser


def _measure(rounds: int, largest: int) -> Iterator[Cell]:
    from benchmarks.models import JoinedChild
    from quell.advice.choosing import is_separate_cheaper

    sizes = [size for size in ROWS if size <= largest]
    cells = _fill(sizes)
    for (rows, parents), number in cells.items():
        for relation in ("narrow", "wide"):
            queryset = JoinedChild.objects.filter(cell=number).order_by("pk")
            target: Any = JoinedChild._meta.get_field(relation).related_model
            times = _compare(
                partial(_read, queryset.select_related(relation), relation),
                partial(_read, queryset.prefetch_related(relation), relation),
                rounds,
            )
            yield Cell(rows, parents, relation, *times, is_separate_cheaper(rows, parents, target))


def _fill(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Create the rows of each cell; return its number."""
    from benchmarks.models import JoinedChild, NarrowParent, WideParent

    text = "All work and no play makes Jack a dull boy. " * 45
    parents = range(1, max(sizes) + 1)
    NarrowParent.objects.bulk_create([NarrowParent(pk=n, name=f"Name {n}") for n in parents], batch_size=1000)
    names = [f"column_{n}" for n in range(10)]
    WideParent.objects.bulk_create(
        [WideParent(pk=n, text=text, **dict.fromkeys(names, f"Value {n}")) for n in parents], batch_size=500
    )
    cells: dict[tuple[int, int], int] = {}
    for rows in sizes:
        for share in SHARES:
            shared = max(min(FEW, rows), int(rows * share))
            number = cells.setdefault((rows, shared), len(cells))
            if number < len(cells) - 1:
                continue
            children = [
                JoinedChild(cell=number, title=f"Child {n}", narrow_id=1 + n % shared, wide_id=1 + n % shared)
                for n in range(rows)
            ]
            JoinedChild.objects.bulk_create(children, batch_size=1000)
    _analyse()
    return cells


def _analyse() -> None:
    """Let the planner know how large the tables are, as it does in production."""
    from django.db import connection

    from benchmarks.models import JoinedChild, NarrowParent, WideParent

    tables = ", ".join(model._meta.db_table for model in (JoinedChild, NarrowParent, WideParent))
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE TABLE {tables}" if connection.vendor == "mysql" else "ANALYZE")


def _read(queryset: "QuerySet[Any, Any]", relation: str) -> int:
    # A copy, which has no rows yet.
    return sum(getattr(row, relation).pk for row in queryset.all())


def _compare(one: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Time both ways in turn, after a run of each."""
    ways, times = (one, other), ([], [])  # type: tuple[Callable[[], object], ...], tuple[list[float], ...]
    for number in range(rounds + 1):
        for way, spent in zip(ways, times, strict=True):
            start = perf_counter()
            way()
            if number:
                spent.append((perf_counter() - start) * 1000)
    return median(times[0]), median(times[1])


if __name__ == "__main__":
    sys.exit(main())
