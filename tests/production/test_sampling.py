"""Which requests are watched: a rate, by path, and while the budget lasts."""

import gc
import random
import tracemalloc
from typing import Any

import pytest
from django.db import connection
from django.test import AsyncClient, Client, override_settings

from quell.pipeline import logged_watch
from quell.production import sampling
from quell.production.budget import MAX_CREDIT_SECONDS, budget
from quell.production.counting import Counts, counts
from quell.production.known import judge_within_budget
from quell.production.sampling import is_watched
from tests.library.models import Author, Country
from tests.production.conftest import Reports

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("authors", "installed")]


def test_every_request_is_watched_by_default(reports: Reports) -> None:
    """Without a rate nothing is left out."""
    for _ in range(3):
        Client().get("/countries/")

    assert len(reports) == 3
    assert counts().watched == 3


@override_settings(QUELL_SAMPLE_RATE=0)
def test_request_outside_of_the_sample_opens_no_scope(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is answered, and no scope is made for it."""

    def refuse(*_: object) -> None:
        raise AssertionError("a scope was opened")

    monkeypatch.setattr("quell.capture.scope.Scope.open", refuse)

    assert Client().get("/countries/").content == b"Country 0, Country 1, Country 2"
    assert (reports, counts()) == ([], Counts())


@override_settings(QUELL_SAMPLE_RATE=0)
async def test_async_request_outside_of_the_sample_is_answered(reports: Reports) -> None:
    """Under ASGI as well."""
    response = await AsyncClient().get("/async/")

    assert response.content == b"Country 0, Country 1, Country 2"
    assert reports == []


@override_settings(QUELL_SAMPLE_RATE=0.25)
def test_rate_is_the_part_that_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter is a quarter."""
    monkeypatch.setattr(sampling, "random", random.Random(7).random)

    assert 2_300 < sum(is_watched("/") for _ in range(10_000)) < 2_700


@override_settings(QUELL_SAMPLE_RATE={"^/api/": 1, "^/static/": 0})
@pytest.mark.parametrize(
    ("path", "is_chosen"), [("/api/x/", True), ("/static/api/", False), ("/other/", False)]
)
def test_rate_may_differ_by_path(path: str, is_chosen: bool) -> None:
    """The first pattern that is found in the path tells; what none matches is not watched."""
    assert is_watched(path) is is_chosen


@override_settings(QUELL_SAMPLE_RATE={"^/api/": 0, "": 1})
def test_middleware_asks_by_path(reports: Reports) -> None:
    """The path is that of the request."""
    Client().get("/api/countries/")
    Client().get("/countries/")

    assert [report.label for report in reports] == ["GET /countries/"]


@override_settings(QUELL_BUDGET_SHARE=0.01)
def test_debt_keeps_requests_from_being_watched(reports: Reports, caplog: pytest.LogCaptureFixture) -> None:
    """They are answered, counted, and the log says so once."""
    budget.spend(MAX_CREDIT_SECONDS + 5, 0.1)

    for _ in range(3):
        assert Client().get("/countries/").status_code == 200

    assert reports == []
    assert counts().skipped == 3
    assert ["QUELL_BUDGET_SHARE" in record.getMessage() for record in caplog.records] == [True]


def test_debt_is_paid_by_the_time_that_the_process_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A share of 0.1 pays a debt of one second within ten seconds."""
    clock = [100.0]
    monkeypatch.setattr("quell.production.budget.process_time", lambda: clock[0])
    budget.reset()
    budget.spend(MAX_CREDIT_SECONDS + 1, 0.1)

    clock[0] += 9
    before = budget.has_left(0.1)
    clock[0] += 2
    assert (before, budget.has_left(0.1)) == (False, True)


def test_credit_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was quiet for a day saves up one second."""
    clock = [0.0]
    monkeypatch.setattr("quell.production.budget.process_time", lambda: clock[0])
    budget.reset()
    clock[0] += 86_400
    assert budget.has_left(0.1)

    budget.spend(MAX_CREDIT_SECONDS, 0.1)
    assert not budget.has_left(0.1)


@override_settings(QUELL_BUDGET_SHARE=0.5)
def test_analysis_is_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it takes, by the clock of the thread, is taken from the credit."""
    paid: list[float] = []
    monkeypatch.setattr(budget, "spend", lambda seconds, share: paid.append(seconds))

    Client().get("/countries/")

    assert len(paid) == 1
    assert paid[0] > 0


@override_settings(QUELL_MAX_EVENTS=2)
def test_dropped_events_are_counted(reports: Reports) -> None:
    """What a request ran beyond the limit is in the counts and in the report."""
    Client().get("/countries/")
    Client().get("/first/3/")

    assert counts().dropped_events == 4
    assert [(report.query_count, report.dropped_count) for report in reports] == []


def test_streaming_response_is_watched_until_its_view_returns(reports: Reports) -> None:
    """What is loaded while it is sent belongs to no scope, and nothing stays open."""
    response: Any = Client().get("/stream/")

    assert b"".join(response.streaming_content) == b"33"
    assert [report.query_count for report in reports] == [4]
    assert connection.execute_wrappers == []


def test_memory_of_a_request_is_bounded_by_its_statements(authors: list[Author]) -> None:
    """What is kept of a statement is below two kilobytes, whatever its rows hold."""
    run = 300
    with logged_watch(judge=judge_within_budget) as watch:
        for _ in range(run):
            assert list(Country.objects.filter(pk=authors[0].country_id))
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(run):
                assert list(Country.objects.filter(pk=authors[0].country_id))
            gc.collect()
            kept = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()

    assert len(watch.queries) == 2 * run
    assert kept / run < 2_000
