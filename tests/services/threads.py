"""Code on other threads, with connections of their own, and tests that commit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connections

from tests.serviceapp.models import Account

T = TypeVar("T")

ALIASES = ("default", "other")
COMMITTING = pytest.mark.django_db(transaction=True, databases=ALIASES)


def in_thread(function: Callable[[], T]) -> T:
    """Run a function in a thread and close its connections."""
    return at_once(function)[0]


def at_once(*functions: Callable[[], T]) -> list[T]:
    """Run functions in threads of their own at the same time; raise the first error."""
    with ThreadPoolExecutor(len(functions)) as executor:
        return [future.result() for future in [executor.submit(_closing, item) for item in functions]]


def _closing(function: Callable[[], T]) -> T:
    try:
        return function()
    finally:
        connections.close_all()


def names(alias: str = "default") -> list[str]:
    """Return the names of the accounts that are committed, as another connection sees them."""
    return in_thread(lambda: sorted(Account.objects.using(alias).values_list("name", flat=True)))
