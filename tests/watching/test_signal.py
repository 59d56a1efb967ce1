"""The signal ``findings_reported``."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

import quell
from quell.signals import findings_reported
from tests.library.models import Country
from tests.watching.probes import read_countries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("authors")]

Message = dict[str, Any]


@pytest.fixture
def messages() -> Iterator[list[Message]]:
    """What the signal told in this test."""
    received: list[Message] = []

    def receive(**message: object) -> None:
        received.append(message)

    findings_reported.connect(receive)
    yield received
    findings_reported.disconnect(receive)


def test_outermost_watch_sends_what_it_found(messages: list[Message]) -> None:
    """Receivers get findings and statements as tuples, and the label."""
    with quell.watch(label="nightly") as watch:
        read_countries()

    (message,) = messages
    assert (message["findings"], message["queries"]) == (watch.findings, watch.queries)
    assert {type(message["findings"]), type(message["queries"])} == {tuple}
    assert (message["sender"], message["label"]) == (quell.watch, "nightly")


def test_signal_is_sent_when_the_watch_has_ended(messages: list[Message]) -> None:
    """Inside the block nobody is told, and afterwards once."""
    with quell.watch():
        read_countries()
        assert messages == []

    assert len(messages) == 1


def test_inner_watch_sends_nothing(messages: list[Message]) -> None:
    """Only the outermost scope reports."""
    with quell.watch(label="outer"), quell.watch(label="inner"):
        read_countries()

    assert [message["label"] for message in messages] == ["outer"]


def test_watch_without_findings_sends_nothing(messages: list[Message]) -> None:
    """Correct code is not reported."""
    with quell.watch():
        Country.objects.count()

    assert messages == []


def test_watch_reports_also_when_the_block_fails(messages: list[Message]) -> None:
    """What an exception cut short is reported as far as it came."""

    def run() -> None:
        with quell.watch():
            read_countries()
            raise LookupError

    with pytest.raises(LookupError):
        run()

    assert len(messages) == 1


def test_receiver_that_raises_does_not_break(messages: list[Message]) -> None:
    """A receiver that fails fails alone."""

    def fail(**_: object) -> None:
        raise RuntimeError("in a receiver")

    findings_reported.connect(fail)
    try:
        with quell.watch() as watch:
            read_countries()
    finally:
        findings_reported.disconnect(fail)

    assert len(watch.findings) == len(messages) == 1


def test_receiver_may_query_without_being_watched(messages: list[Message]) -> None:
    """A receiver that stores what it is told does not feed the watch that tells it."""

    def store(**_: object) -> None:
        Country.objects.create(name="stored")

    findings_reported.connect(store)
    try:
        with quell.watch() as watch:
            read_countries()
    finally:
        findings_reported.disconnect(store)

    assert len(watch.queries) == len(messages[0]["queries"]) == 4


@pytest.mark.django_db(transaction=True)
def test_async_watch_tells_sync_and_async_receivers(messages: list[Message]) -> None:
    """A sync receiver may query, although the watch ended in an event loop."""
    told = []

    async def listen(**message: object) -> None:
        told.append(message)

    def count(**_: object) -> None:
        told.append({"count": Country.objects.count()})

    async def run() -> None:
        async with quell.watch():
            await sync_to_async(read_countries)()

    findings_reported.connect(listen)
    findings_reported.connect(count)
    try:
        asyncio.run(run())
    finally:
        findings_reported.disconnect(listen)
        findings_reported.disconnect(count)

    assert len(told) == 2
    assert len(messages) == 1


def test_nobody_listening_costs_no_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings are worked out when somebody wants them."""
    monkeypatch.setattr("quell.pipeline.judge", lambda *_: pytest.fail("analysed"))
    with quell.watch() as watch:
        read_countries()

    assert len(watch.queries) == 4
