"""
Crash each service of the help desk at every statement: ``python -m benchmarks.service_faults [--database URL]``.

Each case runs in a process of its own, which fails at one statement: by an exception, by losing its connection
(``pg_terminate_backend`` or ``KILL``), or by SIGKILL. Afterwards every table is compared with what it was before.
``nothing`` and ``whole`` are the two outcomes that are allowed; ``HALF`` is what must never be.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).resolve().parent.parent / "example_project"
KINDS = ("exception", "lost connection", "SIGKILL")
# The points after the last statement.
BEFORE_COMMIT, AFTER_COMMIT = "before commit", "after commit"
Point = int | str


@dataclass(frozen=True, slots=True)
class Case:
    """One crash of one service."""

    slug: str
    kind: str
    point: Point
    outcome: str


@dataclass(slots=True)
class _Known:
    """The tables after the last case, and what a whole run of the service changes."""

    tables: dict[str, list[tuple[Any, ...]]]
    whole: dict[str, int]


class Crash(Exception):
    """The error that is injected."""


def main() -> int:
    """Run every case, print the table, and return 1 if a table was changed by half."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_faults", description=__doc__)
    parser.add_argument("--database", default="", help="URL of a server; without it a SQLite file")
    parser.add_argument("--service", action="append", help="only this one (may be repeated)")
    options = parser.parse_args()
    _prepare(options.database)
    from django.test.utils import setup_databases, teardown_databases

    databases = setup_databases(verbosity=0, interactive=False)
    try:
        cases = _cases(options.service)
    finally:
        teardown_databases(databases, verbosity=0)
    _print(cases)
    return int(any(case.outcome == "HALF" for case in cases))


def _prepare(url: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["DATABASE_URL"] = url or f"sqlite:///{tempfile.mkdtemp()}/faults.sqlite3"
    sys.path.insert(0, str(EXAMPLE))
    from django.conf import settings

    if url.startswith(("mysql", "mariadb")):
        import_module("tests.database_settings")._install_driver()
    if not url:
        # In memory, which is the default of tests, no other process would see a row.
        name = settings.DATABASES["default"]["NAME"]
        settings.DATABASES["default"]["TEST"] = {"NAME": f"{name}.test"}
    import django

    django.setup()


def _cases(slugs: list[str] | None) -> list[Case]:
    operations: dict[str, Any] = import_module("operations.catalog").OPERATIONS
    import_module("seeding.data").grow(4)
    cases: list[Case] = []
    for slug in slugs or operations:
        operation = operations[slug]
        arguments = operation.sample()
        # What a service sets, such as permissions, is set from the second run on.
        _statement_count(operation, {**arguments, **_unique(slug, -2)})
        before = _snapshot()
        count = _statement_count(operation, {**arguments, **_unique(slug, -1)})
        after = _snapshot()
        known = _Known(tables=after, whole=_change(before, after))
        for kind in KINDS:
            if kind == "lost connection" and _vendor() == "sqlite":
                continue
            for point in (*range(1, count + 1), BEFORE_COMMIT, AFTER_COMMIT):
                cases.append(_case(operation, {**arguments, **_unique(slug, len(cases))}, kind, point, known))
    return cases


def _unique(slug: str, number: int) -> dict[str, str]:
    # The same key would be the same call, of which nothing is written.
    return {"call_key": f"call {number}"} if slug == "execute-integration" else {}


def _vendor() -> str:
    from django.db import connection

    return connection.vendor


def _case(operation: Any, arguments: Any, kind: str, point: Point, known: _Known) -> Case:
    before = known.tables
    _in_process(lambda: _crash(operation, arguments, kind, point))
    after = known.tables = _snapshot()
    outcome = "whole" if _change(before, after) == known.whole else "HALF"
    if after == before:
        outcome = "nothing"
    return Case(operation.slug, kind, point, outcome)


def _snapshot() -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    from django.apps import apps
    from django.db import connections

    tables = {}
    for model in apps.get_models(include_auto_created=True):
        rows = model._base_manager.values_list()
        tables[model._meta.db_table] = sorted(rows, key=repr)
    connections.close_all()
    return tables


def _change(before: dict[str, Any], after: dict[str, Any]) -> dict[str, int]:
    """Return how many rows came or went, by table."""
    return {
        name: len(after[name]) - len(rows) for name, rows in before.items() if len(after[name]) != len(rows)
    }


def _in_process(work: Callable[[], None]) -> int:
    """Run work in a copy of this process, and return how it ended."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), 2)
                work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


def _statement_count(operation: Any, arguments: Any) -> int:
    reader, writer = os.pipe()

    def count() -> None:
        with _Counting(lambda number: None) as seen:
            _run(operation, arguments)
        os.write(writer, str(seen[0]).encode())

    _in_process(count)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        return int(pipe.read())


def _run(operation: Any, arguments: Any) -> None:
    if operation.is_async:
        asyncio.run(operation.run(**arguments))
    else:
        operation.run(**arguments)


class _Counting:
    """Call a function before each statement, with its number."""

    def __init__(self, before: Callable[[int], None]) -> None:
        self._before = before
        self.seen = [0]

    def __enter__(self) -> list[int]:
        from django.db.backends.utils import CursorWrapper

        original: Any = CursorWrapper._execute  # type: ignore[attr-defined]  # the stubs lack it
        seen, before = self.seen, self._before

        def execute(cursor: Any, sql: str, params: Any, *rest: Any) -> Any:
            seen[0] += 1
            before(seen[0])
            return original(cursor, sql, params, *rest)

        self._original = original
        CursorWrapper._execute = execute  # type: ignore[attr-defined]  # as above
        return seen

    def __exit__(self, *error: object) -> None:
        from django.db.backends.utils import CursorWrapper

        CursorWrapper._execute = self._original  # type: ignore[attr-defined]  # as above


def _crash(operation: Any, arguments: Any, kind: str, point: Point) -> None:
    """Run a service that crashes at one point."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    base: Any = BaseDatabaseWrapper
    commit = base._commit

    def crashing_commit(connection: Any) -> None:
        if point == BEFORE_COMMIT:
            _strike(kind)
        commit(connection)
        if point == AFTER_COMMIT:
            _strike(kind)

    base._commit = crashing_commit
    with _Counting(lambda number: _strike(kind) if number == point else None):
        _run(operation, arguments)


def _strike(kind: str) -> None:
    if kind == "SIGKILL":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "exception":
        raise Crash
    from django.db import connection

    raw: Any = connection.connection
    is_postgres = connection.vendor == "postgresql"
    number = raw.info.backend_pid if is_postgres else raw.thread_id()
    other = connection.copy()
    with other.cursor() as cursor:
        # Past the wrapper that counts.
        inner: Any = cursor.cursor
        inner.execute(f"SELECT pg_terminate_backend({number})" if is_postgres else f"KILL {number}")
    other.close()


def _print(cases: list[Case]) -> None:
    print(f"{'service':<22}{'crash':<17}{'points':>7}{'nothing':>9}{'whole':>7}{'HALF':>6}")
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.slug, case.kind), []).append(case)
    for (slug, kind), found in groups.items():
        counts = [sum(case.outcome == name for case in found) for name in ("nothing", "whole", "HALF")]
        print(f"{slug:<22}{kind:<17}{len(found):>7}{counts[0]:>9}{counts[1]:>7}{counts[2]:>6}")
    for case in cases:
        if case.outcome == "HALF":
            print(f"HALF: {case.slug}, {case.kind} at {case.point}")
    print(f"{len(cases)} crashes")


if __name__ == "__main__":
    sys.exit(main())
