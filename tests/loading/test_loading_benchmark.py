"""The benchmark of loading: what it counts holds at any size."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchmarks.loading import Cell, tables

pytestmark = pytest.mark.databases

ROOT = Path(__file__).resolve().parents[2]


@cache
def _measured() -> dict[str, Any]:
    """Run the benchmark with few tickets and without clocks, in a process of its own, as it sets Django up."""
    database = os.environ.get("QUELL_TEST_DATABASE", "sqlite")
    command = [sys.executable, "-m", "benchmarks.loading", "--database", database, "--json"]
    done = subprocess.run(
        [*command, "--tickets", "6", "--rounds", "0"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _cells(way: str) -> dict[str, Cell]:
    return {cell["case"]: Cell(**cell) for cell in _measured()["cells"] if cell["way"] == way}


def test_no_target_of_loading_is_missed() -> None:
    """Inferred plans need no more statements and bytes than an expert's; a batch is one query per path."""
    assert _measured()["missed"] == []


@pytest.mark.parametrize("way", ["by hand", "inferred", "declared", "recorded", "batch"])
def test_every_way_shows_what_plain_django_shows(way: str) -> None:
    """The output is the same in each of the six cases."""
    cells = _cells(way)

    assert {cell.output for cell in cells.values()} == {"same"}
    assert len(cells) == 6


def test_naive_loading_is_what_it_is_compared_with() -> None:
    """The cases that have relations are N+1 without a plan, and none of them is with one."""
    naive, inferred = _cells("naive"), _cells("inferred")

    worse = [case for case, cell in naive.items() if cell.queries > inferred[case].queries]
    assert len(worse) == 5


def test_tables_say_what_failed_and_what_was_not_run() -> None:
    """A way that shows something else has no numbers, and one that cannot do a case has a dash."""
    cells = [
        Cell("one", "naive", 9, 1.5, "same", 2.0),
        Cell("one", "other", 1, 0.5, "TypeError"),
        Cell("two", "naive", 3, 0.5, "same", 1.0),
    ]

    lines = [line.split() for line in tables(cells)]

    assert lines[:3] == [["queries", "naive", "other"], ["one", "9", "fails"], ["two", "3", "-"]]
