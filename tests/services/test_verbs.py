"""Verbs for what happens inside a transaction."""

from contextlib import suppress

import pytest
from django.db import transaction

from quell.exceptions import UsageError
from quell.services import (
    TransactionRequired,
    WriteForbidden,
    after_commit,
    read_only,
    savepoint,
    service,
)
from tests.serviceapp.models import Account
from tests.services.accounts import create, demanding, demanding_other
from tests.services.threads import COMMITTING, names

pytestmark = [pytest.mark.databases, COMMITTING]


def test_verbs_need_a_transaction() -> None:
    """Outside of a transaction each verb says what it needs."""
    with pytest.raises(TransactionRequired, match=r"savepoint\(\) needs an open transaction"), savepoint():
        pass
    with pytest.raises(TransactionRequired, match=r"after_commit\(\) needs"):
        after_commit(print)
    with pytest.raises(TransactionRequired, match="demanding needs") as caught:
        demanding()
    assert caught.value.alias == "default"
    with pytest.raises(TransactionRequired, match='on "other"'):
        savepoint(using="other").__enter__()


def test_transaction_required_accepts_every_open_transaction() -> None:
    """A service, a plain block and autocommit that is off are transactions; one on another database is none."""
    assert service(demanding)() == "done"
    assert transaction.atomic(demanding)() == "done"
    with service(using="other"):
        assert demanding_other() == "done"
        with pytest.raises(TransactionRequired):
            demanding()


def test_after_commit_needs_a_function() -> None:
    """The result of a call is no function."""
    with service(), pytest.raises(UsageError, match="without parentheses"):
        after_commit(None)  # type: ignore[arg-type]  # what the test is about


def test_after_commit_runs_async_functions() -> None:
    """An async function is a hook as any other, in its turn."""
    done: list[str] = []

    async def notify() -> None:
        done.append("async")

    with service():
        after_commit(notify)
        after_commit(lambda: done.append("sync"))
    assert done == ["async", "sync"]


def test_hook_that_fails_in_the_database_is_not_run_again() -> None:
    """What runs after the commit is no reason to run the service again."""
    runs: list[int] = []

    @service(retry=3)
    def create_once() -> None:
        runs.append(1)
        Account.objects.create(name="one")
        after_commit(lambda: Account.objects.create(name="one"))

    create_once()
    assert runs == [1]


def test_read_only_forbids_writes() -> None:
    """A read-only function reads, and each write raises before it reaches the database."""

    @read_only
    def write() -> None:
        assert Account.objects.count() == 0
        Account.objects.create(name="gone")

    with pytest.raises(WriteForbidden, match="is read-only"):
        write()
    with pytest.raises(WriteForbidden), service():
        write()
    with pytest.raises(WriteForbidden), read_only():
        Account.objects.update(balance=1)
    assert names() == []
    create("after")
    assert names() == ["after"]


def test_read_only_inside_a_service_ends_with_its_block() -> None:
    """The service around it goes on writing."""
    with service():
        with read_only():
            assert not Account.objects.exists()
        Account.objects.create(name="after")
    assert names() == ["after"]


@pytest.mark.parametrize("alias", ["default", "other"])
def test_using_names_the_database(alias: str) -> None:
    """A service, its savepoints and its hooks work on the database that it names."""
    done: list[str] = []

    @service(using=alias)
    def fill() -> None:
        Account.objects.using(alias).create(name="one")
        with suppress(ValueError), savepoint():
            Account.objects.using(alias).create(name="gone")
            raise ValueError
        after_commit(lambda: done.append("done"))

    fill()
    assert names(alias) == ["one"]
    assert done == ["done"]
