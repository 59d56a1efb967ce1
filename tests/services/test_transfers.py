"""Transfers by many at once: no money and no update is lost, and each call ends in success or in an error by name."""

import asyncio
import random
from collections import Counter
from threading import Barrier

import pytest
from django.db import connection, connections

from quell.services import RetriesExhausted, Retry, alock_rows, lock_rows, service
from quell.services.options import Isolation
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING, at_once, in_thread

pytestmark = [pytest.mark.databases, COMMITTING]

ROWS, WORKERS, CALLS, START = 5, 6, 8, 1000
RETRY = Retry(tries=50, seconds=60, first_delay_ms=2, max_delay_ms=50)
both_levels = pytest.mark.parametrize("isolation", ["serializable", "repeatable read"])
Moves = Counter[int]


@pytest.fixture(autouse=True)
def _server() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("one writer at a time disturbs nobody")


def _accounts() -> list[int]:
    names = [f"account {number}" for number in range(ROWS)]
    return [Account.objects.create(name=name, balance=START).pk for name in names]


def _has_to_lock(isolation: Isolation) -> bool:
    """Tell whether the database itself loses updates at a level, as MariaDB does without snapshot isolation."""
    return connection.vendor == "mysql" and isolation == "repeatable read"


def _picked(keys: list[int]) -> tuple[int, int, int]:
    source, target = random.sample(keys, 2)
    return source, target, random.randint(1, 9)


def _check(keys: list[int], moved: list[Moves]) -> None:
    assert any(moved), "every call gave up"
    total = Counter(dict.fromkeys(keys, START))
    for moves in moved:
        total.update(moves)
    assert in_thread(lambda: dict(Account.objects.values_list("pk", "balance"))) == total
    assert total.total() == ROWS * START


@both_levels
def test_threads_lose_nothing(isolation: Isolation) -> None:
    """Each balance is what the transfers of the threads that returned say."""

    @service(isolation=isolation, retry=RETRY)
    def transfer(source: int, target: int, amount: int) -> None:
        found = Account.objects.filter(pk__in=[source, target])
        rows = {row.pk: row for row in (lock_rows(found) if _has_to_lock(isolation) else found)}
        rows[source].balance -= amount
        rows[target].balance += amount
        rows[source].save()
        rows[target].save()

    def work() -> Moves:
        moves: Moves = Counter()
        for _ in range(CALLS):
            source, target, amount = _picked(keys)
            try:
                transfer(source, target, amount)
            except RetriesExhausted:
                continue
            moves.update({source: -amount, target: amount})
        return moves

    keys = _accounts()

    _check(keys, at_once(*[work] * WORKERS))


@both_levels
def test_tasks_lose_nothing(isolation: Isolation) -> None:
    """Each balance is what the transfers of the tasks that returned say; there are more tasks than connections."""

    @service(isolation=isolation, retry=RETRY)
    async def transfer(source: int, target: int, amount: int) -> None:
        found = Account.objects.filter(pk__in=[source, target])
        read = await alock_rows(found) if _has_to_lock(isolation) else [row async for row in found]
        rows = {row.pk: row for row in read}
        rows[source].balance -= amount
        rows[target].balance += amount
        await rows[source].asave()
        await rows[target].asave()

    async def call() -> Moves:
        source, target, amount = _picked(keys)
        try:
            await transfer(source, target, amount)
        except RetriesExhausted:
            return Counter()
        return Counter({source: -amount, target: amount})

    async def work() -> list[Moves]:
        return await asyncio.gather(*[call() for _ in range(WORKERS * CALLS)])

    keys = _accounts()
    connections.close_all()

    _check(keys, asyncio.run(work()))


def test_mariadb_loses_an_update_that_read_without_a_lock() -> None:
    """At repeatable read both of two services commit, and only one of their updates is there."""
    if connection.vendor != "mysql":
        pytest.skip("PostgreSQL refuses the second one")
    gate = Barrier(2)

    @service(isolation="repeatable read")
    def add() -> None:
        row = Account.objects.get(name="account 0")
        gate.wait(timeout=10)
        row.balance += 1
        row.save()

    _accounts()
    at_once(add, add)

    assert in_thread(lambda: Account.objects.get(name="account 0").balance) == START + 1
