"""Libraries that are seen by their methods: what they send on an open connection raises no event."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from quell.services import service
from tests.hygiene.seen import effects_of

pytestmark = pytest.mark.django_db

httpx = pytest.importorskip("httpx", reason="httpx is not installed")
requests = pytest.importorskip("requests", reason="requests is not installed")


def kinds_of(work: Callable[[], object]) -> list[tuple[str, str]]:
    """Return kind and library of the effects of a function that runs in a transaction."""
    return [(effect.kind, effect.name) for effect in effects_of(service(lambda: (work(), None)[1]))]


def test_requests_is_seen(url: str) -> None:
    """A request is one effect, on a new connection and on one that is open."""
    with requests.Session() as session:
        assert kinds_of(lambda: session.get(url)) == [("http", "requests")]
        assert kinds_of(lambda: session.get(url)) == [("http", "requests")]


def test_requests_that_a_test_answers_is_seen() -> None:
    """An adapter that never reaches a server stands for one that does."""

    class Adapter(requests.adapters.BaseAdapter):  # type: ignore[misc,name-defined]  # requests has no types
        def send(self, request: Any, **_: object) -> Any:
            response = requests.Response()
            response.status_code, response.url, response.request = 200, request.url, request
            return response

        def close(self) -> None:
            """Do nothing."""

    with requests.Session() as session:
        session.mount("http://", Adapter())

        assert kinds_of(lambda: session.get("http://example.com/")) == [("http", "requests")]


def test_httpx_is_seen(url: str) -> None:
    """A request is one effect, on a new connection and on one that is open."""
    with httpx.Client() as client:
        assert kinds_of(lambda: client.get(url)) == [("http", "httpx")]
        assert kinds_of(lambda: client.get(url)) == [("http", "httpx")]


def test_httpx_that_a_test_answers_is_seen() -> None:
    """So it is with the transport that httpx has for tests."""
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        assert kinds_of(lambda: client.get("http://example.com/")) == [("http", "httpx")]


def test_celery_is_seen() -> None:
    """A task that is enqueued is one effect, also where it runs eagerly."""
    celery = pytest.importorskip("celery", reason="Celery is not installed")
    app = celery.Celery("tests", set_as_current=False, broker="memory://")

    def nothing() -> None:
        """Do nothing."""

    task = app.task(name="tests.task")(nothing)

    assert kinds_of(task.delay) == [("task", "Celery")]
    assert kinds_of(lambda: app.send_task("tests.task")) == [("task", "Celery")]
    app.conf.task_always_eager = True
    assert kinds_of(task.delay) == [("task", "Celery")]


def test_dramatiq_is_seen() -> None:
    """A message that is sent is one effect."""
    dramatiq = pytest.importorskip("dramatiq", reason="Dramatiq is not installed")
    from dramatiq.brokers.stub import StubBroker

    broker = StubBroker()
    broker.emit_after("process_boot")
    actor = dramatiq.actor(lambda: None, actor_name="nothing", broker=broker)

    assert kinds_of(actor.send) == [("task", "Dramatiq")]
    broker.close()


def test_rq_is_seen() -> None:
    """A job that is enqueued is one effect; whether a broker takes it is another thing."""
    pytest.importorskip("rq", reason="RQ is not installed")
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as NoServerError
    from redis.retry import Retry
    from rq import Queue

    queue = Queue(connection=Redis(port=1, retry=Retry(NoBackoff(), 0)))

    def enqueue() -> None:
        with suppress(NoServerError):
            queue.enqueue("tests.task")

    assert kinds_of(enqueue) == [("task", "RQ")]
