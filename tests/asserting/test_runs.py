"""Whole runs: two workers with every outcome, Django's own runner, and colours."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from quell.events import Location
from quell.findings import Finding, docs_url
from quell.testing import colouring, placing
from quell.testing.asserting import finding_lines
from quell.testing.watching import data_of, summary
from tests.asserting.running import ROOT, run

_TESTS = """
import os

def test_passing(rows):
    assert Author.objects.count() == 3

def test_slow(rows):
    slow()

def test_failing(rows):
    slow()
    assert False, "its own"

@pytest.fixture
def broken(rows):
    raise KeyError("broken fixture")

def test_erroring(broken):
    slow()

def test_crashing(rows):
    slow()
    os._exit(1)
"""


def test_two_workers_report_every_outcome(tmp_path: Path) -> None:
    """A test with a problem fails, the other outcomes stay what they are, and the summary has what came back."""
    output = run(tmp_path, _TESTS, "--quell", "--quell-report", "-n", "2", "--max-worker-restart", "2")

    assert "3 failed, 1 passed, 1 error" in output
    assert "FAILED test_it.py::test_slow - Failed: quell: 1 finding" in output
    assert "FAILED test_it.py::test_failing - AssertionError: its own" in output
    assert "ERROR test_it.py::test_erroring - KeyError: 'broken fixture'" in output
    assert "worker 'gw" in output
    assert "crashed while running 'test_it.py::test_crashing'" in output
    # The one that crashed has sent nothing, and the fixture that failed came first.
    assert "6 needless queries in 2 tests, at 1 place" in output


def test_mixin_works_below_the_runner_of_django() -> None:
    """``manage.py test`` gives the same message, without pytest."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "django",
        "test",
        "tests.asserting",
        "--pattern=django_cases.py",
    ]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "QUELL_TEST_DATABASE": "sqlite",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600
    )

    assert "Ran 2 tests" in done.stderr
    assert "FAILED (failures=1)" in done.stderr
    assert '.select_related("country")' in done.stderr
    assert "\033[" not in done.stderr


@pytest.fixture
def finding() -> Iterator[Finding]:
    """A finding to print; colours are off again behind the test."""
    yield Finding(
        kind="n_plus_one",
        code="Q101",
        model="library.Author",
        path="country",
        count=3,
        origin=Location("/shop/views.py", 7),
        suggestion='.select_related("country")',
    )
    colouring.switch(is_on=False)


def test_findings_have_colours_where_the_terminal_has(finding: Finding) -> None:
    """Code, place and fix are coloured, and say the same without."""
    plain = finding_lines([finding])
    colouring.switch(is_on=True)
    coloured = finding_lines([finding])

    assert plain == [
        "Q101 library.Author country: 3 queries",
        '  /shop/views.py:7: .select_related("country")',
        f"  docs: {docs_url('Q101')}",
    ]
    assert coloured == [
        "\033[31mQ101 library.Author country\033[0m: 3 queries",
        '  \033[36m/shop/views.py:7\033[0m: \033[32m.select_related("country")\033[0m',
        f"  docs: {docs_url('Q101')}",
    ]


def test_files_are_named_from_the_root_of_the_run(
    finding: Finding, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever folder a run is started in; what is elsewhere has its whole path, and a run without pytest its own."""
    found = replace(finding, trigger=Location(f"{tmp_path}/shop/lists.py", 9))
    with monkeypatch.context() as patched:
        patched.setitem(placing._state, "root", "/shop")
        assert finding_lines([found])[1:3] == [
            '  views.py:7: .select_related("country")',
            f"  because of {tmp_path}/shop/lists.py:9",
        ]
        assert data_of([found])[0]["spot"] == "views.py:7"
        patched.setitem(placing._state, "root", "")
        patched.chdir(tmp_path)
        assert finding_lines([found])[1:3] == [
            '  /shop/views.py:7: .select_related("country")',
            "  because of shop/lists.py:9",
        ]


def test_code_of_several_lines_is_listed(finding: Finding) -> None:
    """It stands between the cause and the page of the code, and the summary names the page as well."""
    listed = replace(finding, listing="class Numbers:\n    total = 1")

    assert finding_lines([listed])[-3:] == [
        "    class Numbers:",
        "        total = 1",
        f"  docs: {docs_url('Q101')}",
    ]
    assert f"     docs   {docs_url('Q101')}" in list(summary({"test": data_of([finding])}))


@pytest.mark.parametrize(("options", "is_coloured"), [(["--color=yes"], True), (["--color=no"], False)])
def test_colours_follow_the_option_of_pytest(tmp_path: Path, options: list[str], is_coloured: bool) -> None:
    """``--color`` decides, as for all that pytest prints; without it pytest reads NO_COLOR and FORCE_COLOR."""
    output = run(tmp_path, "\ndef test_slow(rows):\n    slow()\n", "--quell", *options)

    assert ("\033[31mQ101 library.Author country\033[0m" in output) is is_coloured
