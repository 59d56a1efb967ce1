"""A service and a savepoint as blocks."""

from contextlib import suppress

import pytest
from django.db import transaction

from quell.exceptions import UsageError
from quell.services import (
    TransactionAborted,
    after_commit,
    savepoint,
    service,
)
from tests.serviceapp.models import Account
from tests.services.accounts import create, refused
from tests.services.threads import COMMITTING, names

pytestmark = [pytest.mark.databases, COMMITTING]


def test_context_manager_is_the_same() -> None:
    """A block commits, rolls back, and refuses to be nested."""
    ran: list[object] = []
    with service():
        Account.objects.create(name="one")
        after_commit(lambda: ran.append(names()))
        error = refused(lambda: create("inner"))
    assert (error.opened_by, ran) == ("service()", [["one"]])
    with suppress(ValueError), service(name="closing"):
        Account.objects.create(name="two")
        raise ValueError
    assert names() == ["one"]


def test_context_manager_can_be_entered_again() -> None:
    """One object serves several blocks."""
    block = service(name="closing", nested="join")
    with block:
        Account.objects.create(name="one")
        with block:
            Account.objects.create(name="two")
    with block:
        Account.objects.create(name="three")
    assert names() == ["one", "three", "two"]


def test_context_manager_left_in_the_wrong_order_raises() -> None:
    """A block inside that is still open is an error, and not somebody else's commit."""
    block = service()
    inner = transaction.atomic()
    block.__enter__()
    inner.__enter__()
    with pytest.raises(UsageError, match="still open"):
        block.__exit__(None, None, None)
    inner.__exit__(None, None, None)
    block.__exit__(None, None, None)


def test_context_manager_cannot_be_run_again() -> None:
    """A block with ``retry=`` is refused."""
    with pytest.raises(UsageError, match="cannot be run again"), service(retry=2):
        pass


def test_savepoint_takes_back_its_own_rows() -> None:
    """An error that leaves the savepoint takes back its rows and its hooks, and nothing else."""
    done: list[str] = []

    @service
    def outer() -> None:
        Account.objects.create(name="before")
        with suppress(ValueError), savepoint():
            after_commit(lambda: done.append("inside"))
            Account.objects.create(name="inside")
            raise ValueError
        after_commit(lambda: done.append("outside"))

    outer()
    assert names() == ["before"]
    assert done == ["outside"]


def test_savepoint_as_a_decorator_gives_instances_back() -> None:
    """A function in a savepoint leaves instances as they were when it fails."""

    @savepoint
    def fail(account: Account) -> None:
        account.save()
        raise ValueError

    account = Account(name="new")
    with service():
        with pytest.raises(ValueError, match=r"^$"):
            fail(account)
        account.save()
    assert names() == ["new"]


def test_savepoint_that_would_lose_its_rows_raises() -> None:
    """A savepoint that ends normally has its rows, or raises; the block around it goes on."""

    @service
    def outer() -> None:
        Account.objects.create(name="before")
        with pytest.raises(TransactionAborted, match=r"savepoint\(\) returned"), savepoint():
            transaction.set_rollback(True)

    outer()
    assert names() == ["before"]


def test_savepoint_left_in_the_wrong_order_raises() -> None:
    """A block inside that is still open is an error."""
    with service():
        point, inner = savepoint(), transaction.atomic()
        point.__enter__()
        inner.__enter__()
        with pytest.raises(UsageError, match="still open"):
            point.__exit__(None, None, None)
        inner.__exit__(None, None, None)
        point.__exit__(None, None, None)
