"""What a service did is told by a signal, and costs nothing where nobody listens."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, connections

from quell.events import ServiceEvent
from quell.services import OutcomeUnknown, Retry, service
from quell.services.observing import observation_of
from quell.services.options import Options
from quell.signals import service_finished
from tests.serviceapp.models import Account
from tests.services.faults import error_of
from tests.services.threads import COMMITTING, in_thread

pytestmark = [pytest.mark.databases, COMMITTING]


@pytest.fixture
def events() -> Iterator[list[ServiceEvent]]:
    """Collect what the signal tells."""
    seen: list[ServiceEvent] = []

    def receive(event: ServiceEvent, **_: object) -> None:
        seen.append(event)

    service_finished.connect(receive)
    yield seen
    service_finished.disconnect(receive)


@service(nested="join")
def part() -> None:
    """Write a row."""
    Account.objects.create(name="part")


def test_signal_tells_what_happened(events: list[ServiceEvent]) -> None:
    """Each call is one event, the inner one first, with its tries, queries and outcome."""
    runs: list[int] = []

    @service(retry=Retry(first_delay_ms=1), name="whole")
    def whole() -> None:
        runs.append(1)
        part()
        Account.objects.create(name="whole")
        if len(runs) == 1:
            raise error_of(sqlstate="40001")

    whole()
    assert [(event.service.rpartition(".")[2], event.outcome, event.tries) for event in events] == [
        ("part", "joined", 1),
        ("part", "joined", 1),
        ("whole", "committed", 2),
    ]
    assert [event.query_count for event in events] == [1, 1, 4]
    assert all(event.duration_ms > 0 and event.aliases == ("default",) for event in events)
    assert connection.execute_wrappers == []


def test_signal_names_the_error_and_no_text(events: list[ServiceEvent]) -> None:
    """The class of the error is told, and never its text."""

    @service
    def fail() -> None:
        raise KeyError("secret")

    with pytest.raises(KeyError):
        fail()

    assert [(event.outcome, event.error) for event in events] == [("rolled back", "KeyError")]
    assert "secret" not in repr(events)


async def test_async_services_are_told_too(events: list[ServiceEvent]) -> None:
    """An async service is an event as any other, and so is one that joins."""

    @service(nested="join")
    async def inner() -> None:
        await Account.objects.acreate(name="inner")

    @service
    async def outer() -> None:
        await inner()

    await outer()
    assert [(event.outcome, event.tries) for event in events] == [("joined", 1), ("committed", 1)]
    assert events[1].query_count == 1


def test_nothing_is_measured_where_nobody_listens() -> None:
    """Without receivers there is no observation."""
    assert observation_of(Options(name="x")) is None


@pytest.mark.parametrize("error", [error_of(sqlstate="57P01"), error_of(), error_of(OperationalError, 2013)])
def test_connection_lost_at_the_commit_leaves_an_open_question(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Nobody can tell whether the rows are there, so the error says so, and nothing is run again."""
    raw: Any = connections["default"]
    runs: list[int] = []

    def lose() -> None:
        raise error

    @service(retry=5)
    def work() -> None:
        runs.append(1)
        monkeypatch.setattr(raw, "_commit", lose)

    with pytest.raises(OutcomeUnknown, match="may be there or not") as caught:
        work()
    assert (caught.value.__cause__, runs) == (error, [1])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only")
def test_connection_killed_on_the_server_is_rolled_back() -> None:
    """A backend that is terminated in the middle leaves nothing, and the next service works."""

    @service
    def work() -> None:
        Account.objects.create(name="gone")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            number = cursor.fetchone()[0]
        in_thread(lambda: Account.objects.raw("SELECT 1 AS id, pg_terminate_backend(%s)", [number])[0])
        Account.objects.create(name="never")

    with pytest.raises(Exception, match=r"terminat|closed|connection"):
        work()
    with service():
        Account.objects.create(name="after")
    assert [account.name for account in Account.objects.all()] == ["after"]
