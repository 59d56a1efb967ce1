"""``quell profile -- pytest ...``: a test run in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.profiling.test_profile_process import Run, run

__all__ = ["run"]

TESTS = """
import pytest
from django.test import TestCase
from tests.profiled.models import Ticket
from tests.profiled.rows import populate

def show():
    return [row.customer.name for row in Ticket.objects.all()]

@pytest.fixture
def rows(db):
    populate()
    show()

def test_slow(rows):
    show()

def test_clean(rows):
    list(Ticket.objects.select_related("customer"))

@pytest.mark.quell(ignore=["Q101"])
def test_ignored(rows):
    show()

class TestSlow(TestCase):
    def setUp(self):
        populate()
    def test_case(self):
        show()
"""
FAILING = """
import pytest
from tests.profiled.rows import populate

def test_fails(db):
    assert populate() == 1

def test_skips():
    pytest.skip("not today")
"""
CRASHING = """
import os

def test_passes():
    pass

def test_crashes():
    os._exit(9)
"""


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    """A folder for tests, with the settings of the project that is profiled."""
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\nDJANGO_SETTINGS_MODULE = tests.profiling.alone_settings\n")
    return folder


def _profile(run: Run, tests: Path, *options: str, workers: int = 0) -> "subprocess.CompletedProcess[str]":
    own = ["-n", f"{workers}"] if workers else []
    suite = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tests),
        str(tests),
    ]
    return run("quell", "profile", *options, "--", *suite, *own)


def _document(done: "subprocess.CompletedProcess[str]") -> Any:
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_tests_are_pages_of_a_report(run: Run, tests: Path) -> None:
    """A cause that two tests show is one finding; what a fixture runs, or a marker ignores, is none."""
    (tests / "test_some.py").write_text(TESTS)
    done = _profile(run, tests, "--format", "json")
    document = _document(done)
    (finding,) = document["findings"]

    assert done.returncode == 1
    assert {page["path"]: len(page["findings"]) for page in document["pages"]} == {
        "test_some.py::test_slow": 1,
        "test_some.py::test_clean": 0,
        "test_some.py::test_ignored": 0,
        "test_some.py::TestSlow::test_case": 1,
    }
    assert {page["kind"] for page in document["pages"]} == {"test"}
    assert finding["labels"] == ["test_some.py::test_slow", "test_some.py::TestSlow::test_case"]
    assert (finding["count"], finding["path"], finding["proof"]) == (8, "customer", None)
    assert document["pages"][0]["queries"]["before"] == 5


def test_text_lists_only_tests_that_say_something(run: Run, tests: Path) -> None:
    """The last line counts all of them; the output of pytest is on the other stream."""
    (tests / "test_some.py").write_text(TESTS)
    done = _profile(run, tests)

    assert "test_some.py::test_slow" in done.stdout
    assert "test_clean" not in done.stdout
    assert done.stdout.splitlines()[-1] == "4 tests; 1 finding, 0 with a proven fix"
    assert "4 passed" in done.stderr


def test_tests_that_fail_are_not_judged(run: Run, tests: Path) -> None:
    """The run ends badly although nothing was found; a test that is skipped is no failure."""
    (tests / "test_some.py").write_text(FAILING)
    done = _profile(run, tests, "--format", "json")
    pages = {page["path"]: (page["problem"], page["is_broken"]) for page in _document(done)["pages"]}

    assert done.returncode == 1
    assert pages["test_some.py::test_fails"][0].startswith("fails: AssertionError")
    assert pages["test_some.py::test_fails"][1] is True
    assert pages["test_some.py::test_skips"] == ("is skipped: not today", False)


def test_process_that_crashes_is_an_error(run: Run, tests: Path) -> None:
    """Half a run is no report."""
    (tests / "test_some.py").write_text(CRASHING)
    done = _profile(run, tests)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("ended with 9: there is nothing to report.")


def test_tests_of_all_workers_are_in_the_report(run: Run, tests: Path) -> None:
    """Each worker hands over its own."""
    for name in ("test_one.py", "test_two.py"):
        (tests / name).write_text(TESTS)
    document = _document(_profile(run, tests, "--format", "json", workers=2))

    assert len(document["pages"]) == 8
    assert sorted(finding["count"] for finding in document["findings"]) == [8, 8]


def test_worker_that_crashes_takes_no_other_test_along(run: Run, tests: Path) -> None:
    """What ended before is in the report, and the run ends badly."""
    (tests / "test_some.py").write_text(TESTS)
    (tests / "test_worse.py").write_text(CRASHING)
    done = _profile(run, tests, "--format", "json", workers=2)
    document = _document(done)

    assert done.returncode == 1
    assert "test_some.py::test_slow" in {page["path"] for page in document["pages"]}
    assert "crashed" in done.stderr


def test_run_without_a_test_has_no_page(run: Run, tests: Path) -> None:
    """Nothing is wrong with it."""
    done = _profile(run, tests, "--format", "json")

    assert (done.returncode, _document(done)["pages"]) == (0, [])


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["no-such-program"], "no-such-program cannot be started: No such file or directory"),
        ([sys.executable, "-c", ""], "ran no pytest: quell profiles what pytest runs."),
    ],
)
def test_command_that_runs_no_tests_is_one_line(run: Run, command: list[str], message: str) -> None:
    """It ends as wrong usage does."""
    done = run("quell", "profile", "--", *command)

    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]


def test_plugin_belongs_to_the_command(tests: Path) -> None:
    """Who loads it by hand is told."""
    (tests / "pytest.ini").unlink()
    outside = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    plugins = ["-p", "no:cacheprovider", "-p", "no:django", "-p", "quell.testing.profiling"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, str(tests)],
        env=outside,
        capture_output=True,
        text=True,
        check=False,
        cwd=tests,
        timeout=60,
    )

    assert done.returncode == 4
    assert "loaded by quell profile -- pytest" in done.stderr
