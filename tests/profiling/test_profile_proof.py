"""What a rerun proves, and what it does not."""

import pytest
from django.test import override_settings

from quell.findings import Finding, Proof
from quell.loading.plan import FetchPlan
from quell.management.profiling.folding import fold
from quell.reporting.report import Page
from tests.profiled import revisited
from tests.profiling.conftest import Profile

pytestmark = pytest.mark.databases
BATCHED = "proved with batched answers; the code to write is "


@pytest.mark.parametrize(
    "name", ["tickets", "template", "asynchronous", "stream", "asynchronous_stream", "nonce", "services"]
)
def test_page_is_proven(profile: Profile, name: str) -> None:
    """With the join one query is left, and the bytes are the same but for what always changes."""
    result = profile(f"/{name}/")

    assert result.proofs == [("customer", "proven", "")]
    assert result.page(f"/{name}/")["queries"] == {"before": 5, "after": 1}
    assert result.code == 1


@pytest.mark.parametrize("name", ["counts", "stream_counts", "filtered"])
def test_call_on_a_manager_is_proven_by_batched_answers(profile: Profile, name: str) -> None:
    """One query answers for all rows, and the proof names the code to write."""
    result = profile(f"/{name}/")

    (path, verdict, reason), *rest = result.proofs
    assert (path, verdict, rest) == ("comments", "proven", [])
    assert reason == BATCHED + result.findings[0]["suggestion"]
    assert result.page(f"/{name}/")["queries"] == {"before": 5, "after": 2}


@pytest.mark.parametrize(
    ("name", "proofs"),
    [
        ("random_order", [("customer", "not proven", "output differs without a change")]),
        ("shows_queries", [("customer", "not proven", "output differs with the fix: body")]),
        ("shows_sql", [("customer", "not proven", "output differs with the fix: body")]),
        ("header", [("customer", "not proven", "output differs with the fix: header X-Queries")]),
        ("forgets", [("customer", "not proven", "no fewer queries with the fix: 5 instead of 5")]),
        ("only_values", [("comments", "not proven", "values() and values_list() have no batch")]),
        (
            "loop",
            [("", "not proven", "only other code helps here, so there is nothing that a rerun could try")],
        ),
    ],
)
def test_fix_that_proves_nothing_has_a_reason(
    profile: Profile, name: str, proofs: list[tuple[str, str, str]]
) -> None:
    """The reason is named, and the numbers with a fix are left out."""
    result = profile(f"/{name}/")

    assert result.proofs == proofs
    assert result.page(f"/{name}/")["queries"]["after"] is None


def test_page_that_the_clock_changed_once_is_proven(profile: Profile) -> None:
    """Two more unchanged visits look the same, after two that did not."""
    revisited.ages.clear()

    assert profile("/age/").proofs == [("customer", "proven", "")]


def test_fix_that_changes_the_output_leaves_the_others_proven(profile: Profile) -> None:
    """Of two fixes at one queryset one is dropped, and the plan of the other is without it."""
    result = profile("/shows_cache/")

    assert result.proofs == [
        ("customer", "not proven", "output differs with the fix: body"),
        ("shop", "proven", ""),
    ]
    assert sorted(str(finding["plan"]) for finding in result.findings) == ['FetchPlan("shop")', "None"]
    assert result.page("/shows_cache/")["queries"] == {"before": 9, "after": 5}


def test_call_that_passes_by_a_prefetch_is_proven_by_batched_answers(profile: Profile) -> None:
    """The expression over the rows that are there is what the proof tells to write."""
    result = profile("/defeated/")

    (finding,) = result.findings
    assert (finding["code"], finding["plan"]) == ("Q103", None)
    assert result.proofs == [("comments", "proven", BATCHED + finding["suggestion"])]
    assert finding["suggestion"].startswith("sorted(row.comments.all(), key=")
    assert result.page("/defeated/")["queries"] == {"before": 6, "after": 3}


def test_second_call_on_a_relation_is_another_pattern(profile: Profile) -> None:
    """The count is proven although the filter on the same relation, which has no fix of its own here, stays."""
    result = profile("/counts_twice/")

    assert {verdict for _, verdict, _ in result.proofs} == {"proven", "not proven"}


@pytest.mark.parametrize("name", ["on_one_line", "template_line"])
def test_two_calls_of_one_line_are_two_proven_patterns(profile: Profile, name: str) -> None:
    """Each of them has its own code and identity, and none is lost."""
    result = profile(f"/{name}/")

    assert len({finding["suggestion"] for finding in result.findings}) == 2
    assert len({finding["fingerprint"] for finding in result.findings}) == 2
    assert [verdict for _, verdict, _ in result.proofs] == ["proven", "proven"]
    assert result.page(f"/{name}/")["queries"] == {"before": 9, "after": 3}


def test_choices_of_a_form_are_proven(profile: Profile) -> None:
    """A form reads its choices by an iterator, on another line than the one that makes it."""
    result = profile("/choices/")

    assert result.proofs == [("ticket__customer", "proven", "")]


@override_settings(CACHES={"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}})
def test_project_without_a_cache_is_profiled_without_one(profile: Profile) -> None:
    """What is rendered once per visitor is rendered in every visit."""
    assert profile("/cached/").proofs == [("customer", "proven", "")]


def test_call_that_depends_on_the_row_is_refused(profile: Profile) -> None:
    """The parameter of one row never answers for another."""
    result = profile("/own_comments/")

    reasons = {path: reason for path, _, reason in result.proofs}
    assert reasons["comments"].startswith("the call depends on the row")
    assert reasons["shop"] == ""


def test_one_cause_on_many_pages_is_one_finding(profile: Profile) -> None:
    """All pages that share a line are labels of its one finding."""
    result = profile("/tickets/", "/old/tickets/", "/stream/", "/writes/")

    shared = next(item for item in result.findings if len(item["labels"]) > 1)
    assert shared["labels"] == ["GET /tickets/", "GET /old/tickets/", "GET /writes/"]
    assert shared["count"] == 12
    assert (shared["proof"]["verdict"], shared["plan"]) == ("proven", 'FetchPlan("customer")')
    assert len(result.findings) == 2


def _page(label: str, verdict: str, reason: str = "", plan: FetchPlan | None = None) -> Page:
    proof = Proof(verdict="proven" if verdict == "proven" else "not proven", reason=reason)
    finding = Finding(
        kind="n_plus_one", code="Q101", model="profiled.Ticket", path="customer", count=3, saved_queries=3,
        suggestion=".select_related", plan=plan, labels=(label,), proof=proof,
    )  # fmt: skip
    return Page(path=label, label=label, findings=(finding,))


@pytest.mark.parametrize("is_turned", [False, True])
def test_page_that_disproves_a_fix_outweighs_others(is_turned: bool) -> None:
    """In whatever order the pages come, the plan is dropped."""
    pages = [
        _page("a", "proven", plan=FetchPlan("customer")),
        _page("b", "not proven", "output differs with it"),
    ]

    (finding,) = fold(reversed(pages) if is_turned else pages)

    assert finding.plan is None
    assert finding.proof is not None
    assert finding.proof.verdict == "not proven"
    assert finding.count == 6


@pytest.mark.parametrize("is_turned", [False, True])
def test_page_where_nothing_was_tried_disproves_nothing(is_turned: bool) -> None:
    """In whatever order the pages come, the proof stays."""
    plan = FetchPlan("customer")
    untried = _page("b", "not proven", "output differs without a change", plan)
    pages = [_page("a", "proven", plan=plan), untried]

    (finding,) = fold(reversed(pages) if is_turned else pages)

    assert finding.plan == plan
    assert finding.proof is not None
    assert finding.proof.verdict == "proven"
