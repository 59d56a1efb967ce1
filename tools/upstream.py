"""
Run the tests of Django and of Django REST framework without and with quell, and compare what came of each test.

Usage: ``python -m tools.upstream [--only WORD] [--batch] [drf] [APP ...]``. WORD is a part of the names of
environments; APPs are test applications of Django, or tests; ``drf`` is the suite of Django REST framework. Without any
of them both suites run, complete. SQLite, and both runs of a suite beside each other. With ``--batch`` Django's suite
runs in ``batch_loading()`` instead of a watch.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from tools.cells import LOGS
from tools.environments import (
    DRF,
    HOME,
    MATRIX,
    ROOT,
    Environment,
    InstallationError,
    MissingError,
    clean_environ,
    ensure,
)
from tools.upstream_results import Comparison, Run, RunError, read_exceptions, render

SOURCES = HOME / "upstream"
_TIMEOUT_S = 3600
# After each test Django checks the keys of every table; with the tables of all 210 applications in one process,
# that takes three quarters of the time.
_GROUP_SIZE = 15
_LIST_APPS = "import runtests; print(*sorted(runtests.get_test_modules(gis_enabled=False)))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Tests of somebody else: what they are called, where they run, and by which commands, one after the other."""

    title: str
    environment: Environment
    folder: Path
    commands: tuple[tuple[str, ...], ...]


def _django(environment: Environment, apps: Sequence[str]) -> Suite:
    """Return Django's suite, or the named applications of it."""
    version = _version("Django", environment)
    folder = _unpack("Django", version, environment) / "tests"
    present = [app for app in apps if (folder / app.split(".")[0]).is_dir()]
    if not apps:
        present = _output(["python", "-c", _LIST_APPS], environment, folder).split()
    if not present:
        msg = f"Django {version} has no tests in {', '.join(apps)}"
        raise RunError(msg)
    # The log names each test as it begins, for the case that one of them ends the process.
    command = "python", "runtests.py", "--settings=tools.upstream_settings", "--parallel=1", "--verbosity=2"
    return Suite(
        title=f"Django {version}",
        environment=environment,
        folder=folder,
        commands=tuple((*command, *group) for group in _groups(present)),
    )


def _groups(apps: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(apps), _GROUP_SIZE):
        yield apps[start : start + _GROUP_SIZE]


def _drf(environment: Environment) -> Suite:
    """Return the suite of Django REST framework."""
    version = _version("djangorestframework", environment)
    return Suite(
        title=f"DRF {version}, Django {_version('Django', environment)}",
        environment=environment,
        folder=_unpack("djangorestframework", version, environment),
        commands=(("python", "-m", "pytest", "-v", "-p", "no:cacheprovider", "-p", "tools.upstream_drf"),),
    )


def compare(suite: Suite, way: str = "on") -> Comparison:
    """
    Run a suite without and with quell: ``"on"`` is a watch around each test, ``"batch"`` is ``batch_loading()``.

    Raises:
        RunError: If a run breaks off.
    """
    with tempfile.TemporaryDirectory() as code:
        # A run takes minutes; what is edited meanwhile must not be imported beside what was there before.
        for folder in ("src/quell", "tools"):
            shutil.copytree(ROOT / folder, Path(code, Path(folder).name))
        with ThreadPoolExecutor(max_workers=2) as pool:
            runs = [pool.submit(_run, suite, code, watch) for watch in ("off", way)]
            off, on = (run.result() for run in runs)
    explained = frozenset(read_exceptions(way)[0])
    return Comparison(suite=suite.title, off=off, on=on, explained=explained, way=way)


def _version(package: str, environment: Environment) -> str:
    code = f"import importlib.metadata as found; print(found.version({package!r}))"
    return _output(["python", "-c", code], environment)


def _unpack(package: str, version: str, environment: Environment) -> Path:
    """Return the folder of the source distribution of a package, downloaded when it is not there yet."""
    folder = SOURCES / f"{package.lower()}-{version}"
    if folder.is_dir():
        return folder
    print(f"downloading the sources of {package} {version} into {SOURCES.relative_to(ROOT)}", flush=True)
    SOURCES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SOURCES) as temporary:
        pip = ["python", "-m", "pip", "download", "-qq", "--disable-pip-version-check"]
        source = ["--no-binary", ":all:", "--no-deps", "--dest", temporary, f"{package}=={version}"]
        _output([*pip, *source], environment)
        with tarfile.open(next(Path(temporary).glob("*.tar.gz"))) as archive:
            archive.extractall(temporary, filter="data")
        next(item for item in Path(temporary).iterdir() if item.is_dir()).rename(folder)
    return folder


def _output(command: list[str], environment: Environment, folder: Path | None = None) -> str:
    variables = clean_environ(environment)
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"{' '.join(command)} failed:\n{done.stderr[-2000:]}"
        raise RunError(msg)
    return done.stdout.strip()


def _run(suite: Suite, code: str, watch: str) -> Run:
    LOGS.mkdir(parents=True, exist_ok=True)
    outcomes: dict[str, tuple[str, str]] = {}
    statistics: Counter[str] = Counter()
    with (LOGS / f"upstream-{suite.environment.name}-{watch}.log").open("w") as log:
        for command in suite.commands:
            record = _record(command, suite, code, watch, log)
            outcomes |= {name: (outcome, detail) for name, (outcome, detail) in record["outcomes"].items()}
            statistics.update(record["statistics"])
    return Run(outcomes=outcomes, statistics=statistics)


def _record(command: Sequence[str], suite: Suite, code: str, watch: str, log: TextIO) -> dict[str, Any]:
    """Run one command, and return what the tests that it ran have written."""
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "outcomes.json"
        variables = {
            "PYTHONPATH": code,
            "PYTHONHASHSEED": "0",
            "QUELL_UPSTREAM_FILE": str(file),
            "QUELL_UPSTREAM_WATCH": watch,
            "QUELL_UPSTREAM_OMIT": json.dumps(list(read_exceptions()[1])),
        }
        subprocess.run(
            command,
            cwd=suite.folder,
            env=clean_environ(suite.environment, variables),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT_S,
            check=False,
        )
        if not file.exists():
            msg = f"the run with quell {watch} broke off; see {Path(log.name).relative_to(ROOT)}"
            raise RunError(msg)
        record: dict[str, Any] = json.loads(file.read_text())
        return record


def _chosen(words: Sequence[str], only: str) -> Iterator[tuple[Environment, partial[Suite]]]:
    """Yield what the words mean: the environments, and what makes the suite in each of them."""
    apps = [word for word in words if word != "drf"]
    if apps or not words:
        yield from ((found, partial(_django, found, apps)) for found in MATRIX if only in found.name)
    if len(apps) < len(words) or not words:
        yield from ((found, partial(_drf, found)) for found in DRF if only in found.name)


def _attempt(environment: Environment, make_suite: partial[Suite], way: str) -> Comparison | str:
    """Compare, or return in one line why that was not possible."""
    try:
        ensure(environment)
        return compare(make_suite(), way)
    except (MissingError, InstallationError, RunError, subprocess.TimeoutExpired) as error:
        word = "skipped" if isinstance(error, MissingError) and os.environ.get("CI") != "true" else "FAILED"
        return f"{environment.name}: {word}: {error}"


def main(arguments: Sequence[str]) -> int:
    """Compare every suite; return 1 when a test differs that nobody explained, or a run broke off."""
    parser = argparse.ArgumentParser(prog="python -m tools.upstream", description=__doc__)
    parser.add_argument(
        "words", nargs="*", metavar="APP", help="a test application of Django, a test, or drf"
    )
    parser.add_argument("--only", default="", metavar="WORD", help="part of an environment's name")
    parser.add_argument(
        "--batch", action="store_true", help="Django's tests in batch_loading(), on for everything"
    )
    options = parser.parse_args(arguments)
    way = "batch" if options.batch else "on"
    chosen = _chosen(options.words, options.only)
    results = [_attempt(*found, way) for found in chosen if not (options.batch and found[0] in DRF)]
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
