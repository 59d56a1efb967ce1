"""A test run in a process of its own: ``quell profile -- pytest ...``."""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from quell.exceptions import UsageError
from quell.reporting.report import Page

FOLDER = "QUELL_PROFILE_FOLDER"
_PLUGIN = "quell.testing.profiling"
# What pytest ends with: all passed, some failed, none collected.
_USUAL = frozenset({0, 1, 5})


@dataclass(frozen=True, slots=True)
class Run:
    """The tests of a run, and how its process ended."""

    pages: tuple[Page, ...]
    code: int


def run_tests(command: Sequence[str]) -> Run:
    """
    Run a command that runs pytest, however it does, and return what each test showed.

    Its output goes where that of this process goes, standard output to standard error: that is for the report. Workers
    of pytest-xdist write files of their own, so what ended before one of them crashed is kept.

    Raises:
        UsageError: If it cannot be started, ends in another way than a test run does, or runs no pytest.
    """
    with TemporaryDirectory(prefix="quell-") as folder:
        try:
            done = subprocess.run(command, env=_environment(folder), stdout=_stderr(), check=False)
        except OSError as error:
            msg = f"{command[0]} cannot be started: {error.strerror}. Write what you would write in a shell."
            raise UsageError(msg) from error
        pages = tuple(page for file in sorted(Path(folder).iterdir()) for page in _pages(file))
        has_run = any(Path(folder).iterdir())
    if done.returncode not in _USUAL:
        msg = f"{command[0]} ended with {done.returncode}: there is nothing to report."
        raise UsageError(msg)
    if not has_run:
        msg = f"{' '.join(command)} ran no pytest: quell profiles what pytest runs."
        raise UsageError(msg)
    return Run(pages, done.returncode)


def _environment(folder: str) -> dict[str, str]:
    options = f"{os.environ.get('PYTEST_ADDOPTS', '')} -p {_PLUGIN}".strip()
    return {**os.environ, "PYTEST_ADDOPTS": options, FOLDER: folder}


def _stderr() -> int | None:
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError):
        # Somebody collects what is printed.
        return subprocess.DEVNULL


def _pages(file: Path) -> Iterator[Page]:
    """Yield what one process wrote; one that was killed may have ended within a page."""
    with file.open("rb") as stream:
        while True:
            try:
                page = pickle.load(stream)
            except (EOFError, pickle.UnpicklingError):
                return
            if page is not None:
                yield page
