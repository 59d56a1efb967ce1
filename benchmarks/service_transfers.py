"""One transfer, and the ways to run it again when others disturbed it."""

import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, TypeAlias

from asgiref.sync import sync_to_async
from django.db import OperationalError, connection, transaction

from quell.services import Retry, service
from tests.serviceapp.models import Account

Transfer: TypeAlias = Callable[[int, int, int], None]
AsyncTransfer: TypeAlias = Callable[[int, int, int], Awaitable[None]]
TRIES = 50
HAND, PGTRANSACTION, QUELL = "by hand", "pgtransaction", "quell"
# What may come out of a call, other than its result.
NAMED = {HAND: {"OperationalError"}, PGTRANSACTION: {"OperationalError"}, QUELL: {"RetriesExhausted"}}
_RETRY = Retry(tries=TRIES, seconds=60, first_delay_ms=2, max_delay_ms=100)
_DISTURBED = ("40001", "40P01")
# One entry per run of a body: to append is atomic.
runs: deque[None] = deque()


def _move(source: int, target: int, amount: int) -> None:
    runs.append(None)
    rows = Account.objects.in_bulk([source, target])
    rows[source].balance -= amount
    rows[target].balance += amount
    rows[source].save(update_fields=["balance"])
    rows[target].save(update_fields=["balance"])


async def _amove(source: int, target: int, amount: int) -> None:
    runs.append(None)
    rows = await Account.objects.ain_bulk([source, target])
    rows[source].balance -= amount
    rows[target].balance += amount
    await rows[source].asave(update_fields=["balance"])
    await rows[target].asave(update_fields=["balance"])


def _by_hand(isolation: str) -> Transfer:
    def transfer(source: int, target: int, amount: int) -> None:
        for number in range(1, TRIES + 1):
            try:
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation.upper()}")
                    _move(source, target, amount)
            except OperationalError as error:
                if number == TRIES or getattr(error.__cause__, "sqlstate", "") not in _DISTURBED:
                    raise
                # The pauses of the service, so that what is compared is the rest.
                time.sleep(random.uniform(0, min(0.1, 0.002 * 2 ** min(number - 1, 30))))
            else:
                return

    return transfer


def _pgtransaction(isolation: str) -> Transfer:
    decorate: Any = import_module("pgtransaction").atomic(isolation_level=isolation.upper(), retry=TRIES - 1)
    decorated: Transfer = decorate(_move)
    return decorated


def ways(isolation: Any) -> dict[str, Transfer]:
    """Return the ways of threads."""
    return {
        HAND: _by_hand(isolation),
        PGTRANSACTION: _pgtransaction(isolation),
        QUELL: service(isolation=isolation, retry=_RETRY)(_move),
    }


def async_ways(isolation: Any, executor: ThreadPoolExecutor) -> dict[str, AsyncTransfer]:
    """Return the ways of tasks; those that have no async form run in threads."""

    def threaded(transfer: Transfer) -> AsyncTransfer:
        async def run(source: int, target: int, amount: int) -> None:
            await sync_to_async(transfer, thread_sensitive=False, executor=executor)(source, target, amount)

        return run

    sync = ways(isolation)
    return {
        HAND: threaded(sync[HAND]),
        PGTRANSACTION: threaded(sync[PGTRANSACTION]),
        QUELL: service(isolation=isolation, retry=_RETRY)(_amove),
    }
