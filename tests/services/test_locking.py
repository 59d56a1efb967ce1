"""Locks that a transaction holds until it ends."""

import threading

import pytest
from django.db import connection, connections, transaction

from quell.exceptions import UsageError
from quell.services import TransactionRequired, alock, alock_rows, lock, lock_rows, service
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING, in_thread

pytestmark = [pytest.mark.databases, COMMITTING]


def order_of_two(first: tuple[str, int], second: tuple[str, int]) -> list[str]:
    """Take two locks in two threads, and return what happened, in order."""
    order: list[str] = []
    locked, started = threading.Event(), threading.Event()

    @service
    def hold() -> None:
        lock(*first)
        order.append("held")
        locked.set()
        started.wait(10)
        waiter.join(0.3)
        order.append("released")

    @service
    def wait() -> None:
        lock(*second)
        order.append("taken")

    waiter = threading.Thread(target=lambda: in_thread(wait))

    def run() -> None:
        holder = threading.Thread(target=lambda: in_thread(hold))
        holder.start()
        assert locked.wait(10)
        waiter.start()
        started.set()
        holder.join()
        waiter.join()

    run()
    return order


def test_lock_is_held_until_the_transaction_ends() -> None:
    """Whoever wants the same lock gets it when the transaction is over."""
    assert order_of_two(("ticket", 1), ("ticket", 1)) == ["held", "released", "taken"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one lock")
def test_other_lock_is_free() -> None:
    """Another name is another lock."""
    assert order_of_two(("ticket", 1), ("ticket", 2)) == ["held", "taken", "released"]


def test_lock_is_given_back_after_an_error() -> None:
    """A service that fails holds nothing."""

    @service
    def fail() -> None:
        lock("ticket", 1)
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    in_thread(service(lambda: lock("ticket", 1)))


@pytest.mark.skipif(connection.vendor != "mysql", reason="MariaDB only")
def test_lock_on_mariadb_waits_no_longer_than_the_timeout() -> None:
    """The timeout of the service is that of its locks; and somebody has to give the lock back."""
    with service():
        lock("ticket", 1)

        @service(lock_timeout_ms=1)
        def wait() -> None:
            lock("ticket", 1)

        with pytest.raises(Exception, match="in vain"):
            in_thread(wait)
    with transaction.atomic(), pytest.raises(TransactionRequired, match="MariaDB"):
        lock("ticket", 1)


def test_lock_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a transaction, without a name and without a known database there is no lock."""
    with pytest.raises(TransactionRequired, match=r"lock\(\) needs"):
        lock("ticket", 1)
    with service(), pytest.raises(UsageError, match="names nothing"):
        lock()
    with service(), pytest.raises(UsageError, match="names nothing"):
        lock(None)  # type: ignore[arg-type]  # what the test is about
    monkeypatch.setattr(connections["default"], "vendor", "oracle")
    with service(), pytest.raises(UsageError, match="knows no lock"):
        lock("ticket", 1)


def test_rows_are_locked_in_the_order_of_their_keys() -> None:
    """Whatever the order of the queryset, the keys decide."""
    for name in ("c", "a", "b"):
        Account.objects.create(name=name)
    with service():
        rows = lock_rows(Account.objects.order_by("name"))
    assert [row.name for row in rows] == ["c", "a", "b"]
    with pytest.raises(TransactionRequired, match=r"lock_rows\(\) needs"):
        lock_rows(Account.objects.all())


async def test_async_code_locks_too() -> None:
    """Inside an async service the locks belong to its transaction."""
    await Account.objects.acreate(name="a")

    @service
    async def work() -> int:
        await alock("ticket", 1)
        return len(await alock_rows(Account.objects.all()))

    assert await work() == 1
    with pytest.raises(TransactionRequired):
        await alock("ticket", 1)
