"""A short soak: what `make soak` runs for long."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.soak_book import NOTHING, Book, expected
from benchmarks.soak_memory import MAX_BLOCKS, MAX_OBJECTS, Sample, has_grown

ROOT = Path(__file__).resolve().parent.parent.parent
LABEL = "GET /lazy/<int:number>/"


@pytest.mark.parametrize("part", ["wsgi", "asgi", "worker"])
def test_requests_are_never_mixed_up_and_leave_nothing(part: str) -> None:
    """Under threads, tasks and workers each report is that of its own request, and the process does not grow."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "--part", part, "--requests", "1000", "--short", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        # What measures coverage grows by itself.
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    result: dict[str, Any] = json.loads(done.stdout)[part]

    assert result["requests"] == 1000
    assert result["reports"] > 500
    assert result["wrong"] == []


@pytest.mark.parametrize(
    ("label", "report", "is_wrong"),
    [
        (LABEL, expected("lazy", 3), False),
        (LABEL, expected("lazy", 4), True),
        (LABEL, expected("answers", 3), True),
        ("GET /loop/<int:number>/", expected("lazy", 3), True),
    ],
)
def test_report_of_another_request_is_noticed(label: str, report: Any, is_wrong: bool) -> None:
    """The number of rows, the page and the label tell whose report it is."""
    book = Book()
    book.check("lazy", 3, LABEL, [(label, report)])

    assert bool(book.wrong) is is_wrong


def test_page_without_findings_has_to_be_silent() -> None:
    """A report where none belongs is as wrong as one that is missing."""
    book = Book()
    book.check("clean", 3, LABEL, [])
    assert book.wrong == []
    book.check("clean", 3, LABEL, [(LABEL, NOTHING)])
    book.check("lazy", 3, LABEL, [])

    assert len(book.wrong) == 2


@pytest.mark.parametrize(("more", "grew"), [(0, False), (MAX_OBJECTS, False), (1_000, True)])
def test_growth_is_one_object_per_request(more: int, grew: bool) -> None:
    """What a thousand requests leave behind is growth, what comes and goes is none."""
    samples = [Sample(0, 100.0, 50_000, 200_000), Sample(1_000, 100.0, 50_000 + more, 200_000 + more)]

    assert has_grown(samples, is_short=True) is grew


def test_growth_without_objects_is_seen_in_blocks_and_in_memory() -> None:
    """Texts and buffers are no objects that the collector tracks."""
    first = Sample(0, 100.0, 50_000, 200_000)

    assert has_grown([first, Sample(1_000, 100.0, 50_000, 201_000 + MAX_BLOCKS)], is_short=True)
    assert has_grown([first, Sample(1_000, 110.0, 50_000, 200_000)], is_short=False)
    assert not has_grown([first, Sample(1_000, 110.0, 50_000, 200_000)], is_short=True)
