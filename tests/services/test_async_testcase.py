"""Async services inside the transaction of a test case."""

import asyncio
from contextlib import suppress

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.test import TestCase

from quell.services import NestedTransaction, TransactionRequired, after_commit, savepoint, service
from tests.serviceapp.models import Account

pytestmark = pytest.mark.databases


@service
async def create(name: str, *, fails: bool = False) -> None:
    """Create two accounts, or fail in between."""
    await Account.objects.acreate(name=name)
    await asyncio.sleep(0)
    if fails:
        raise KeyError
    await Account.objects.acreate(name=f"{name} again")


class AsyncTests(TestCase):
    """Services of a test see its rows, and are rolled back with it."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Create a row that is there before."""
        Account.objects.create(name="given")

    async def names(self) -> list[str]:
        """Return the names of all accounts."""
        return [account.name async for account in Account.objects.order_by("name")]

    async def test_service_is_a_savepoint(self) -> None:
        """A service works on the test's own connection, where it commits and rolls back by itself."""
        await create("one")
        with pytest.raises(KeyError):
            await create("two", fails=True)
        assert await self.names() == ["given", "one", "one again"]

    async def test_services_at_once_wait_for_each_other(self) -> None:
        """On one connection there is one service at a time, and those that fail take nothing with them."""
        jobs = [create(f"{number}", fails=number % 2 == 0) for number in range(4)]
        await asyncio.gather(*jobs, return_exceptions=True)
        assert await self.names() == ["1", "1 again", "3", "3 again", "given"]

    async def test_everything_works(self) -> None:
        """Savepoints, hooks and nested services do what they do elsewhere."""
        with pytest.raises(TransactionRequired):
            async with savepoint():
                """Never reached."""

        @service(retry=3, isolation="serializable")
        async def outer() -> None:
            with suppress(KeyError):
                async with savepoint():
                    await Account.objects.acreate(name="gone")
                    raise KeyError
            with pytest.raises(NestedTransaction):
                await create("inner")

        await outer()
        assert await self.names() == ["given"]

    def test_service_below_sync_code(self) -> None:
        """Below ``async_to_sync()`` a service joins the transaction of the code that waits, or raises."""
        joining = service(nested="join")(create.__wrapped__)  # type: ignore[attr-defined]  # set by functools.wraps
        with transaction.atomic():
            with pytest.raises(NestedTransaction):
                async_to_sync(create)("one")
            async_to_sync(joining)("one")
        assert Account.objects.count() == 3

    def test_hooks_are_captured(self) -> None:
        """Django's own helper captures and runs the hooks of an async service."""
        done: list[str] = []

        async def notify() -> None:
            done.append("done")

        @service
        async def work() -> None:
            after_commit(notify)

        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            async_to_sync(work)()
        assert (len(callbacks), done) == (1, ["done"])
