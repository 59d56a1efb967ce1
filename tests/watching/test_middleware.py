"""``QuellMiddleware``: one scope per request, under WSGI and ASGI."""

import asyncio
import logging
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, AsyncRequestFactory, Client, RequestFactory, override_settings

import quell
from quell.lineage import _patches
from quell.lineage.hooks import active
from quell.middleware import QuellMiddleware, label_of
from quell.signals import findings_reported
from tests.watching.probes import assert_untouched, tables
from tests.watching.views import count

MIDDLEWARE = ["quell.middleware.QuellMiddleware", *settings.MIDDLEWARE]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fresh_hooks", "authors", "installed"),
]


@pytest.fixture
def installed() -> Iterator[None]:
    """The middleware and the routes of this module."""
    with override_settings(ROOT_URLCONF="tests.watching.views", MIDDLEWARE=MIDDLEWARE):
        yield


@pytest.fixture
def messages() -> Iterator[list[dict[str, Any]]]:
    """What the signal told in this test."""
    received: list[dict[str, Any]] = []

    def receive(**message: object) -> None:
        received.append(message)

    findings_reported.connect(receive)
    yield received
    findings_reported.disconnect(receive)


Messages = list[dict[str, Any]]


def _labels(messages: Messages) -> list[str]:
    return [message["label"] for message in messages]


def test_request_is_reported_by_method_and_route(messages: Messages) -> None:
    """The label is the route with its placeholders, never the URL."""
    Client().get("/countries/471147114711/?token=secret")

    assert _labels(messages) == ["GET /countries/<int:pk>/"]
    assert messages[0]["findings"][0].labels == ("GET /countries/<int:pk>/",)
    assert "471147114711" not in repr(messages)
    assert "secret" not in repr(messages)


def test_regular_expression_is_a_route(messages: Messages) -> None:
    """The route of ``re_path()`` is its pattern."""
    Client().post("/shelf/12/")

    assert _labels(messages) == [r"POST /shelf/(?P<pk>\d+)/$"]


def test_request_without_a_route_has_a_label() -> None:
    """A request that no route serves is not named by its URL."""
    assert label_of(RequestFactory().get("/secret/")) == "GET (no route)"


def test_findings_are_logged_as_warnings(caplog: pytest.LogCaptureFixture) -> None:
    """Each finding is a warning of the logger ``quell``."""
    Client().get("/countries/")

    records = [record for record in caplog.records if record.name == "quell"]
    assert [record.levelno for record in records] == [logging.WARNING]
    assert "library.Author country" in records[0].getMessage()


def test_correct_view_is_silent(messages: Messages, caplog: pytest.LogCaptureFixture) -> None:
    """A view without findings neither logs nor sends."""
    assert Client().get("/count/").content == b"3"

    assert (messages, caplog.records) == ([], [])


def test_each_request_is_a_scope_of_its_own(messages: Messages) -> None:
    """Two requests are two reports, each with its own statements."""
    client = Client()
    client.get("/countries/")
    client.get("/countries/")

    assert [len(message["queries"]) for message in messages] == [4, 4]


def test_exception_in_a_view_ends_the_scope(messages: Messages) -> None:
    """The error page is Django's, what ran is reported, and nothing stays open."""
    response = Client(raise_request_exception=False).get("/fail/")

    assert response.status_code == 500
    assert _labels(messages) == ["GET /fail/"]
    assert active.get(None) is None
    assert connection.execute_wrappers == []


def test_scope_of_a_streaming_response_is_its_view(messages: Messages) -> None:
    """What runs while the response is sent is not in the scope, and still runs."""
    response: Any = Client().get("/stream/")

    assert b"".join(response.streaming_content) == b"33"
    assert [len(message["queries"]) for message in messages] == [4]


def test_atomic_requests_add_no_query(messages: Messages) -> None:
    """The transaction around a view is no statement of it."""
    handled = connections["default"].settings_dict
    handled["ATOMIC_REQUESTS"] = True
    try:
        Client().get("/countries/")
    finally:
        handled["ATOMIC_REQUESTS"] = False

    assert [len(message["queries"]) for message in messages] == [4]


def test_watch_around_a_request_reports_instead(messages: Messages, caplog: pytest.LogCaptureFixture) -> None:
    """The outermost scope reports; a test that watches its client sees everything."""
    with quell.watch(label="test") as watch:
        Client().get("/countries/")

    assert len(watch.findings) == 1
    assert _labels(messages) == ["test"]
    assert caplog.records == []


def test_two_requests_of_one_watch_are_no_loop() -> None:
    """The same view again is no pattern, where requests run at once and where they follow each other."""

    async def run() -> quell.watch:
        async with quell.watch() as watch:
            await asyncio.gather(*(AsyncClient().get("/count/") for _ in range(4)))
            for _ in range(4):
                await AsyncClient().get("/count/")
        return watch

    watch = asyncio.run(run())

    assert len(watch.queries) == 8
    assert watch.findings == ()


@pytest.mark.parametrize("url", ["/countries/", "/async/"])
async def test_async_client_gets_the_same(url: str, messages: Messages) -> None:
    """Sync and async views are watched under ASGI."""
    response = await AsyncClient().get(url)

    assert response.content == b"Country 0, Country 1, Country 2"
    assert _labels(messages) == [f"GET {url}"]
    assert [len(message["queries"]) for message in messages] == [4]


async def test_async_exception_ends_the_scope(messages: Messages) -> None:
    """Nothing stays open in the task, nor on the connection of the worker."""
    response = await AsyncClient(raise_request_exception=False).get("/fail/")

    assert response.status_code == 500
    assert _labels(messages) == ["GET /fail/"]
    assert active.get(None) is None
    assert await sync_to_async(lambda: list(connection.execute_wrappers))() == []


async def test_concurrent_requests_of_a_loop_are_apart(messages: Messages) -> None:
    """Requests that run at once never see each other's statements."""
    await asyncio.gather(
        *(AsyncClient().get(url) for url in ("/async/", "/countries/", "/async/", "/count/"))
    )

    assert sorted(_labels(messages)) == ["GET /async/", "GET /async/", "GET /countries/"]
    assert [len(message["queries"]) for message in messages] == [4, 4, 4]


def test_concurrent_requests_of_threads_are_apart(messages: Messages) -> None:
    """Requests of two threads never see each other's statements."""

    def run() -> None:
        Client().get("/meet/")
        connections.close_all()

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [tables(message["queries"]) for message in messages] == [["author"] + ["country"] * 3] * 2


def test_one_class_serves_both_modes() -> None:
    """The middleware is sync around a sync handler, and a coroutine function around an async one."""

    async def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert (QuellMiddleware.sync_capable, QuellMiddleware.async_capable) == (True, True)
    assert not iscoroutinefunction(QuellMiddleware(count))
    assert iscoroutinefunction(QuellMiddleware(answer))


async def test_async_middleware_can_be_awaited_directly() -> None:
    """Called by hand, it answers."""

    async def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse("here")

    request: Any = AsyncRequestFactory().get("/")
    response: Any = await QuellMiddleware(answer)(request)  # type: ignore[misc]  # it is awaitable here

    assert response.content == b"here"


def test_hooks_stay_for_the_life_of_the_process() -> None:
    """Between requests the hooks are idle and not reinstalled: rounds do not add up."""
    from quell.lineage._patches import installation

    client = Client()
    client.get("/count/")
    rounds = installation.rounds
    for _ in range(3):
        client.get("/count/")

    assert installation.is_kept
    assert installation.rounds == rounds


@override_settings(QUELL_ON_ERROR="log")
def test_error_inside_quell_lets_the_request_through(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A page works where quell does not."""

    def break_down(*_: object) -> None:
        raise ZeroDivisionError("inside quell")

    monkeypatch.setattr("quell.lineage.hooks.find_site", break_down)

    assert Client().get("/countries/").content == b"Country 0, Country 1, Country 2"
    assert [record.levelno for record in caplog.records if record.name == "quell"] == [logging.ERROR]


@override_settings(QUELL_ON_ERROR="log")
def test_hooks_that_do_not_fit_let_the_process_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the hooks cannot be installed, pages are served without quell."""

    def refuse(original: object) -> object:
        raise AttributeError("another Django")

    with monkeypatch.context() as broken:
        broken.setattr(_patches.PATCHES[0], "wrap", refuse)
        response = Client().get("/countries/")

    assert response.content == b"Country 0, Country 1, Country 2"
    assert "another Django" in caplog.text
    assert_untouched()
