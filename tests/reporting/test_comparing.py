"""What changed between two reports."""

import json
from dataclasses import replace
from typing import Any

import pytest

from quell.exceptions import UsageError
from quell.findings import Finding
from quell.reporting import document
from quell.reporting.changes import FORMATS, as_json, as_markdown, as_text, summary
from quell.reporting.comparing import Change, compare
from quell.reporting.report import Page, Report
from quell.reporting.terminal import PLAIN
from tests.reporting.samples import ROOT, finding, hostile_report, report

LABEL = "GET /tickets/"


def _document(*findings: Finding, **changes: Any) -> dict[str, Any]:
    page = Page(path="/tickets/", label=LABEL)
    given = replace(Report(pages=(page,), findings=findings, root=ROOT), **changes)
    found: dict[str, Any] = json.loads(document.render(given))
    return found


def _states(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [change.state for change in compare(old, new)]


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [(None, 4, "new"), (4, None, "fixed"), (4, 5, "worse"), (5, 4, "better"), (4, 4, "same")],
)
def test_finding_is_judged_by_its_queries(before: int | None, after: int | None, state: str) -> None:
    """It is known again by its fingerprint."""
    old, new = ([] if count is None else [finding(count=count)] for count in (before, after))

    (change,) = compare(_document(*old), _document(*new))

    assert (change.state, change.before, change.after) == (state, before or 0, after or 0)
    assert change.fails is (state in {"new", "worse"})


def test_advice_fails_no_comparison() -> None:
    """It is told all the same."""
    (change,) = compare(_document(), _document(finding(level="advice")))

    assert (change.state, change.fails) == ("new", False)


def test_finding_of_a_page_that_did_not_run_is_not_fixed() -> None:
    """Neither where it was not visited, nor where it could not be judged."""
    failed = Page(path="/tickets/", label=LABEL, problem="raises ValueError")

    assert _states(_document(finding()), _document(pages=())) == ["not run"]
    assert _states(_document(finding()), _document(pages=(failed,))) == ["not run"]


def test_finding_that_a_baseline_knows_is_the_same_finding() -> None:
    """To write a baseline fixes nothing, and brings nothing new."""
    assert _states(_document(finding()), _document(known=(finding(),))) == ["same"]
    assert _states(_document(known=(finding(),)), _document(finding())) == ["same"]


def test_finding_that_is_silenced_is_not_fixed() -> None:
    """Somebody chose not to hear of it."""
    silenced = report().silenced[0]
    old = _document(silenced.finding)

    assert _states(old, _document(silenced=(silenced,))) == ["silenced"]


def test_places_of_one_fingerprint_are_compared_together() -> None:
    """A second place of one function is more queries, and no less than that."""
    (change,) = compare(_document(finding()), _document(finding(), finding()))

    assert (change.state, change.before, change.after) == ("worse", 4, 8)


def test_what_fails_comes_first() -> None:
    """In the order: new, worse, better, fixed, and last what stayed."""
    paths = {"a": (4, 4), "b": (4, 0), "c": (4, 2), "d": (4, 8), "e": (0, 4)}
    old = [finding(path=path, count=counts[0]) for path, counts in paths.items() if counts[0]]
    new = [finding(path=path, count=counts[1]) for path, counts in paths.items() if counts[1]]

    assert _states(_document(*old), _document(*new)) == ["new", "worse", "better", "fixed", "same"]


def test_report_that_lacks_a_part_is_an_error() -> None:
    """It says which one."""
    with pytest.raises(UsageError, match="The old report has a part that cannot be read"):
        compare({"version": 1}, _document())
    broken = _document(finding())
    del broken["findings"][0]["count"]
    with pytest.raises(UsageError, match="'count'"):
        compare(_document(), broken)


@pytest.fixture
def changes() -> tuple[Change, ...]:
    """Something new, something worse, something fixed, something that stayed."""
    old = [finding(path="worse"), finding(path="fixed"), finding(path="same")]
    new = [finding(path="new"), finding(path="worse", count=9), finding(path="same")]
    return compare(_document(*old), _document(*new))


def test_text_tells_what_to_write(changes: tuple[Change, ...]) -> None:
    """What stayed is a number."""
    lines = as_text(changes).splitlines()

    assert lines[0] == "new       Q101 shop.Ticket new  4 queries  shop/views.py:7"
    assert lines[1].split() == ["write", '.select_related("customer")']
    assert lines[2].split() == ["docs", "https://django-quell.readthedocs.io/en/stable/findings/Q101.html"]
    assert lines[3] == "worse     Q101 shop.Ticket worse  4 -> 9 queries  shop/views.py:7"
    assert lines[-1] == "1 new, 1 worse, 1 fixed, 1 same"
    assert "shop.Ticket same" not in as_text(changes)


def test_summary_always_says_what_matters() -> None:
    """Nothing new, nothing worse and nothing fixed is worth a word."""
    assert summary(()) == "0 new, 0 worse, 0 fixed"


def test_markdown_is_a_table_with_folded_details(changes: tuple[Change, ...]) -> None:
    """No state is told by a colour alone."""
    text = as_markdown(changes)

    assert "| 🔴 new | [Q101](https://" in text
    assert "| 🟢 fixed |" in text
    assert "| 4 → 9 |" in text
    assert text.count("<details>") == 2


def test_json_has_all_changes(changes: tuple[Change, ...]) -> None:
    """Also what stayed."""
    found = json.loads(as_json(changes))

    assert found["version"] == 1
    assert [change["state"] for change in found["changes"]] == ["new", "worse", "fixed", "same"]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_hostile_reports_can_be_compared(name: str) -> None:
    """Each format survives any name."""
    given: dict[str, Any] = json.loads(document.render(hostile_report()))

    assert FORMATS[name](compare(_document(), given), PLAIN)
