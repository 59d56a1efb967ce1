"""The command in a process of its own: warnings are errors, and databases may be down."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Give ``python -W error -m django`` over two databases in files."""

    def run_django(*arguments: str, down: str = "") -> "subprocess.CompletedProcess[str]":
        variables = {
            "DJANGO_SETTINGS_MODULE": "tests.profiling.alone_settings",
            "PROFILED_FOLDER": str(tmp_path),
            "DOWN": down,
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "src"))),
        }
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "django", *arguments],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run_django


@pytest.fixture
def migrated(run: Run) -> Run:
    """Give the same with tables and rows."""
    for alias in ("default", "other"):
        assert run("migrate", "--run-syncdb", "--database", alias, "-v0").returncode == 0
    assert run("shell", "-v0", "-c", "from tests.profiled.rows import populate; populate()").returncode == 0
    return run


def test_profile_works_where_warnings_are_errors(migrated: Run) -> None:
    """The table is plain text, nothing is on the other stream, and findings are the exit status."""
    done = migrated("quell", "profile")

    assert done.returncode == 1, done.stderr
    assert "\x1b" not in done.stdout
    assert done.stdout.splitlines()[-1] == "5 pages; 2 findings, 2 with a proven fix"
    assert set(done.stderr.splitlines()) == {"printed by the view"}


def test_profile_without_findings_ends_well(migrated: Run) -> None:
    """The exit status is 0."""
    assert migrated("quell", "profile", "/file/").returncode == 0


def test_json_is_the_same_each_time(migrated: Run) -> None:
    """Two runs differ in nothing but times."""
    first, second = (
        _without_times(migrated("quell", "profile", "--format", "json").stdout) for _ in range(2)
    )

    assert first == second


def _without_times(text: str) -> object:
    document = json.loads(text)
    for page in document["pages"]:
        del page["ms"]
        if page["trace"] is not None:
            del page["trace"]["ms"]
            for lane in page["trace"]["lanes"]:
                del lane["ms"], lane["runs"]
    for finding in document["findings"]:
        del finding["proof"]["ms_before"], finding["proof"]["ms_after"]
    return document


def test_profile_without_tables_is_one_line_per_page(run: Run) -> None:
    """Pages that need no table are still profiled."""
    done = run("quell", "profile", "--format", "json")
    pages = {page["path"]: page["problem"] for page in json.loads(done.stdout)["pages"]}

    assert "no such table" in pages["/tickets/"]
    assert pages["/file/"] == ""
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_database_that_is_down_is_one_line(run: Run) -> None:
    """Pages that need none are still profiled."""
    done = run("quell", "profile", "--format", "json", down="default")
    pages = {page["path"]: page["problem"] for page in json.loads(done.stdout)["pages"]}

    assert "(the database default does not answer)" in pages["/tickets/"]
    assert pages["/file/"] == ""
    assert done.stderr.startswith("The database default does not answer")
    assert len(done.stderr.splitlines()) == 1 + 1 * done.stderr.count("printed by the view")
    assert done.returncode == 0


def test_second_database_that_is_down_is_one_line(migrated: Run) -> None:
    """Pages of the first database are judged as ever."""
    done = migrated("quell", "profile", "/tickets/", "/elsewhere/", "--format", "json", down="other")
    pages = {page["path"]: page for page in json.loads(done.stdout)["pages"]}

    assert pages["/tickets/"]["queries"] == {"before": 5, "after": 1}
    assert "(the database other does not answer)" in pages["/elsewhere/"]["problem"]
    assert done.stderr.count("does not answer") == 1


def test_command_line_without_a_user_table_is_one_line(run: Run) -> None:
    """A user that cannot be looked up ends the command without a traceback."""
    done = run("quell", "profile", "--user", "ada")

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith('CommandError: The user "ada" cannot be looked up')
