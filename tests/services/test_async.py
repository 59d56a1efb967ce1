"""An async service is a transaction of its own, wherever it runs."""

import asyncio
from contextlib import suppress

import pytest
from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from django.db import connection, transaction

from quell.exceptions import UsageError
from quell.services import NestedTransaction, after_commit, service
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING, names

pytestmark = [pytest.mark.databases, COMMITTING]


@service
async def create(name: str, *, fails: bool = False) -> str:
    """Create an account in two steps."""
    await Account.objects.acreate(name=name)
    await asyncio.sleep(0)
    if fails:
        raise KeyError(name)
    await Account.objects.acreate(name=f"{name} again")
    return name


async def test_service_commits_and_returns() -> None:
    """An async service returns what its function returns, and its rows are committed."""
    assert await create("one") == "one"
    assert names() == ["one", "one again"]


async def test_service_rolls_back() -> None:
    """An error leaves as it is, and no row stays."""
    with pytest.raises(KeyError, match="one"):
        await create("one", fails=True)
    assert names() == []


async def test_services_at_once_are_isolated() -> None:
    """Those that fail take nothing of the others with them."""
    jobs = [create(f"{number}", fails=number % 2 == 0) for number in range(6)]
    results = await asyncio.gather(*jobs, return_exceptions=True)

    assert [isinstance(result, KeyError) for result in results] == [True, False] * 3
    assert names() == ["1", "1 again", "3", "3 again", "5", "5 again"]


async def test_plain_atomic_commits_before_the_body_runs() -> None:
    """Django: the decorated function is over when its coroutine exists, and the row of the failure is there."""

    @transaction.atomic
    async def fail() -> None:
        await Account.objects.acreate(name="leak")
        raise KeyError

    coroutine = await sync_to_async(fail)()
    with pytest.raises(KeyError):
        await coroutine
    assert names() == ["leak"]
    with pytest.raises(TypeError):
        async with transaction.atomic():  # type: ignore[attr-defined]  # what the test is about
            """Never reached."""


class NaiveAtomic:
    """What the web recommends: enter and leave a block in the thread of all async code."""

    async def __aenter__(self) -> None:
        self.block = transaction.atomic()
        await sync_to_async(self.block.__enter__)()

    async def __aexit__(self, *error: object) -> None:
        await sync_to_async(self.block.__exit__)(*error)  # type: ignore[arg-type]  # as Python passes them


async def test_naive_async_atomic_loses_rows_of_a_success() -> None:
    """Two blocks share a connection there: the one that fails takes what the other one has written."""
    entered, wrote, failed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def succeed() -> str:
        async with NaiveAtomic():
            entered.set()
            await asyncio.sleep(0.05)
            await Account.objects.acreate(name="good")
            wrote.set()
            await failed.wait()
        return "done"

    async def fail() -> None:
        await entered.wait()
        with suppress(KeyError):
            async with NaiveAtomic():
                await wrote.wait()
                raise KeyError
        failed.set()

    assert list(await asyncio.gather(succeed(), fail())) == ["done", None]
    assert names() == []


@pytest.mark.parametrize("surroundings", ["request", "sync"])
def test_services_are_isolated_everywhere(surroundings: str) -> None:
    """Inside the context of an ASGI request, and below ``async_to_sync()``, each service has its own connection."""

    async def at_once() -> list[object]:
        jobs = [create(f"{number}", fails=number % 2 == 0) for number in range(4)]
        return list(await asyncio.gather(*jobs, return_exceptions=True))

    async def request() -> list[object]:
        async with ThreadSensitiveContext():
            return await at_once()

    results = asyncio.run(request()) if surroundings == "request" else async_to_sync(at_once)()

    assert results[1::2] == ["1", "3"]
    assert names() == ["1", "1 again", "3", "3 again"]


async def test_service_in_a_service_raises_or_joins() -> None:
    """The error says where the outer one began; one that joins is a part of it."""
    joining = service(nested="join")(create.__wrapped__)  # type: ignore[attr-defined]  # set by functools.wraps

    @service
    async def outer(*, joins: bool, fails: bool = False) -> None:
        await (joining if joins else create)("inner")
        if fails:
            raise ValueError

    with pytest.raises(NestedTransaction) as caught:
        await outer(joins=False)
    assert caught.value.opened_by.endswith("outer")
    assert caught.value.opened_at is not None
    assert caught.value.opened_at.file == __file__
    with pytest.raises(ValueError, match=r"^$"):
        await outer(joins=True, fails=True)
    assert names() == []
    await outer(joins=True)
    assert names() == ["inner", "inner again"]


async def test_sync_service_in_an_async_one_raises_or_joins() -> None:
    """A sync service that runs in the service's thread finds its transaction."""

    @service(nested="join")
    def joining() -> None:
        Account.objects.create(name="inner")

    @service
    def nested() -> None:
        """Never reached."""

    @service
    async def outer() -> None:
        await sync_to_async(joining)()
        with pytest.raises(NestedTransaction):
            await sync_to_async(nested)()

    await outer()
    assert names() == ["inner"]


async def test_hooks_run_in_order_after_the_commit() -> None:
    """Sync and async hooks run in their order, in the event loop, whatever happens to the others."""
    ran: list[str] = []
    loop = asyncio.get_running_loop()

    async def notify() -> None:
        assert asyncio.get_running_loop() is loop
        ran.append(f"async {await Account.objects.acount()}")

    async def fail() -> None:
        raise KeyError

    @service
    async def work() -> None:
        await Account.objects.acreate(name="one")
        after_commit(notify)
        after_commit(fail)
        after_commit(lambda: ran.append("sync"))
        assert ran == []

    await work()
    assert ran == ["async 1", "sync"]


async def test_block_is_the_same() -> None:
    """``async with service()`` commits, rolls back and joins."""
    ran: list[str] = []
    async with service():
        await Account.objects.acreate(name="one")
        async with service(nested="join"):
            await Account.objects.acreate(name="two")
        after_commit(lambda: ran.append("done"))
    with suppress(KeyError):
        async with service():
            await Account.objects.acreate(name="gone")
            raise KeyError
    assert (names(), ran) == (["one", "two"], ["done"])
    with pytest.raises(UsageError, match="cannot be run again"):
        async with service(retry=2):
            """Never reached."""


async def test_threads_and_connections_are_used_again() -> None:
    """One service after the other works on one connection."""
    seen = set()

    @service
    async def work() -> None:
        seen.add(await sync_to_async(lambda: id(connection.connection))())

    for _ in range(3):
        await work()
    assert len(seen) == 1
