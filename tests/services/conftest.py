"""Accounts that are committed, and deleted in a few milliseconds."""

from collections.abc import Iterator

import pytest
from django.db import connections
from django.test import TransactionTestCase

from quell.store.models import IdempotentCall
from tests.serviceapp.models import Account, Entry, Holding, Savings
from tests.services.threads import ALIASES


@pytest.fixture(scope="package", autouse=True)
def emptied_by_hand() -> Iterator[None]:
    """Delete rows after a test that commits: a flush takes a hundred times as long."""

    def teardown(case: TransactionTestCase) -> None:
        for alias in ALIASES:
            with connections[alias].cursor() as cursor:
                for model in (Entry, Savings, Account, Holding, IdempotentCall):
                    cursor.execute(f"DELETE FROM {model._meta.db_table}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@pytest.fixture
def account(transactional_db: None) -> Account:
    """Return an account with 100."""
    return Account.objects.create(name="one", balance=100)
