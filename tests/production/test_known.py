"""Requests that do what another one did are not analysed again."""

import pytest
from django.test import AsyncClient, Client, override_settings

from quell.production.counting import counts
from quell.telling import Report
from tests.production.conftest import Reports

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("authors", "installed")]


def _facts(report: Report) -> list[tuple[object, ...]]:
    return [
        (item.code, item.count, item.saved_queries, item.origin, item.trigger, item.suggestion)
        for item in report.findings
    ]


def test_equal_request_has_the_findings_of_the_first(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are told again, without an analysis."""
    Client().get("/countries/")

    def refuse(*_: object) -> None:
        raise AssertionError("analysed again")

    monkeypatch.setattr("quell.production.known.judge", refuse)
    Client().get("/countries/")

    assert _facts(reports[0]) == _facts(reports[1])
    assert counts().known == 1


def test_another_number_of_loads_is_another_request(reports: Reports) -> None:
    """Counts are never those of another request."""
    for number in (3, 2, 3):
        Client().get(f"/first/{number}/")

    assert [report.findings[0].count for report in reports] == [3, 2, 3]
    assert counts().known == 1


def test_another_line_is_another_request(reports: Reports) -> None:
    """Equal statements of another line are that line's."""
    Client().get("/either/")
    Client().get("/either/?other")

    assert reports[0].findings[0].origin != reports[1].findings[0].origin
    assert counts().known == 0


@pytest.mark.parametrize("page", ["branches", "lists"])
def test_what_asked_tells_requests_apart(reports: Reports, page: str) -> None:
    """Equal statements of another node of a template, or for the rows of another queryset, are others."""
    for query in ("?first", "", "?first", ""):
        Client().get(f"/{page}/{query}")

    first, other, *again = map(_facts, reports)
    # A template without a file has no lines to name.
    assert page == "branches" or first != other
    assert again == [first, other]
    assert counts().known == 2


def test_view_without_a_hash_is_known(reports: Reports) -> None:
    """Its requests are told apart by the view itself."""
    for _ in range(2):
        Client().get("/compared/")

    first, again = map(_facts, reports)
    assert first == again
    assert len(first) == 1
    assert counts().known == 1


def test_equal_parameters_are_another_request(reports: Reports) -> None:
    """A statement that is repeated with equal parameters is not one that asks for other things."""
    Client().get("/same/")
    Client().get("/same/?same")

    assert counts().known == 0
    assert [[finding.code for finding in report.findings] for report in reports] == [["Q104"]]


def test_silenced_block_is_another_request(reports: Reports) -> None:
    """What somebody silenced is not told because another request was loud, nor the other way round."""
    Client().get("/silent/")
    Client().get("/silent/?loud")
    Client().get("/silent/")

    assert [len(report.findings) for report in reports] == [1]


def test_other_settings_forget_what_is_known(reports: Reports) -> None:
    """A pattern to ignore counts from the next request on."""
    Client().get("/countries/")
    with override_settings(QUELL_IGNORE=["Q101"]):
        Client().get("/countries/")
    Client().get("/countries/")

    assert len(reports) == 2
    assert counts().known == 0


@override_settings(QUELL_MAX_EVENTS=3)
def test_number_of_dropped_statements_does_not_matter(reports: Reports) -> None:
    """The findings are about those that were kept."""
    Client().get("/countries/")
    Client().get("/countries/")

    assert [report.dropped_count for report in reports] == [1, 1]


async def test_async_request_is_known_as_well(reports: Reports) -> None:
    """Under ASGI, in the thread that serves a task."""
    for _ in range(2):
        await AsyncClient().get("/async/")

    assert _facts(reports[0]) == _facts(reports[1])


def test_failed_view_reports_each_time(reports: Reports) -> None:
    """A view that raises is judged as any other."""
    for _ in range(2):
        Client(raise_request_exception=False).get("/fail/")

    assert [report.label for report in reports] == ["GET /fail/"] * 2


@override_settings(QUELL_TRANSACTION_HYGIENE=True)
def test_request_whose_transactions_are_watched_is_always_analysed(reports: Reports) -> None:
    """Side effects are no statements, so equal statements may come with others."""
    for _ in range(2):
        Client().get("/countries/")

    assert len(reports) == 2
    assert counts().known == 0
