"""
How six serializers are loaded: ``python -m benchmarks.loading [--database NAME] [--rounds N] [--tickets N] [--json]``.

Each way to load runs in every round, in shuffled order. Statements and bytes are counted in a run of their own, which
is also compared with what plain Django shows. A time is the CPU time of this process, as the median of the ratios to
the run by hand of the same round. Without ``--database`` SQLite and PostgreSQL are measured, one after the other.
"""

import argparse
import gc
import json
import platform
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

from tests.database_settings import databases
from tools.databases import SERVERS

if TYPE_CHECKING:
    from benchmarks.desk.cases import Case
    from benchmarks.desk.ways import Way

DATABASES = ("sqlite", "postgres")
BYTES_TARGET = 1.1
TIME_TARGET = 1.1


@dataclass(frozen=True, slots=True)
class Cell:
    """
    One way to load one case.

    Attributes:
        case: What is shown.
        way: How it is loaded.
        queries: Statements.
        kb: Thousands of bytes of values in rows.
        output: ``"same"``, ``"other"``, or the name of the error.
        ratio: CPU time as a multiple of that by hand; ``None`` where nothing came out, or nothing was timed.
    """

    case: str
    way: str
    queries: int
    kb: float
    output: str
    ratio: float | None = None


def main() -> int:
    """Measure one database, or each; return 1 if a target is missed."""
    options = _arguments().parse_args()
    if options.database is None:
        return max(_run_alone(database) for database in DATABASES)
    complaint = SERVERS[options.database].complaint() if options.database in SERVERS else None
    if complaint:
        print(f"skipped: {complaint}")
        return 0
    return _run(options)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loading", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres", "mariadb"), help="only this one")
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds (default: 15)")
    parser.add_argument("--tickets", type=int, default=50, help="rows of each list (default: 50)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser


def _run_alone(database: str) -> int:
    """Measure one database in a process of its own: Django is set up once per process."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "benchmarks.loading",
        *sys.argv[1:],
        "--database",
        database,
    ]
    return subprocess.run(command, check=False).returncode


def _set_up(database: str) -> None:
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={"default": databases(database)["default"]},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        TIME_ZONE="UTC",
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "rest_framework",
            "benchmarks.desk",
        ],
        MIGRATION_MODULES=dict.fromkeys(("contenttypes", "auth", "desk")),
        QUELL_ON_ERROR="raise",
    )
    django.setup()


def _run(options: argparse.Namespace) -> int:
    import django

    _set_up(options.database)
    from django.db import connection

    from benchmarks.desk.rows import fill

    connection.creation.create_test_db(verbosity=0)
    try:
        fill(options.tickets)
        cells = list(_measure(options.rounds))
        version = ".".join(map(str, connection.get_database_version()))
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
    missed = list(misses(cells))
    if options.json:
        print(json.dumps({"cells": [asdict(cell) for cell in cells], "missed": missed}, indent=2))
    else:
        print(
            f"{connection.display_name} {version}, Python {platform.python_version()}, "
            f"Django {django.get_version()}; {options.tickets} tickets, {options.rounds} rounds"
        )
        print(*tables(cells), *missed, sep="\n")
    return int(bool(missed))


def _measure(rounds: int) -> Iterator[Cell]:
    from benchmarks.desk.cases import CASES
    from benchmarks.desk.ways import available

    shuffler = random.Random(1)
    for case in CASES:
        ways = [way for way in available() if way.handles(case)]
        cells = {way.name: _count(case, way) for way in ways}
        timed = [way for way in ways if cells[way.name].output == "same"]
        ratios = _ratios(case, timed, rounds, shuffler)
        for cell in cells.values():
            yield replace(cell, ratio=ratios.get(cell.way))


def _count(case: "Case", way: "Way") -> Cell:
    """Run once to find plans and statements, as a process that serves requests has, then count."""
    from benchmarks.desk.counting import counted
    from benchmarks.desk.ways import as_data, naive

    try:
        with way.setting(case):
            way.show(case)
            with counted() as counts:
                shown = as_data(way.show(case))
    except Exception as error:
        if way.is_judged:
            raise
        return Cell(case.name, way.name, 0, 0.0, type(error).__qualname__)
    output = "same" if shown == as_data(naive(case)) else "other"
    return Cell(case.name, way.name, counts.query_count, counts.byte_count / 1000, output)


def _ratios(case: "Case", ways: Sequence["Way"], rounds: int, shuffler: random.Random) -> dict[str, float]:
    from benchmarks.desk.ways import BY_HAND

    found: dict[str, list[float]] = {way.name: [] for way in ways}
    for _ in range(rounds):
        times = {way.name: _time(case, way) for way in shuffler.sample(ways, len(ways))}
        for name, spent in times.items():
            found[name].append(spent / times[BY_HAND])
    return {name: median(ratios) for name, ratios in found.items() if ratios}


def _time(case: "Case", way: "Way") -> float:
    with way.setting(case):
        gc.collect()
        start = process_time()
        way.show(case)
        return process_time() - start


def misses(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield what is worse than it has to be, one line each."""
    from benchmarks.desk.cases import CASES
    from benchmarks.desk.ways import BATCH, BY_HAND, available

    found = {(cell.case, cell.way): cell for cell in cells}
    judged = [way.name for way in available() if way.is_judged]
    for case in CASES:
        hand = found[case.name, BY_HAND]
        for name in [*judged, BATCH]:
            cell = found[case.name, name]
            if cell.output != "same":
                yield f"MISSED {case.name}, {name}: the output is another"
            elif name == BATCH:
                if cell.queries > 1 + case.shape_count:
                    yield f"MISSED {case.name}, {name}: {cell.queries} queries for {case.shape_count} shapes"
            elif name in {"declared", "recorded"} or case.declared is None:
                yield from _worse(cell, hand)


def _worse(cell: Cell, hand: Cell) -> Iterator[str]:
    start = f"MISSED {cell.case}, {cell.way}"
    if cell.queries > hand.queries:
        yield f"{start}: {cell.queries} queries, by hand {hand.queries}"
    if cell.kb > hand.kb * BYTES_TARGET:
        yield f"{start}: {cell.kb:.1f} KB, by hand {hand.kb:.1f}"
    if cell.ratio is not None and cell.ratio > TIME_TARGET:
        yield f"{start}: {cell.ratio:.2f} times the time by hand"


def tables(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield a table of queries, one of kilobytes and one of times, with a column for each way."""
    yield from _table("queries", cells, lambda cell: str(cell.queries))
    yield from _table("KB loaded", cells, lambda cell: f"{cell.kb:.1f}")
    yield from _table("time", cells, lambda cell: "" if cell.ratio is None else f"{cell.ratio:.2f}")


def _table(title: str, cells: Sequence[Cell], show: Callable[[Cell], str]) -> Iterator[str]:
    names = dict.fromkeys(cell.way for cell in cells)
    found = {(cell.case, cell.way): cell for cell in cells}
    yield f"{title:<32}" + "".join(f"{name:>10}" for name in names)
    for case in dict.fromkeys(cell.case for cell in cells):
        row = [found.get((case, name)) for name in names]
        texts = ["-" if cell is None else show(cell) if cell.output == "same" else "fails" for cell in row]
        yield f"{case:<32}" + "".join(f"{text:>10}" for text in texts)


if __name__ == "__main__":
    sys.exit(main())
