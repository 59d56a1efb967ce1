"""
Crash each service of the help desk at every statement: ``python -m benchmarks.service_faults``.

Each case runs in a process of its own, which fails at one point: by an exception, by losing its connection
(``pg_terminate_backend`` or ``KILL`` from another one), or by SIGKILL.
Afterwards every cell of every table is compared with what it was before, and with what it is after complete runs; where
two complete runs differ, as in the time of day, the cell has to be written. Then the rows are put back.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tools.databases import SERVERS

if TYPE_CHECKING:
    from benchmarks.service_crashes import Case

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "example_project"
DATABASES = ("sqlite", *SERVERS)
MARKS = {"nothing": ".", "whole": "W", "HALF": "H", "LOST": "L"}
ALLOWED = ("nothing", "whole")
LEGEND = (
    "one mark per point: before each statement in turn, the COMMIT included, and right after the COMMIT\n"
    ". nothing was changed   W everything was   H half was   L nothing was, and the call returned"
)


def main() -> int:
    """Run every case on every database, print the tables, and return 1 if a change was not whole."""
    options = _parser().parse_args()
    if len(options.database) == 1:
        return _run(options)
    print(LEGEND, flush=True)
    codes = [_in_process(database, sys.argv[1:]) for database in options.database or DATABASES]
    return max(codes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_faults", description=__doc__)
    parser.add_argument(
        "--database", action="append", choices=DATABASES, default=[], help="only this one (may be repeated)"
    )
    parser.add_argument("--service", action="append", help="only this one (may be repeated)")
    parser.add_argument("--short", action="store_true", help="the first, the middle and the last points only")
    parser.add_argument("--bare", action="store_true", help="without @service, to see that halves are found")
    parser.add_argument("--points", action="store_true", help="a line for each point, with its statement")
    return parser


def _in_process(database: str, arguments: Sequence[str]) -> int:
    complaint = SERVERS[database].complaint() if database in SERVERS else None
    if complaint is not None:
        print(f"\n{complaint}", flush=True)
        return 1
    command = [sys.executable, "-m", "benchmarks.service_faults", *arguments, "--database", database]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _run(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        prepare(options.database[0], Path(folder))
        from django.db import connection
        from django.test.utils import setup_databases, teardown_databases

        databases = setup_databases(verbosity=0, interactive=False)
        try:
            version = ".".join(map(str, connection.get_database_version()))
            title = f"{connection.display_name} {version}"
            cases = list(_cases(options))
        finally:
            teardown_databases(databases, verbosity=0)
    print("\n".join(_lines(title, cases, with_points=options.points)), flush=True)
    return int(any(case.outcome not in ALLOWED for case in cases))


def prepare(database: str, folder: Path) -> None:
    """Set Django up for the help desk on a database of its own."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    url = f"sqlite:///{folder}/faults.sqlite3"
    os.environ["DATABASE_URL"] = (
        SERVERS[database].url(f"faults_{os.getpid()}") if database in SERVERS else url
    )
    sys.path.insert(0, str(EXAMPLE))
    if database == "mariadb":
        import_module("tests.database_settings")._install_driver()
    from django.conf import settings

    if database == "sqlite":
        # In memory, which is the default of tests, no other process would see a row.
        name = settings.DATABASES["default"]["NAME"]
        settings.DATABASES["default"]["TEST"] = {"NAME": f"{name}.test"}
    import django

    django.setup()


def _cases(options: argparse.Namespace) -> Iterator["Case"]:
    from django.db import connection

    from benchmarks.service_crashes import KINDS, LOST, Subject

    operations = import_module("operations.catalog").OPERATIONS
    import_module("seeding.data").grow(4)
    kinds = [kind for kind in KINDS if kind != LOST or connection.vendor != "sqlite"]
    for slug in options.service or operations:
        subject = Subject(operations[slug], is_bare=options.bare)
        points = subject.points()
        if options.short:
            points = [points[0], points[len(points) // 2], *points[-3:]]
        for kind in kinds:
            for point in points:
                yield subject.crash(kind, point)


def _lines(title: str, cases: Sequence["Case"], *, with_points: bool) -> Iterator[str]:
    yield f"\n{title}"
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.slug, case.kind), []).append(case)
    for (slug, kind), found in groups.items():
        yield f"  {slug:<20} {kind:<16} {''.join(MARKS[case.outcome] for case in found)}"
        if with_points:
            for case in found:
                yield f"    {case.point!s:>13}  {case.statement:<50} {case.outcome:<8} {case.told}"
    for case in cases:
        if case.outcome not in ALLOWED:
            yield f"{case.outcome}: {case.slug}, {case.kind} at {case.point} ({case.statement}), told {case.told}"
    counts = [f"{sum(case.outcome == name for case in cases)} {name}" for name in MARKS]
    yield f"  {len(cases)} crashes: {', '.join(counts)}"


if __name__ == "__main__":
    sys.exit(main())
