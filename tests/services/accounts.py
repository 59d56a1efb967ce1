"""Services that the tests call."""

from collections.abc import Callable

import pytest

from quell.services import (
    NestedTransaction,
    service,
    transaction_required,
)
from tests.serviceapp.models import Account


@service
def create(name: str) -> Account:
    """Create an account."""
    return Account.objects.create(name=name)


@service(nested="join")
def joining(name: str) -> None:
    """Create an account as a part of what is open."""
    Account.objects.create(name=name)


def refused(function: Callable[[], object]) -> NestedTransaction:
    """Return the error of a service that is nested."""
    with pytest.raises(NestedTransaction) as caught:
        function()
    return caught.value


@transaction_required
def demanding() -> str:
    """Return inside a transaction only."""
    return "done"


@transaction_required(using="other")
def demanding_other() -> str:
    """Return inside a transaction of the other database only."""
    return "done"
