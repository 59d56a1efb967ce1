"""``pytest --quell``, ``--quell-report``, the marker and the fixtures, in runs of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.asserting.running import ROOT, run


def test_quell_fails_tests_with_problems(tmp_path: Path) -> None:
    """A test with a problem fails, with path and line on one line and the fix; fixtures are not blamed."""
    tests = """
def test_setup(rows):
    pass

def test_slow(rows):
    slow()

async def test_async(rows):
    [author.country.name async for author in Author.objects.select_related("country")]

@pytest.mark.quell(ignore=["Q101"])
def test_ignored(rows):
    slow()
"""
    output = run(tmp_path, tests, "--quell")
    assert "1 failed, 3 passed" in output
    assert re.search(r'^  test_it\.py:\d+: \.select_related\("country"\)$', output, re.MULTILINE)
    assert "FAILED test_it.py::test_slow" in output


def test_quell_sees_the_function_and_nothing_else_of_the_call(tmp_path: Path) -> None:
    """Of a test case not its setUp(), and of an async test what runs in the context of its own."""
    tests = """
from asgiref.sync import sync_to_async
from django.test import TestCase

@pytest.mark.django_db(transaction=True)
async def test_async(rows):
    await sync_to_async(slow)()

class TestSetUp(TestCase):
    def setUp(self):
        grow(3)
        slow()

    def test_case_eager(self):
        assert Author.objects.count() == 3

    def test_case_slow(self):
        slow()

    async def test_case_async(self):
        await sync_to_async(slow)()

def test_constant(rows, quell_watch, assert_constant_queries):
    assert_constant_queries(Author.objects.count, grow=grow)
    assert not quell_watch.findings
"""
    output = run(tmp_path, tests, "--quell", "-rA")

    outcomes = re.findall(r"^(PASSED|FAILED) test_it.py::(?:TestSetUp::)?(\w+)", output, re.MULTILINE)
    assert {name for outcome, name in outcomes if outcome == "PASSED"} == {"test_case_eager", "test_constant"}
    assert {name for outcome, name in outcomes if outcome == "FAILED"} == {
        "test_async", "test_case_slow", "test_case_async",
    }  # fmt: skip


def test_report_fails_nothing(tmp_path: Path) -> None:
    """The summary has the worst tests and places, and no test fails."""
    output = run(tmp_path, "\ndef test_slow(rows):\n    slow()\n", "--quell-report")
    assert "1 passed" in output
    assert "3 needless queries in 1 test, at 1 place" in output
    assert "3  test_it.py::test_slow" in output
    assert re.search(r"^  3  Q101 library.Author country at test_it\.py:\d+$", output, re.MULTILINE)
    assert str(tmp_path / "test_it.py") not in output


def test_report_lists_advice(tmp_path: Path) -> None:
    """What is only advice fails no test, and is listed apart."""
    tests = """
from django.core.cache import cache
from django.db import transaction
from django.test import override_settings

@pytest.fixture(autouse=True)
def hygiene():
    with override_settings(QUELL_TRANSACTION_HYGIENE=True):
        yield

def test_cache(db):
    with transaction.atomic():
        cache.set("key", 1)
"""
    output = run(tmp_path, tests, "--quell", "--quell-report")
    assert "1 passed" in output
    assert "no needless query" in output
    assert "1  Q201 at " in output
    assert "write  after_commit(partial(cache.set, ...))" in output


def test_report_travels_with_reports_of_tests() -> None:
    """What pytest-xdist sends from a worker to its controller has what the test came to."""
    report = pytest.TestReport("a", ("a", 1, "a"), {}, "passed", None, "call", quell=[{"saved": 3}])
    data = report._to_json()
    assert pytest.TestReport._from_json(data).quell == [{"saved": 3}]


def test_marker_limits_queries_without_the_flag(tmp_path: Path) -> None:
    """The marker counts without the flag, and says what it does not know."""
    tests = """
@pytest.mark.quell(max_queries=3)
def test_many(rows):
    slow()

@pytest.mark.quell(max_queries=4)
def test_enough(rows):
    slow()

@pytest.mark.quell(max_queries=0)
async def test_async(db):
    await Country.objects.acount()

@pytest.mark.quell(maximum=4)
def test_misspelt(rows):
    slow()

@pytest.mark.quell(max_queries="4")
def test_text(rows):
    slow()

@pytest.mark.quell(ignore="Q101")
def test_no_list(rows):
    slow()
"""
    output = run(tmp_path, tests)
    assert "5 failed, 1 passed" in output
    assert "@pytest.mark.quell(max_queries='4') has to be a number of queries." in output
    assert "@pytest.mark.quell(ignore='Q101') has to be a list, such as" in output
    assert "1 query ran, at most 0 may." in output
    assert "4 queries ran, at most 3 may." in output
    assert "takes max_queries=5 and ignore=[...] only" in output
    # The message and nothing else: not where quell raised it, nor what it caught before.
    assert "watching.py" not in output
    assert "During handling" not in output


def test_fixtures_work_without_the_flag(tmp_path: Path) -> None:
    """All fixtures are there, in sync and async tests."""
    tests = """
def test_watch(quell_watch, rows):
    assert quell_watch.queries == ()
    slow()
    assert [finding.code for finding in quell_watch.findings] == ["Q101"]

async def test_async(db, quell_watch):
    await Country.objects.acount()
    assert len(quell_watch.queries) == 1

def test_assertions(rows, assert_max_queries, assert_no_findings, assert_constant_queries):
    with assert_max_queries(1), assert_no_findings():
        Country.objects.count()
    assert_constant_queries(Country.objects.count, grow=grow)
"""
    assert "3 passed" in run(tmp_path, tests)


def test_plugin_imports_neither_django_nor_rooms() -> None:
    """Loading the plugin costs a project that does not ask for it nothing."""
    code = (
        "import sys, quell.testing.plugin; print([name for name in sys.modules if name.startswith('django')"
        " or name.startswith('quell.') and not name.startswith('quell.testing')])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_factories_are_not_blamed_and_markers_add_up(tmp_path: Path) -> None:
    """What a factory runs in the call is setup; a test's own error stays; the closest number counts."""
    (tmp_path / "factories.py").write_text(
        "from tests.library.models import Author\n\n"
        "def built():\n    return [author.country.name for author in Author.objects.all()]\n"
    )
    tests = """
import factories

def test_factory(rows):
    factories.built()

def test_error(rows):
    slow()
    raise KeyError("its own")

@pytest.mark.quell(max_queries=0, ignore=["Q101"])
class TestMarkers:
    @pytest.mark.quell(max_queries=4, ignore=["Q104"])
    def test_closest(self, rows):
        slow()
"""
    output = run(tmp_path, tests, "--quell")
    assert "1 failed, 2 passed" in output
    assert "KeyError: 'its own'" in output


def test_failed_assertion_shows_no_source_of_quell(tmp_path: Path) -> None:
    """A failure shows the line of the test and the message, not the function that raised it."""
    tests = """
def test_grows(db, assert_constant_queries):
    assert_constant_queries(slow, grow=grow)

def test_too_many(rows, assert_max_queries):
    with assert_max_queries(1):
        slow()

def test_finds(rows, assert_no_findings):
    with assert_no_findings():
        slow()

def test_differs(rows, quell_snapshot):
    with quell_snapshot():
        slow()
"""
    output = run(tmp_path, tests)

    assert "4 failed" in output
    for line in ("1 query grows", "4 queries ran, at most 1 may", "1 finding:", "no snapshot of"):
        assert line in output
    assert "raise AssertionError" not in output
