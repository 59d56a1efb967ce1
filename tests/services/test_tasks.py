"""Parts and tasks inside of an async service."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from quell.services import ServiceEnded, TransactionAborted, savepoint, service
from tests.serviceapp.models import Account
from tests.services.test_async import create
from tests.services.threads import COMMITTING, names

pytestmark = [pytest.mark.databases, COMMITTING]


async def test_part_that_fails_dooms_the_whole() -> None:
    """Whoever catches the error of a part loses the whole, and learns it."""
    joining = service(nested="join")(create.__wrapped__)  # type: ignore[attr-defined]  # set by functools.wraps

    @service
    async def outer() -> None:
        try:
            await joining("half", fails=True)
        except KeyError:
            await asyncio.sleep(0)

    with pytest.raises(TransactionAborted) as caught:
        await outer()
    assert isinstance(caught.value.__cause__, KeyError)
    assert names() == []


async def test_savepoint_takes_back_its_own_rows() -> None:
    """What fails in a savepoint is taken back, a joined service in it as well, and the service goes on."""
    joining = service(nested="join")(create.__wrapped__)  # type: ignore[attr-defined]  # set by functools.wraps

    @service
    async def outer() -> None:
        await Account.objects.acreate(name="before")
        with suppress(KeyError):
            async with savepoint():
                await joining("inside", fails=True)
        with pytest.raises(TransactionAborted):
            async with savepoint():
                await catching(joining)
        with pytest.raises(KeyError):
            await guarded()
        await Account.objects.acreate(name="after")

    @savepoint
    async def guarded() -> None:
        await Account.objects.acreate(name="guarded")
        raise KeyError

    await outer()
    assert names() == ["after", "before"]


async def catching(part: Callable[..., Awaitable[object]]) -> None:
    """Catch the error of a part."""
    with suppress(KeyError):
        await part("inside", fails=True)


async def test_tasks_inside_a_service_share_its_transaction() -> None:
    """Children of ``gather()`` run their statements one at a time, and savepoints keep theirs apart."""

    async def child(number: int) -> None:
        await Account.objects.acreate(name=f"plain {number}")
        try:
            async with savepoint():
                await Account.objects.acreate(name=f"a {number}")
                await asyncio.sleep(0.001)
                await Account.objects.acreate(name=f"b {number}")
                if number % 2:
                    raise KeyError
        except KeyError:
            await Account.objects.acreate(name=f"instead {number}")

    @service
    async def outer() -> None:
        await asyncio.gather(*[child(number) for number in range(4)])

    await outer()
    plain = [f"plain {number}" for number in range(4)]
    assert names() == ["a 0", "a 2", "b 0", "b 2", "instead 1", "instead 3", *plain]


async def test_tasks_that_are_left_behind_abort_the_service() -> None:
    """A task that still uses the transaction would be committed by half."""
    tasks: list[asyncio.Task[None]] = []

    async def child() -> None:
        await Account.objects.acreate(name="first")
        await asyncio.sleep(0.02)
        await Account.objects.acreate(name="second")

    @service
    async def outer() -> None:
        tasks.append(asyncio.create_task(child(), name="left behind"))
        await asyncio.sleep(0.01)
        await Account.objects.acreate(name="own")

    with pytest.raises(TransactionAborted, match=r"still running .*left behind"):
        await outer()
    with pytest.raises((RuntimeError, ServiceEnded), match=r"exited|over"):
        await tasks[0]
    assert names() == []


async def test_child_that_fails_takes_everything_back() -> None:
    """The other children are kept from writing what nobody would take back."""
    rest: list[asyncio.Task[None]] = []

    async def child(number: int) -> None:
        await Account.objects.acreate(name=f"{number}")
        if number == 0:
            raise KeyError
        for _ in range(50):
            await asyncio.sleep(0.001)
            await Account.objects.acreate(name=f"{number} again {_}")

    @service
    async def outer() -> None:
        rest.extend(asyncio.create_task(child(number)) for number in range(3))
        await asyncio.gather(*rest)

    with pytest.raises(KeyError):
        await outer()
    assert all(isinstance(item, Exception) for item in await asyncio.gather(*rest, return_exceptions=True))
    assert names() == []
