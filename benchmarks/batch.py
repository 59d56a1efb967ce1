"""
What ``quell.batch_loading()`` costs and saves: ``python -m benchmarks.batch [--rounds N] [--json]``.

Each round runs every piece of work three times in shuffled order: bare, bare again, and inside a block. A ratio
compares CPU time with the mean of the bare runs of its round; bare against bare is what this machine cannot tell
apart. Statements are counted in a run of their own.
"""

import argparse
import gc
import json
import os
import platform
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from time import process_time
from typing import Any

STATES = ("bare", "again", "batch")
LOADING_TARGET = 1.05


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of the table.

    Attributes:
        work: What was run.
        ratio: Median CPU time with batching over bare.
        noise: Between the quartiles of bare against bare.
        bare_ms: Median CPU time without quell.
        plain_count: Statements without quell.
        batch_count: Statements with batching.
        target: The highest ratio that is fine, where there is one.
    """

    work: str
    ratio: float
    noise: float
    bare_ms: float
    plain_count: int
    batch_count: int
    target: float | None = None

    @property
    def is_within(self) -> bool:
        """Whether the target is met, as far as this machine can tell."""
        return self.target is None or round(self.ratio - self.noise, 3) <= self.target


def main() -> int:
    """Run the benchmark; return 1 if the target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds (default: 15)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["QUELL_BENCHMARK_DATABASE"] = str(Path(folder) / "benchmark.sqlite3")
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    import django

    django.setup()
    from benchmarks import scenarios

    scenarios.fill()
    rows = [measure(name, work, rounds=options.rounds) for name, work in works().items()]
    versions = f"Python {platform.python_version()}, Django {django.get_version()}, SQLite"
    if options.json:
        print(json.dumps({"versions": versions, "rows": [asdict(row) for row in rows]}, indent=2))
    else:
        print(f"{versions}; {options.rounds} rounds, CPU time, medians")
        print(as_table(rows))
    return 0 if all(row.is_within for row in rows) else 1


def works() -> dict[str, Callable[[], object]]:
    """Return what is measured, by its name."""
    from benchmarks.models import Ticket as Model
    from benchmarks.scenarios import ROW_COUNT

    # The plugin for types does not know managers of relations here.
    Ticket: Any = Model  # noqa: N806 -- a class

    def some() -> list[Any]:
        return list(Ticket.objects.order_by("pk")[:100])

    return {
        f"load {ROW_COUNT:,} rows": lambda: len(Ticket.objects.order_by("pk")[:ROW_COUNT]),
        "100 rows, foreign key": lambda: [ticket.customer.name for ticket in some()],
        "100 rows, many-to-many": lambda: [[tag.name for tag in ticket.tags.all()] for ticket in some()],
        "100 rows, reverse": lambda: [[item.body for item in ticket.comments.all()] for ticket in some()],
        "100 rows, counts": lambda: [ticket.comments.count() for ticket in some()],
    }


def measure(name: str, work: Callable[[], object], *, rounds: int) -> Row:
    """Run one piece of work in every state, interleaved."""
    shuffler = random.Random(1)
    counts = {state: _count(work, state) for state in STATES}
    bare, ratios, noises = [], [], []
    for _ in range(rounds):
        times = {state: _time(work, state) for state in shuffler.sample(STATES, len(STATES))}
        mean = (times["bare"] + times["again"]) / 2
        bare.append(mean * 1000)
        ratios.append(times["batch"] / mean)
        noises.append(times["bare"] / times["again"])
    quarters = quantiles(noises, n=4)
    target = LOADING_TARGET if name.startswith("load") else None
    noise = (quarters[2] - quarters[0]) / 2
    return Row(name, median(ratios), noise, median(bare), counts["bare"], counts["batch"], target)


def _time(work: Callable[[], object], state: str) -> float:
    gc.collect()
    start = process_time()
    _do(work, state)
    return process_time() - start


def _count(work: Callable[[], object], state: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        _do(work, state)
    return len(queries)


def _do(work: Callable[[], object], state: str) -> object:
    import quell

    if state != "batch":
        return work()
    with quell.batch_loading():
        return work()


def as_table(rows: list[Row]) -> str:
    """Return the rows as text."""
    lines = [f"{'work':<26}{'bare ms':>9}{'ratio':>8}{'noise':>8}{'target':>8}{'plain':>7}{'batch':>7}"]
    for row in rows:
        target = f"{row.target:.2f}" if row.target else ""
        lines.append(
            f"{row.work:<26}{row.bare_ms:>9.1f}{row.ratio:>8.3f}{row.noise:>8.3f}{target:>8}"
            f"{row.plain_count:>7}{row.batch_count:>7}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
