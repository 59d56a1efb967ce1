"""``pytest --quell-record``."""

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from quell import FetchPlan
from quell.loading.recorded.entries import Recorded
from quell.loading.recorded.origins import Origin
from quell.testing import plugin
from quell.testing.recording import Recording

ROOT = Path(__file__).resolve().parent.parent.parent
_CODE = """
import os
from tests.library.models import Book

def bylines():
    name = os.environ.get("SHOP_COLUMN", "title")
    return [f"{getattr(book, name)} by {book.author.name}" for book in Book.objects.order_by("pk")]

def failing():
    return Book.objects.all()[0].title
"""
_TESTS = """
import pytest
import shop
from tests.library.models import Author, Book, Country

@pytest.fixture(autouse=True)
def rows(db):
    for number in range(3):
        country = Country.objects.create(name=f"Country {number}")
        author = Author.objects.create(name=f"Author {number}", country=country)
        Book.objects.create(title=f"Book {number}", text="text", author=author)

def test_bylines():
    assert len(shop.bylines()) == 3
    # A queryset of the test itself.
    assert [book.text for book in Book.objects.all()] == ["text"] * 3

def test_failing():
    assert shop.failing() == "none"
"""
BOOKS = Origin("shop.views:books", "library.Book", "Book.objects.all()")


def _run(folder: Path, *arguments: str, column: str = "title") -> "subprocess.CompletedProcess[str]":
    (folder / "test_library.py").write_text(_TESTS)
    (folder / "shop.py").write_text(_CODE)
    (folder / "pytest.ini").write_text(
        f"[pytest]\nDJANGO_SETTINGS_MODULE = tests.settings\npythonpath = . {ROOT}\n"
    )
    is_installed = any(item.value == "quell.testing.plugin" for item in entry_points(group="pytest11"))
    load = () if is_installed else ("-p", "quell.testing.plugin")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *load,
            "test_library.py",
            *arguments,
        ],
        cwd=folder,
        env={
            **os.environ,
            "QUELL_TEST_DATABASE": "sqlite",
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "SHOP_COLUMN": column,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_tests_record_and_check_the_code_that_they_run(tmp_path: Path) -> None:
    """What passing tests use of the code under test is written, and a later run fails where it needs more."""
    recorded = _run(tmp_path, "--quell-record", "plans.json")
    places = json.loads((tmp_path / "plans.json").read_text())["origins"]
    checked = _run(
        tmp_path, "--quell-record", "plans.json", "--quell-record-check", "-k", "bylines", column="text"
    )

    # The failing test adds nothing, and neither does the queryset of a test.
    assert places == {
        "shop:bylines": [
            {
                "model": "library.Book",
                "code": "Book.objects.order_by('pk')",
                "plan": {"paths": ["author"], "only": ["author__name", "title"]},
            }
        ]
    }
    assert "1 origin in" in recorded.stdout
    assert "1 failed, 1 passed" in recorded.stdout
    assert checked.returncode == 1
    assert "changed  shop:bylines: Book.objects.order_by('pk')\n         + column text" in checked.stdout


def _recording(file: Path, **options: bool) -> Recording:
    return Recording(file, **{"is_checking": False, "is_anew": False, **options})


def test_workers_hand_over_what_they_recorded(tmp_path: Path) -> None:
    """The controller of pytest-xdist merges the parts of its workers, and writes the file once."""
    output: dict[str, Any] = {}
    worker = _recording(tmp_path / "plans.json")
    worker._recorder.add({BOOKS: Recorded(FetchPlan("author", only=["title"]))})
    worker.hand_over(output)
    # As execnet does it: only plain data passes.
    output = json.loads(json.dumps(output))
    controller = _recording(tmp_path / "plans.json")
    controller.take(output)
    controller.take({})

    assert not controller.finish()
    assert controller.lines == (f"1 origin in {tmp_path / 'plans.json'}: 1 new, 0 changed, 0 dropped",)
    assert controller.needs == worker.needs


def test_querysets_of_tests_are_not_recorded(tmp_path: Path) -> None:
    """What test modules, factories and conftest files build is no code under test."""
    recording = _recording(tmp_path / "plans.json")
    places = [
        "shop.tests.test_views:make",
        "tests.factories:make",
        "conftest:rows",
        "test_shop:test",
        "shop.tests:x",
    ]
    recording._recorder.add(
        {Origin(place, "library.Book"): Recorded(FetchPlan(only=["pk"])) for place in places}
    )
    recording._recorder.add({BOOKS: Recorded(FetchPlan(only=["pk"]))})
    recording._recorder.add(
        {Origin("contest.views:latest", "library.Book"): Recorded(FetchPlan(only=["pk"]))}
    )

    assert [origin.place for origin in recording.needs] == ["contest.views:latest", "shop.views:books"]


def test_drift_and_a_broken_file_are_failures(tmp_path: Path) -> None:
    """A check without a file, and a file that needs more, fail the run."""
    file = tmp_path / "plans.json"
    checking = _recording(file, is_checking=True)
    assert checking.finish()
    assert "does not exist" in checking.lines[0]
    _recording(file).finish()
    checking._recorder.add({BOOKS: Recorded(FetchPlan(only=["pk"]))})
    assert checking.finish()
    assert checking.lines[0].startswith("new      shop.views:books")


class _Config(SimpleNamespace):
    def getoption(self, name: str) -> Any:
        return self.options.get(name)


def test_options_need_a_file() -> None:
    """A check of nothing is an error of usage."""
    config: Any = _Config(options={"--quell-record-check": True})
    with pytest.raises(pytest.UsageError, match="need --quell-record FILE"):
        plugin.pytest_configure(config)


def test_plugin_loads_nothing_by_itself() -> None:
    """Whoever runs tests without the option imports neither Django nor the rooms of quell."""
    command = "import sys, quell.testing.plugin; print([n for n in sys.modules if n.startswith(('django', 'quell.'))])"
    found = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.strip() == "['quell.testing', 'quell.testing.plugin']"
