"""What ``service_cost`` calls: the same functions, plain and as services."""

from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count

from asgiref.sync import sync_to_async
from django.db import transaction

from quell.services import service
from tests.serviceapp.models import Account

_numbers = count()


def _nothing(*args: object, **kwargs: object) -> None:
    """Do nothing."""


def _insert() -> None:
    Account.objects.create(name=f"account {next(_numbers)}")


async def _ainsert() -> None:
    await Account.objects.acreate(name=f"account {next(_numbers)}")


def sync_calls() -> dict[str, Callable[[], object]]:
    """Return empty functions by name."""
    row = Account.objects.create(name="argument")
    plain, retried = service(_nothing), service(retry=5)(_nothing)
    return {
        "atomic()": transaction.atomic(_nothing),
        "@service": plain,
        "with two arguments": partial(plain, 1, name="two"),
        "with a row as argument": partial(plain, row),
        "@service(retry=5)": retried,
    }


def async_calls() -> dict[str, Callable[[], Awaitable[object]]]:
    """Return functions that insert a row, by name."""
    return {"atomic()": sync_to_async(transaction.atomic(_insert)), "@service": service(_ainsert)}
