"""Where recorded plans are applied: in which requests, blocks, threads and tasks, and not by a recording."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections

import quell
from quell import FetchPlan
from quell.lineage.planned import planned
from quell.loading.recorded.blocks import apply_plans
from quell.loading.recorded.entries import Recorded
from quell.recording import Recorder, record
from tests.library.models import Author, Book
from tests.ondemand.conftest import counted
from tests.recorded import work
from tests.recorded.narrowing import TITLED, narrowed

pytestmark = [pytest.mark.databases, pytest.mark.usefixtures("library")]


@contextmanager
def answering(**facts: Any) -> Iterator[None]:
    """Be in a request, as the signals of Django tell, but for those receivers that close connections."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    try:
        request_started.send(sender=None, **facts)
        yield
        request_finished.send(sender=None)
    finally:
        request_started.connect(close_old_connections)
        request_finished.connect(close_old_connections)


@pytest.mark.parametrize(
    ("method", "is_planned"), [("GET", True), ("HEAD", True), ("POST", False), ("DELETE", False)]
)
@pytest.mark.parametrize("kind", ["environ", "scope"])
def test_requests_that_may_write_have_no_plans(method: str, is_planned: bool, kind: str) -> None:
    """A request with an unsafe method loads as if there were no file, and the next one does not."""
    facts: Any = (
        {"environ": {"REQUEST_METHOD": method}} if kind == "environ" else {"scope": {"method": method}}
    )
    with narrowed("title"):
        with answering(**facts):
            during = work.titled("Book 0")[0].get_deferred_fields()
        after = work.titled("Book 0")[0].get_deferred_fields()

    assert bool(during) is is_planned
    assert after


def test_view_has_its_plan_for_get_alone() -> None:
    """The ViewSet of one function answers GET from narrowed rows, and PATCH from whole ones."""
    from rest_framework.test import APIRequestFactory

    view = work.BookViewSet.as_view({"get": "list", "patch": "partial_update"})
    with record() as recorder:
        view(APIRequestFactory().get("/")).render()
    [origin] = recorder.plans
    with apply_plans(recorder.needs):
        with counted() as queries:
            view(APIRequestFactory().get("/")).render()
        pk = Book.objects.order_by("pk")[0].pk
        with answering(environ={"REQUEST_METHOD": "PATCH"}), counted() as patched:
            view(APIRequestFactory().patch("/", {"title": "new"}), pk=pk).render()

    assert str(origin) == "tests.recorded.work:BookViewSet.get_queryset: Book.objects.order_by('pk')"
    assert len(queries) == 1
    assert '"text"' in patched[0]["sql"].replace("`", '"')


def test_outer_block_has_no_say_in_an_inner_one() -> None:
    """The plans of a block are those of its mapping alone."""
    with narrowed("title"):
        with apply_plans({}):
            inner = work.titled("Book 0")[0].get_deferred_fields()
        outer = work.titled("Book 0")[0].get_deferred_fields()

    assert not inner
    assert outer


def test_recording_sees_no_plans() -> None:
    """A recording says the same whether a plan is applied around it or not."""
    with record() as bare:
        work.bylines()
    with (
        apply_plans({origin: Recorded(FetchPlan(only=["pk"])) for origin in bare.plans}),
        record() as planned,
    ):
        work.bylines()

    assert planned.needs == bare.needs


def test_error_adds_nothing_to_a_recording() -> None:
    """What a block read before it failed is not all that it reads."""
    recorder = Recorder()
    with pytest.raises(ZeroDivisionError), recorder.block():
        _read_and_fail()
    assert not recorder.needs
    assert recorder.skipped_count == 1


def _read_and_fail() -> None:
    work.bylines()
    raise ZeroDivisionError


@pytest.mark.parametrize("plans", [{"place": FetchPlan()}, {TITLED: "author"}])
def test_wrong_plans_are_refused(plans: Any) -> None:
    """A mapping of something else says what it has to be."""
    with pytest.raises(quell.exceptions.UsageError, match="mapping of origins to plans"), apply_plans(plans):
        pass


def test_error_inside_quell_switches_plans_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    """Where finding a plan fails, the queryset runs as it was written."""
    settings.QUELL_ON_ERROR = "log"
    with narrowed("title"):
        monkeypatch.setattr("quell.loading.recorded.tables.takes_plan", lambda queryset: 1 / 0)
        books = [work.titled("Book 0")[0] for _ in range(2)]

    assert not any(book.get_deferred_fields() for book in books)
    assert len(caplog.records) == 1


def test_threads_of_a_block_have_no_plans() -> None:
    """A block is for its context; another thread has that of the process."""

    def read() -> set[str]:
        try:
            return Author.objects.none().query.__dict__.keys() & {"built_by"}
        finally:
            connections.close_all()

    with narrowed("title"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(read).result() == set()


async def test_tasks_keep_their_own_plans() -> None:
    """Tasks that run at once have the plans of their own blocks."""

    async def read(*columns: str) -> set[str]:
        with narrowed(*columns):
            await asyncio.sleep(0)
            books = work.titled("x")
            await asyncio.sleep(0)
            return set(planned(books).query.deferred_loading[0])

    assert list(await asyncio.gather(read("title"), read("text"))) == [{"id", "title"}, {"id", "text"}]
