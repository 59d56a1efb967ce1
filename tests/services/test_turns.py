"""Services that lost run again by turns, and never wait for ever."""

import asyncio
import threading
import time
from functools import partial

import pytest

from quell.conf import override
from quell.exceptions import RetriesExhausted
from quell.services import Retry, after_commit, lanes, service, turns
from tests.serviceapp.models import Account
from tests.services.faults import error_of
from tests.services.threads import COMMITTING, at_once

pytestmark = COMMITTING


async def test_losers_run_again_a_few_at_a_time() -> None:
    """Two services run again at a time; all succeed in the end."""
    running: list[int] = []
    most: list[int] = []
    tries: dict[int, int] = {}

    @service(retry=Retry(tries=3, first_delay_ms=1))
    async def work(number: int) -> int:
        tries[number] = tries.get(number, 0) + 1
        if tries[number] == 1:
            raise error_of(sqlstate="40001")
        running.append(number)
        most.append(len(running))
        await asyncio.sleep(0.01)
        running.remove(number)
        return number

    with override(service_connections=8):
        found = await asyncio.gather(*[work(number) for number in range(8)])

    assert found == list(range(8))
    assert max(most) == 2


async def test_turn_is_given_back_by_a_service_that_fails() -> None:
    """Whatever a run ends in, the next one gets its turn."""
    tries: list[int] = []

    @service(retry=Retry(tries=3, first_delay_ms=1))
    async def work() -> None:
        tries.append(1)
        await Account.objects.aexists()
        raise error_of(sqlstate="40001") if len(tries) % 2 else KeyError(len(tries))

    with override(service_connections=1):
        for _ in range(3):
            with pytest.raises(KeyError):
                await asyncio.wait_for(work(), 4)

    assert len(tries) == 6


async def test_nobody_waits_for_a_turn_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run with a turn that waits for one without is no deadlock."""
    monkeypatch.setattr(lanes, "TURN_SECONDS", 0.05)
    done = asyncio.Event()
    tries: list[str] = []

    @service(retry=Retry(tries=2, first_delay_ms=0))
    async def first() -> None:
        tries.append("first")
        if tries.count("first") == 1:
            raise error_of(sqlstate="40001")
        await done.wait()

    @service(retry=Retry(tries=2, first_delay_ms=0))
    async def second() -> None:
        tries.append("second")
        if tries.count("second") == 1:
            while tries.count("first") < 2:
                await asyncio.sleep(0)
            raise error_of(sqlstate="40001")
        done.set()

    with override(service_connections=2):
        await asyncio.wait_for(asyncio.gather(first(), second()), 10)

    assert tries.count("second") == 2


def test_threads_run_again_a_few_at_a_time() -> None:
    """Two of eight have a turn, and whatever a run ends in, the next one gets it."""
    began = threading.Barrier(8)
    running: list[int] = []
    most: list[int] = []
    tries: dict[int, int] = {}

    @service(retry=Retry(tries=4, first_delay_ms=1))
    def work(number: int) -> int:
        tries[number] = tries.get(number, 0) + 1
        if tries[number] == 1:
            began.wait(10)
            raise error_of(sqlstate="40001")
        running.append(number)
        most.append(len(running))
        time.sleep(0.01)
        running.remove(number)
        if tries[number] == 2:
            raise error_of(sqlstate="40001")
        if number % 2:
            raise KeyError(number)
        return number

    def call(number: int) -> int | None:
        try:
            return work(number)
        except KeyError:
            return None

    found = at_once(*[partial(call, number) for number in range(8)])

    assert found == [0, None, 2, None, 4, None, 6, None]
    assert max(most) <= turns.TURN_COUNT
    assert turns.turns_of_threads.free_count == turns.TURN_COUNT


def test_thread_waits_for_a_turn_and_then_runs_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that have the turns may be waiting for it."""
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.05)
    tries: list[int] = []

    @service(retry=Retry(tries=2, first_delay_ms=0))
    def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise error_of(sqlstate="40001")

    taken = [turns.turns_of_threads.take(1) for _ in range(turns.TURN_COUNT + 1)]
    work()
    for _ in range(turns.TURN_COUNT):
        turns.turns_of_threads.give_back()

    assert taken == [True] * turns.TURN_COUNT + [False]
    assert len(tries) == 2
    assert turns.turns_of_threads.free_count == turns.TURN_COUNT


def test_turn_ends_before_what_runs_after_the_commit() -> None:
    """A slow hook keeps nobody from running again."""
    free: list[int] = []
    tries: list[int] = []

    @service(retry=Retry(tries=2, first_delay_ms=0))
    def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise error_of(sqlstate="40001")
        free.append(turns.turns_of_threads.free_count)
        after_commit(lambda: free.append(turns.turns_of_threads.free_count))

    work()

    assert free == [turns.TURN_COUNT - 1, turns.TURN_COUNT]


async def test_turn_of_a_task_ends_before_what_runs_after_the_commit() -> None:
    """The same on an event loop."""
    semaphore = lanes.pool_of_loop()._turns
    free: list[int] = []
    tries: list[int] = []

    @service(retry=Retry(tries=2, first_delay_ms=0))
    async def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise error_of(sqlstate="40001")
        free.append(semaphore._value)
        after_commit(lambda: free.append(semaphore._value))

    await work()

    assert free == [turns.TURN_COUNT - 1, turns.TURN_COUNT]


def test_nobody_waits_longer_for_a_turn_than_retry_allows() -> None:
    """A limit in seconds is one of the whole call."""
    tries: list[int] = []

    @service(retry=Retry(tries=3, seconds=0.3, first_delay_ms=0))
    def work() -> None:
        tries.append(1)
        raise error_of(sqlstate="40001")

    for _ in range(turns.TURN_COUNT):
        assert turns.turns_of_threads.take(1)
    began = time.monotonic()
    with pytest.raises(RetriesExhausted):
        work()
    for _ in range(turns.TURN_COUNT):
        turns.turns_of_threads.give_back()

    assert time.monotonic() - began < turns.TURN_SECONDS / 2
