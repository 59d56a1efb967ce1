"""What plain Django does in silence beside what a service does: hooks, instances, generators, levels."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction

from quell.exceptions import UsageError
from quell.services import (
    JoinNotPossible,
    after_commit,
    service,
)
from tests.serviceapp.models import Account, Entry
from tests.services.threads import COMMITTING, names

pytestmark = [pytest.mark.databases, COMMITTING]


def save_and_fail(account: Account) -> None:
    """Save a new row, and fail."""
    account.save()
    raise ValueError


def test_plain_atomic_leaves_the_key_of_a_row_that_is_gone() -> None:
    """Django: after the rollback an update of the instance finds no row."""
    account = Account(name="new")
    with pytest.raises(ValueError, match=r"^$"):
        transaction.atomic(save_and_fail)(account)

    assert account.pk is not None
    with pytest.raises(DatabaseError, match="did not affect any rows"):
        account.save(update_fields=["balance"])


def test_service_gives_instances_their_state_back() -> None:
    """After the rollback an instance is what it was, so that it can be saved again."""
    account = Account(name="new")
    with pytest.raises(ValueError, match=r"^$"):
        service(save_and_fail)(account)

    assert not account.pk
    assert account._state.adding
    account.save()
    assert names() == ["new"]


def fail() -> None:
    """Fail."""
    raise IndexError


def test_plain_atomic_drops_hooks_behind_one_that_fails() -> None:
    """Django: the error leaves the block although the rows are committed, and later hooks never run."""
    ran: list[str] = []

    def create() -> None:
        Account.objects.create(name="one")
        transaction.on_commit(lambda: ran.append("first"))
        transaction.on_commit(fail)
        transaction.on_commit(lambda: ran.append("last"))

    with pytest.raises(IndexError):
        transaction.atomic(create)()
    assert ran == ["first"]
    assert names() == ["one"]


def test_service_runs_every_hook_in_order(caplog: pytest.LogCaptureFixture) -> None:
    """Each hook runs after the commit, whatever happens to the others, and the service returns."""
    ran: list[str] = []

    @service
    def create() -> str:
        Account.objects.create(name="one")
        after_commit(lambda: ran.append(f"first {names()}"))
        after_commit(fail)
        transaction.on_commit(fail)
        after_commit(lambda: ran.append("last"))
        return "done"

    assert create() == "done"
    assert ran == ["first ['one']", "last"]
    assert [record.name for record in caplog.records] == ["quell.services"] * 2


def generate() -> Iterator[int]:
    """Yield after a row was written."""
    Account.objects.create(name="generated")
    yield 1
    raise ValueError


def test_plain_atomic_on_a_generator_protects_nothing() -> None:
    """Django: the block is over when the body begins."""
    with pytest.raises(ValueError, match=r"^$"):
        list(transaction.atomic(generate)())
    assert names() == ["generated"]


def test_service_refuses_a_generator() -> None:
    """A generator is refused when it is decorated."""
    with pytest.raises(UsageError, match="generate is a generator"):
        service(generate)


def test_service_refuses_a_generator_in_disguise() -> None:
    """A function that returns a generator is refused when it does, and its body never runs."""

    @service
    def disguised() -> Iterator[int]:
        return generate()

    with pytest.raises(UsageError, match="returned a generator"):
        disguised()
    assert names() == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only")
def test_plain_isolation_of_an_inner_block_changes_the_outer_one() -> None:
    """Django: what an inner block sets is the level of the whole transaction, or an error after a query."""
    with transaction.atomic():
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        assert level() == "serializable"
    with transaction.atomic():
        Account.objects.count()
        with pytest.raises(Exception, match="before any query"), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        transaction.set_rollback(True)


def level() -> str:
    """Return the isolation level of the open transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        return str(cursor.fetchone()[0])


def test_service_refuses_an_isolation_that_the_outer_one_lacks() -> None:
    """A service that joins gets the level that it asks for, or an error that says where to ask."""

    @service(isolation="serializable", nested="join")
    def inner() -> int:
        return Entry.objects.count()

    @service
    def outer() -> int:
        return inner()

    with pytest.raises(JoinNotPossible, match='asks for isolation="serializable"') as caught:
        outer()
    assert caught.value.opened_by.endswith("outer")
    assert service(isolation="serializable")(inner)() == 0
