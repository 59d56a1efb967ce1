"""
Run lint, types and tests over every supported Python, Django and database.

Usage: ``python -m tools.matrix [--coverage] [--list] [WORD ...] [-- PYTEST ARGUMENT ...]``. Words select
cells: each word has to occur in the cell's name, as in ``py313 sqlite``, ``mariadb``, ``lint``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tools.cells import Cell, Result, run
from tools.databases import SERVERS
from tools.environments import DOCS, LINT, MATRIX, ROOT, Environment, clean_environ

_WORKERS = 2
# Measured on the newest Django alone, where code for older ones does not run.
_MINIMUM_COVERAGE = 95
_EXAMPLE_TESTS = "tests/example"
# Whole runs of commands, as pages show them: what they need of Django other tests try on each.
_ON_NEWEST = ("tests/guides/test_console.py", "tests/guides/test_tutorial.py")
_BUILD_DOCS = ("sphinx-build", "-W", "--keep-going", "-q", "docs", "build/docs")
# Each check: its name, its command, and the folders it reads.
_CHECKS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("mypy", ("mypy",), ("src", "tests", "tools", "benchmarks")),
    ("mypy-example", ("mypy", "--config-file=tools/mypy-example.ini"), ("example_project", _EXAMPLE_TESTS)),
    ("ruff", ("ruff", "check"), (".",)),
    ("format", ("ruff", "format", "--check"), (".",)),
    ("imports", ("lint-imports", "--no-cache"), ()),
    ("sizes", ("python", "-m", "tools.sizes"), ()),
)


def lint_cells() -> Iterator[Cell]:
    """Yield the checks that read code without testing it; folders without code yet are left out."""
    for part, command, folders in _CHECKS:
        existing = tuple(folder for folder in folders if _has_python(folder))
        if existing or not folders:
            yield Cell(environment=LINT, part=part, command=(*command, *existing), is_tests=False)
    yield Cell(environment=DOCS, part="docs", command=_BUILD_DOCS, is_tests=False)


def test_cells(arguments: Sequence[str], coverage_folder: Path | None) -> Iterator[Cell]:
    """
    Yield the test runs, longest first.

    Coverage is measured on the newest Django. A measurement makes a cell take twice as long, and quell walks further
    where a tracer runs: the other cells test what users have.
    """
    measured = {MATRIX[-1]: coverage_folder}
    for environment in reversed(MATRIX):
        left_out = [] if environment is MATRIX[-1] else [f"--ignore={path}" for path in _ON_NEWEST]
        yield _tests(environment, "sqlite", [*left_out, *arguments], measured.get(environment))
    for environment in MATRIX:
        yield _example_tests(environment, arguments, measured.get(environment))
    for database in SERVERS:
        for environment in MATRIX:
            folder = coverage_folder if environment is MATRIX[-1] else None
            yield _tests(environment, database, ["-m", "databases", *arguments], folder)
            yield _example_on_server(environment, database, arguments, folder)


def report(results: Sequence[Result]) -> int:
    """Print the closing line; return the exit status."""
    passed, failed, skipped = (
        sum(getattr(result, name) for result in results) for name in ("passed", "failed", "skipped")
    )
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return int(failed > 0)


def _has_python(folder: str) -> bool:
    return next((ROOT / folder).rglob("*.py"), None) is not None


def _tests(
    environment: Environment, database: str, arguments: Sequence[str], coverage_folder: Path | None
) -> Cell:
    command, variables = _pytest(f"{environment.name}-{database}", coverage_folder)
    return Cell(
        environment=environment,
        part=database,
        command=(*command, *arguments),
        variables=variables | {"QUELL_TEST_DATABASE": database},
        server=database if database in SERVERS else None,
    )


def _example_tests(environment: Environment, arguments: Sequence[str], coverage_folder: Path | None) -> Cell:
    command, variables = _pytest(f"{environment.name}-example", coverage_folder)
    return Cell(
        environment=environment,
        part="example",
        command=(*command, "--ds=config.settings", _EXAMPLE_TESTS, *arguments),
        variables=variables | {"PYTHONPATH": str(ROOT / "example_project")},
    )


def _example_on_server(
    environment: Environment, database: str, arguments: Sequence[str], coverage_folder: Path | None
) -> Cell:
    name = f"helpdesk_{environment.name.replace('-', '_')}_{os.getpid()}"
    command, variables = _pytest(f"{environment.name}-example-{database}", coverage_folder)
    selected = ("--ds=config.settings", _EXAMPLE_TESTS, "-m", "databases", *arguments)
    return Cell(
        environment=environment,
        part=f"example-{database}",
        command=(*command, *selected),
        variables=variables
        | {"PYTHONPATH": str(ROOT / "example_project"), "DATABASE_URL": SERVERS[database].url(name)},
        server=database,
    )


def _pytest(name: str, coverage_folder: Path | None) -> tuple[tuple[str, ...], dict[str, str]]:
    options = ("-q", "--color=no", "-p", "no:cacheprovider")
    if coverage_folder is None:
        return ("python", "-m", "pytest", *options), {}
    # Not pytest-cov: it starts after the entry points of quell's own pytest plugin were imported.
    variables = {"COVERAGE_FILE": str(coverage_folder / f".coverage.{name}")}
    return ("python", "-m", "coverage", "run", "-m", "pytest", *options), variables


def _run_all(cells: Sequence[Cell]) -> list[Result]:
    results = []
    pool = ThreadPoolExecutor(max_workers=_WORKERS)
    try:
        for future in as_completed([pool.submit(run, cell) for cell in cells]):
            results.append(future.result())
            _show(results[-1])
    finally:
        # After an interrupt the cells that wait must not start.
        pool.shutdown(cancel_futures=True)
    return results


def _show(result: Result) -> None:
    print(result.line(), flush=True)
    if result.failed and result.log is not None:
        print(f"{result.tail()}\n(all of it: {result.log.relative_to(ROOT)})", flush=True)


def _check_coverage(folder: Path) -> Result:
    """Combine what the cells measured, and compare with the minimum."""
    cell = Cell(environment=LINT, part="coverage", command=(), is_tests=False)
    variables = clean_environ(LINT, {"COVERAGE_FILE": str(folder / ".coverage")})
    code = 0
    for step in (["combine", "--quiet"], ["report", f"--fail-under={_MINIMUM_COVERAGE}"]):
        done = subprocess.run(["coverage", *step], cwd=ROOT, env=variables, check=False)
        code = code or done.returncode
    return Result(cell=cell, failed=int(code != 0), reason="see the report above" if code else "")


def _select(cells: Sequence[Cell], words: Sequence[str]) -> list[Cell]:
    return [cell for cell in cells if all(word in cell.name for word in words)]


def _parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(prog="python -m tools.matrix", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="part of a cell's name")
    parser.add_argument("--coverage", action="store_true", help="measure, combine, and require the minimum")
    parser.add_argument("--list", action="store_true", help="print the names of the cells and stop")
    return parser.parse_args(arguments[:cut]), list(arguments[cut + 1 :])


def main(arguments: Sequence[str]) -> int:
    """Run the selected cells; return 1 when anything failed."""
    options, for_pytest = _parse(arguments)
    measure = options.coverage or (os.environ.get("CI") == "true" and not options.words)
    with tempfile.TemporaryDirectory(prefix="quell-coverage-") as folder:
        cells = [*test_cells(for_pytest, Path(folder) if measure else None), *lint_cells()]
        cells = _select(cells, options.words)
        if options.list or not cells:
            print("\n".join(cell.name for cell in cells) or f"no cell is called {' '.join(options.words)}")
            return int(not cells)
        results = _run_all(cells)
        if measure:
            results.append(_check_coverage(Path(folder)))
    return report(results)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("interrupted")
