"""Findings as text."""

from pathlib import Path

import pytest

from quell.events import Location
from quell.findings import Finding, Proof
from quell.loading.plan import FetchPlan
from quell.reporting.text import block, describe, plural, render, short_path


def _finding(proof: Proof | None = None, plan: FetchPlan | None = None, count: int = 3) -> Finding:
    return Finding(
        kind="n_plus_one",
        code="Q101",
        model="shop.Ticket",
        path="customer",
        count=count,
        saved_queries=count,
        origin=Location("/project/views.py", 7),
        trigger=Location("/project/models.py", 9),
        suggestion='.select_related("customer")',
        proof=proof,
        plan=plan,
    )


def test_report_without_findings_is_one_line() -> None:
    """The number of queries is told."""
    assert render([], query_count=1, dropped_count=2) == "1 query (2 not kept), none of them needless."


def test_report_has_a_block_per_finding() -> None:
    """The heading counts, and each block is behind an empty line."""
    lines = render([_finding(), _finding()], query_count=9).splitlines()

    assert lines[0] == "9 queries, 6 of them needless, 2 findings:"
    assert lines.count("") == 2


@pytest.mark.parametrize(
    ("proof", "plan", "lines"),
    [
        (None, None, ['  write    .select_related("customer")']),
        (
            Proof(verdict="proven"),
            FetchPlan("customer"),
            ['  write    .select_related("customer")', "  proof    proven"],
        ),
        (
            Proof(verdict="not proven", reason="it raises"),
            None,
            ['  tried    .select_related("customer")', "  proof    not proven: it raises"],
        ),
        (
            Proof(verdict="not proven", reason="only other code helps", is_tried=False),
            None,
            ['  write    .select_related("customer")', "  proof    not proven: only other code helps"],
        ),
        (
            Proof(verdict="not proven", reason="it writes"),
            FetchPlan("customer"),
            ['  write    .select_related("customer")', "  proof    not proven: it writes"],
        ),
        (
            Proof(verdict="proven", reason="proved with batched answers"),
            None,
            ['  write    .select_related("customer")', "  proof    proved with batched answers"],
        ),
    ],
)
def test_block_says_what_to_write_and_what_was_proven(
    proof: Proof | None, plan: FetchPlan | None, lines: list[str]
) -> None:
    """A fix that was tried in vain is not to be written."""
    assert block(_finding(proof, plan))[3:-1] == lines


def test_block_names_the_page_of_its_code() -> None:
    """Its last line is the address."""
    assert block(_finding())[-1] == (
        "  docs     https://django-quell.readthedocs.io/en/stable/findings/Q101.html"
    )


def test_description_is_one_line() -> None:
    """Cost, place and code are in one line."""
    text = describe(_finding(count=1), "/project")

    assert text == (
        'Q101 shop.Ticket customer: 1 query, 1 needless; at views.py:7: .select_related("customer")'
        " (https://django-quell.readthedocs.io/en/stable/findings/Q101.html)"
    )


def test_path_below_the_working_directory_is_short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file elsewhere keeps its whole path."""
    monkeypatch.chdir(tmp_path)

    assert short_path(Location(str(tmp_path / "a.py"), 3)) == "a.py:3"
    assert short_path(Location("/elsewhere/a.py", 3)) == "/elsewhere/a.py:3"
    assert short_path(None) == "-"


def test_plural_follows_the_number() -> None:
    """One is one."""
    assert [plural(number, "page") for number in (0, 1, 2)] == ["0 pages", "1 page", "2 pages"]
