"""A service that lost against another transaction is run again, and nothing else is."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.db.models import F

from quell.services import RetriesExhausted, Retry, TransactionAborted, after_commit, savepoint, service
from quell.services.transient import fault_of
from tests.serviceapp.models import Account, Entry
from tests.services.faults import error_of
from tests.services.threads import COMMITTING, at_once, in_thread

pytestmark = [pytest.mark.databases, COMMITTING]
FAST = Retry(tries=5, first_delay_ms=1)


def failing(times: int, error: Callable[[], BaseException], **options: object) -> tuple[object, list[int]]:
    """Run a service that fails some times, and return its result and its runs."""
    runs: list[int] = []

    def work() -> str:
        runs.append(len(runs) + 1)
        Account.objects.create(name=f"run {len(runs)}")
        if len(runs) <= times:
            raise error()
        return "done"

    options = {"retry": FAST, **options}
    # Options in a dictionary have no types.
    decorator: Callable[..., Callable[[], str]] = service(**options)  # type: ignore[call-overload]
    return decorator(work)(), runs


def test_service_is_run_again_until_it_succeeds() -> None:
    """The rows of the runs that failed are gone, and the result is that of the last one."""
    assert failing(2, lambda: error_of(sqlstate="40001")) == ("done", [1, 2, 3])
    assert [account.name for account in Account.objects.all()] == ["run 3"]


@pytest.mark.parametrize("error", [ValueError(), error_of(IntegrityError, sqlstate="23505")])
def test_other_errors_are_raised_at_once(error: Exception) -> None:
    """What is the service's own fault would fail again."""
    with pytest.raises(type(error)) as caught:
        failing(1, lambda: error)
    assert caught.value is error


def test_tries_are_limited() -> None:
    """After the last try the error is named, with the numbers and the last error."""
    with pytest.raises(RetriesExhausted, match=r"ran 5 times in .* into a deadlock, and gives up") as caught:
        failing(9, lambda: error_of(sqlstate="40P01"))

    assert caught.value.tries == 5
    assert caught.value.seconds >= 0
    assert isinstance(caught.value.__cause__, OperationalError)
    assert not Account.objects.exists()


def test_a_number_is_one_of_tries() -> None:
    """``retry=1`` runs once and names the error."""
    with pytest.raises(RetriesExhausted, match="ran once"):
        failing(9, lambda: error_of(sqlstate="40001"), retry=1)


def test_seconds_are_limited() -> None:
    """No try begins behind the limit."""
    with pytest.raises(RetriesExhausted) as caught:
        failing(9, lambda: error_of(sqlstate="40001"), retry=Retry(tries=9, seconds=0, first_delay_ms=50))
    assert caught.value.tries == 1


def test_without_retry_the_error_is_its_own() -> None:
    """A service without ``retry=`` raises what the database raised."""
    with pytest.raises(OperationalError):
        failing(1, lambda: error_of(sqlstate="40001"), retry=None)


def test_instances_get_their_state_back_before_the_next_run() -> None:
    """Each run finds what the first one found: keys, values, lists, and rows in collections."""
    runs: list[tuple[object, ...]] = []

    @service(retry=FAST)
    def work(account: Account, others: list[Account], *, named: dict[str, Account]) -> None:
        runs.append((account.pk, account.balance, dict(account.settings), others[0].pk, named["x"].name))
        account.balance += 1
        account.settings["seen"] = True
        account.save()
        others[0].save()
        named["x"].name = "changed"
        if len(runs) < 3:
            raise error_of(sqlstate="40001")

    account, other, third = Account(name="a", settings={"deep": [1]}), Account(name="b"), Account(name="c")
    work(account, [other], named={"x": third})

    assert runs == [(None, 0, {"deep": [1]}, None, "c")] * 3
    assert (account.balance, account.settings, third.name) == (1, {"deep": [1], "seen": True}, "changed")
    assert account.pk is not None


def test_loaded_relations_are_given_back() -> None:
    """What was loaded before stays loaded, and what was loaded inside is forgotten."""
    owner = Account.objects.create(name="owner")
    Entry.objects.create(account=owner, amount=1)
    entry = Entry.objects.get()
    prefetched = Account.objects.prefetch_related("entries").get()

    def work(entry: Entry, prefetched: Account) -> None:
        entry.account.name = "changed"
        Entry.objects.create(account=prefetched, amount=2)
        prefetched._prefetched_objects_cache.clear()  # type: ignore[attr-defined]  # django-stubs lacks it
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        service(work)(entry, prefetched)

    assert entry.account.name == "owner"
    assert [item.amount for item in prefetched.entries.all()] == [1]


def test_hooks_of_failed_runs_are_dropped() -> None:
    """Only the hooks of the run that committed run."""
    done: list[int] = []
    runs: list[int] = []

    @service(retry=FAST)
    def work() -> None:
        runs.append(1)
        number = len(runs)
        after_commit(lambda: done.append(number))
        if number < 3:
            raise error_of(sqlstate="40001")

    work()
    assert done == [3]


def test_transaction_that_was_doomed_by_others_is_run_again() -> None:
    """A service that caught the error of a deadlock is run again as well."""
    runs: list[int] = []
    raw: Any = connections["default"]

    @service(retry=FAST)
    def work() -> str:
        runs.append(1)
        if len(runs) == 1:
            connection.needs_rollback = True
            raw.rollback_exc = error_of(sqlstate="40P01")
        return "done"

    assert work() == "done"
    assert len(runs) == 2
    with pytest.raises(TransactionAborted), service():
        transaction.set_rollback(True)


def meet(first: str, second: str, barrier: threading.Barrier, runs: list[str]) -> None:
    """Lock two accounts, and let the other one do so in the opposite order in between."""
    runs.append(first)
    Account.objects.filter(name=first).update(balance=F("balance") + 1)
    if len(runs) <= 2:
        barrier.wait(timeout=10)
    Account.objects.filter(name=second).update(balance=F("balance") + 1)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one lock")
def test_deadlock_is_survived() -> None:
    """Two services that lock each other out both succeed: the one that lost begins anew."""
    Account.objects.bulk_create([Account(name="a"), Account(name="b")])
    barrier, runs = threading.Barrier(2), list[str]()
    run = service(retry=FAST)(meet)

    at_once(lambda: run("a", "b", barrier, runs), lambda: run("b", "a", barrier, runs))

    assert [account.balance for account in Account.objects.all()] == [2, 2]
    assert len(runs) >= 3


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one lock")
def test_deadlock_is_not_survived_by_a_part() -> None:
    """A savepoint that is run again holds the lock that the other one waits for; only the whole can be."""
    Account.objects.bulk_create([Account(name="a"), Account(name="b")])
    barrier, runs = threading.Barrier(2), list[str]()
    lost: list[BaseException] = []

    @service
    def part(first: str, second: str) -> None:
        try:
            with savepoint():
                meet(first, second, barrier, runs)
        except OperationalError as error:
            lost.append(error)
            raise

    with pytest.raises(OperationalError):
        at_once(lambda: part("a", "b"), lambda: part("b", "a"))
    assert [fault_of(error) for error in lost] in (["deadlock"], ["serialization failure"])


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one lock")
def test_no_update_is_lost() -> None:
    """Read and write in two steps is safe at SERIALIZABLE, and no call fails."""
    Account.objects.create(name="a")

    @service(isolation="serializable", retry=Retry(tries=50, first_delay_ms=1))
    def add() -> None:
        account = Account.objects.get(name="a")
        account.balance += 1
        account.save()

    at_once(*[lambda: [add() for _ in range(5)]] * 4)
    assert Account.objects.get().balance == 20


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite only")
def test_locked_sqlite_is_a_fault_of_others() -> None:
    """A database that another connection writes to is retried."""
    runs: list[int] = []
    release, locked = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Account.objects.create(name="holder")
            locked.set()
            release.wait(10)

    @service(retry=FAST, lock_timeout_ms=1)
    def work() -> None:
        runs.append(1)
        if len(runs) == 2:
            release.set()
            holder.join(10)
        Account.objects.create(name="work")

    holder = threading.Thread(target=lambda: in_thread(hold))
    holder.start()
    locked.wait(10)
    work()
    assert len(runs) == 2


def test_fault_at_the_commit_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A serialization failure may come as late as the commit."""
    failures = [error_of(sqlstate="40001")]
    raw: Any = connections["default"]
    commit = raw._commit

    def failing_commit() -> None:
        if failures:
            raise failures.pop()
        commit()

    monkeypatch.setattr(raw, "_commit", failing_commit)
    assert failing(0, ValueError) == ("done", [1, 2])


def test_time_is_not_spent_inside_the_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause between two runs holds no transaction open."""
    states: list[bool] = []
    monkeypatch.setattr(time, "sleep", lambda seconds: states.append(connection.in_atomic_block))

    failing(2, lambda: error_of(sqlstate="40001"))
    assert states == [False, False]
