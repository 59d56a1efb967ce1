"""
Run Django's own tests without and with quell, and compare what came of each test.

Usage: ``python -m tools.upstream [--only WORD] [APP ...]``. WORD is a part of the names of environments;
APPs are test applications of Django, or tests; without one the complete suite runs. SQLite, and both runs of a
version beside each other, one process each.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.cells import LOGS
from tools.environments import (
    HOME,
    MATRIX,
    ROOT,
    Environment,
    InstallationError,
    MissingError,
    clean_environ,
    ensure,
)

SOURCES = HOME / "upstream"
EXCEPTIONS = ROOT / "tools" / "upstream_exceptions.toml"
MAX_EXPLAINED = 10
_RUNS = ("off", "on")
_TIMEOUT_S = 3 * 3600
_ABSENT = ("not run", "")
_COLUMNS = ("tests", "passed", "same", "different", "explained", "watches", "queries", "findings")


class RunError(Exception):
    """A run that came to no result; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the suite: outcome and detail per test id, and what the watches counted."""

    outcomes: Mapping[str, tuple[str, str]]
    statistics: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one version came to without and with quell."""

    version: str
    off: Run
    on: Run
    explained: frozenset[str]

    def differences(self) -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
        """Yield the id, the outcome without and the outcome with quell of each test that differs."""
        for name in sorted({*self.off.outcomes, *self.on.outcomes}):
            without, with_quell = (run.outcomes.get(name, _ABSENT) for run in (self.off, self.on))
            if without[0] != with_quell[0]:
                yield name, without, with_quell

    @property
    def unexplained(self) -> tuple[str, ...]:
        """One block of text per difference that nobody explained."""
        return tuple(
            f"Django {self.version}: {name}\n  off: {_tell(without)}\n  on:  {_tell(with_quell)}"
            for name, without, with_quell in self.differences()
            if name not in self.explained
        )

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table, the version first."""
        different = [name for name, _, _ in self.differences()]
        passed = sum(outcome == "passed" for outcome, _ in self.on.outcomes.values())
        explained = sum(name in self.explained for name in different)
        total = len({*self.off.outcomes, *self.on.outcomes})
        counts = [total, passed, total - len(different), len(different) - explained, explained]
        counts += [self.on.statistics.get(name, 0) for name in _COLUMNS[len(counts) :]]
        return f"Django {self.version}", *map(str, counts)


def _tell(outcome: tuple[str, str]) -> str:
    return ": ".join(filter(None, outcome))


@cache
def read_exceptions() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """
    Return the explained differences and the omitted tests, each by test id with a reason.

    Raises:
        RunError: If there are more explained differences than may be.
    """
    tables = tomllib.loads(EXCEPTIONS.read_text())
    if len(tables["explained"]) > MAX_EXPLAINED:
        msg = f"{EXCEPTIONS.name} explains {len(tables['explained'])} tests; {MAX_EXPLAINED} is the most"
        raise RunError(msg)
    return tables["explained"], tables["omitted"]


def compare(environment: Environment, apps: Sequence[str]) -> Comparison:
    """
    Run the suite, or the named applications, without and with quell in one environment.

    Raises:
        MissingError: If no fitting Python is installed.
        InstallationError: If the environment cannot be installed.
        RunError: If the sources cannot be had, or a run breaks off.
    """
    ensure(environment)
    version = _output(["python", "-m", "django", "--version"], environment)
    sources = _unpack(environment, version)
    present = [app for app in apps if (sources / "tests" / app.split(".")[0]).is_dir()]
    if apps and not present:
        msg = f"Django {version} has no tests in {', '.join(apps)}"
        raise RunError(msg)
    with tempfile.TemporaryDirectory() as code:
        # A run takes minutes; what is edited meanwhile must not be imported beside what was there before.
        for folder in ("src/quell", "tools"):
            shutil.copytree(ROOT / folder, Path(code, Path(folder).name))
        with ThreadPoolExecutor(max_workers=len(_RUNS)) as pool:
            runs = [
                pool.submit(_run, environment, sources / "tests", present, code, watch) for watch in _RUNS
            ]
            off, on = (run.result() for run in runs)
    return Comparison(version=version, off=off, on=on, explained=frozenset(read_exceptions()[0]))


def _unpack(environment: Environment, version: str) -> Path:
    """Return the folder of the source distribution of a Django, downloaded when it is not there yet."""
    folder = SOURCES / f"django-{version}"
    if folder.is_dir():
        return folder
    print(f"downloading the sources of Django {version} into {SOURCES.relative_to(ROOT)}", flush=True)
    SOURCES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SOURCES) as temporary:
        pip = ["python", "-m", "pip", "download", "-qq", "--disable-pip-version-check"]
        source = ["--no-binary", ":all:", "--no-deps", "--dest", temporary, f"Django=={version}"]
        _output([*pip, *source], environment)
        with tarfile.open(next(Path(temporary).glob("*.tar.gz"))) as archive:
            archive.extractall(temporary, filter="data")
        next(item for item in Path(temporary).iterdir() if item.is_dir()).rename(folder)
    return folder


def _output(command: list[str], environment: Environment) -> str:
    variables = clean_environ(environment)
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"{' '.join(command)} failed:\n{done.stderr[-2000:]}"
        raise RunError(msg)
    return done.stdout.strip()


def _run(environment: Environment, tests: Path, apps: Sequence[str], code: str, watch: str) -> Run:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"upstream-{environment.name}-{watch}.log"
    with tempfile.TemporaryDirectory() as temporary, log.open("w") as output:
        file = Path(temporary) / "outcomes.json"
        variables = {
            "PYTHONPATH": code,
            "PYTHONHASHSEED": "0",
            "QUELL_UPSTREAM_FILE": str(file),
            "QUELL_UPSTREAM_WATCH": watch,
            "QUELL_UPSTREAM_OMIT": json.dumps(list(read_exceptions()[1])),
        }
        subprocess.run(
            ["python", "runtests.py", "--settings=tools.upstream_settings", "--parallel=1", *apps],
            cwd=tests,
            env=clean_environ(environment, variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT_S,
            check=False,
        )
        if not file.exists():
            msg = f"the run with quell {watch} broke off; see {log.relative_to(ROOT)}"
            raise RunError(msg)
        record = json.loads(file.read_text())
    outcomes = {name: (outcome, detail) for name, (outcome, detail) in record["outcomes"].items()}
    return Run(outcomes=outcomes, statistics=record["statistics"])


def _attempt(environment: Environment, apps: Sequence[str]) -> Comparison | str:
    """Compare, or return in one line why that was not possible."""
    try:
        return compare(environment, apps)
    except (MissingError, InstallationError, RunError, subprocess.TimeoutExpired) as error:
        word = "skipped" if isinstance(error, MissingError) and os.environ.get("CI") != "true" else "FAILED"
        return f"{environment.name}: {word}: {error}"


def render(comparisons: Sequence[Comparison]) -> str:
    """Return the table, one line per version."""
    rows = [("", *_COLUMNS), *(comparison.row() for comparison in comparisons)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *cells in rows:
        aligned = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append("  ".join([name.ljust(widths[0]), *aligned]))
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Compare every version; return 1 when a test differs that nobody explained, or a run broke off."""
    parser = argparse.ArgumentParser(prog="python -m tools.upstream", description=__doc__)
    parser.add_argument("apps", nargs="*", metavar="APP", help="a test application of Django, or a test")
    parser.add_argument("--only", default="", metavar="WORD", help="part of an environment's name")
    options = parser.parse_args(arguments)
    environments = [environment for environment in MATRIX if options.only in environment.name]
    results = [_attempt(environment, options.apps) for environment in environments]
    failures = [result for result in results if isinstance(result, str)]
    comparisons = [result for result in results if isinstance(result, Comparison)]
    unexplained = [text for comparison in comparisons for text in comparison.unexplained]
    for text in (*unexplained, *failures):
        print(text)
    if comparisons:
        print(render(comparisons))
    return int(bool(unexplained) or any("FAILED" in failure for failure in failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
