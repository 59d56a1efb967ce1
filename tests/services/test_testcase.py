"""Services inside the transaction of a test case."""

from contextlib import suppress

import pytest
from django.db import transaction
from django.test import TestCase

from quell.services import (
    TransactionAborted,
    TransactionRequired,
    after_commit,
    savepoint,
    service,
)
from tests.serviceapp.models import Account
from tests.services.accounts import create, demanding, refused

pytestmark = pytest.mark.databases


class TestCaseOfDjango(TestCase):
    """A service inside the transaction of a test."""

    databases = "__all__"

    def test_service_is_the_outermost_block(self) -> None:
        """The blocks of a test case do not count: a service commits, rolls back and refuses as ever."""
        create("one")
        with suppress(ValueError), service():
            Account.objects.create(name="two")
            raise ValueError
        with service():
            assert refused(lambda: create("inner")).opened_by == "service()"
        with pytest.raises(TransactionAborted), service():
            transaction.set_rollback(True)
        assert [account.name for account in Account.objects.all()] == ["one"]

    def test_verbs_need_a_transaction(self) -> None:
        """The transaction of the test is none."""
        with pytest.raises(TransactionRequired):
            demanding()
        with pytest.raises(TransactionRequired), savepoint():
            pass

    def test_hooks_are_captured(self) -> None:
        """Django's own helper captures and runs the hooks."""
        done: list[str] = []
        with self.captureOnCommitCallbacks(execute=True) as callbacks, service():
            after_commit(lambda: done.append("done"))
        assert (len(callbacks), done) == (1, ["done"])

    def test_options_do_no_harm(self) -> None:
        """The level of the test's transaction stays; the service runs, and may still be run again."""
        Account.objects.create(name="one")
        options = {"isolation": "serializable", "lock_timeout_ms": 1000, "statement_timeout_ms": 5000}

        # Options in a dictionary have no types.
        counting = service(retry=3, **options)(Account.objects.count)  # type: ignore[call-overload]

        assert counting() == 1
        assert service(read_only=True)(Account.objects.count)() == 1
        assert Account.objects.create(name="two").pk

    def test_joining_opens_a_transaction(self) -> None:
        """Inside the test alone, a service that may join is the outermost."""
        with suppress(ValueError), service(nested="join"):
            Account.objects.create(name="gone")
            raise ValueError
        assert not Account.objects.exists()
