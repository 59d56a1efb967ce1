"""A cancelled service stops its statement, takes everything back, and leaves a clean connection."""

import asyncio
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection, connections

from quell.conf import override
from quell.exceptions import UsageError
from quell.services import RetriesExhausted, Retry, WriteForbidden, read_only, service
from quell.services.cancelling import cancel_statement
from tests.serviceapp.models import Account
from tests.services.faults import error_of
from tests.services.test_isolation import SLOW
from tests.services.threads import COMMITTING, in_thread, names

pytestmark = [pytest.mark.databases, COMMITTING]


def run_slowly() -> None:
    """Run a statement that takes far too long."""
    with connection.cursor() as cursor:
        cursor.execute(SLOW[connection.vendor])


@service
async def slow() -> None:
    """Write a row, and run a slow statement."""
    await Account.objects.acreate(name="gone")
    await sync_to_async(run_slowly)()


async def test_timeout_stops_the_statement_on_the_server() -> None:
    """The service is over when its time is, and not when the statement would be; its thread is free again."""
    with override(service_connections=1):
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow(), timeout=0.1)
        assert time.monotonic() - began < 10
        assert names() == []

        @service
        async def after() -> None:
            await Account.objects.acreate(name="after")

        await after()
    assert names() == ["after"]


async def test_connection_is_used_again_unless_its_statement_was_stopped() -> None:
    """Also after a rollback; the driver may not have noticed that a statement was stopped."""
    seen: list[Any] = []

    @service
    async def work(*, fails: bool = False) -> None:
        await Account.objects.acount()
        seen.append(await sync_to_async(lambda: connection.connection)())
        if fails:
            raise KeyError

    with override(service_connections=1):
        await work()
        with pytest.raises(KeyError):
            await work(fails=True)
        await work()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow(), timeout=0.1)
        await work()

    assert seen[0] is seen[1] is seen[2]
    assert seen[3] is not seen[2]


async def test_service_has_committed_although_its_connection_cannot_be_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rows are there, so the caller hears of no error."""

    def fail(self: object) -> None:
        msg = "gone"
        raise OperationalError(msg)

    @service
    async def work() -> str:
        await Account.objects.acreate(name="one")
        return "done"

    with monkeypatch.context() as patch:
        always = property(lambda self: True, lambda self, value: None)
        patch.setattr(type(connections["default"]), "errors_occurred", always, raising=False)
        patch.setattr(type(connections["default"]), "close", fail)
        assert await work() == "done"
    assert names() == ["one"]


async def test_cancellation_while_it_waits_for_a_thread_leaves_the_pool_whole() -> None:
    """Who gives up waiting keeps nobody else from a thread; those who wait longest come first."""
    go, order = asyncio.Event(), list[str]()

    @service
    async def hold(name: str) -> None:
        order.append(name)
        await go.wait()

    with override(service_connections=1):
        first = asyncio.create_task(hold("first"))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(hold(f"other {number}")) for number in range(3)]
        await asyncio.sleep(0)
        others[0].cancel()
        go.set()
        await asyncio.gather(first, *others, return_exceptions=True)
    assert order == ["first", "other 1", "other 2"]


async def test_cancellation_during_the_commit_comes_too_late() -> None:
    """A commit that was sent is waited for, and its result is returned."""
    wrapped = asyncio.Event()
    loop = asyncio.get_running_loop()

    @service
    async def work() -> str:
        await Account.objects.acreate(name="one")
        await sync_to_async(slow_commit)()
        return "done"

    def slow_commit() -> None:
        raw: Any = connections["default"]
        commit = raw._commit

        def commit_late() -> None:
            del raw._commit
            loop.call_soon_threadsafe(wrapped.set)
            time.sleep(0.05)
            commit()

        raw._commit = commit_late

    task = asyncio.create_task(work())
    await wrapped.wait()
    task.cancel()
    assert await task == "done"
    assert names() == ["one"]


async def test_cancellation_before_it_began_leaves_nothing() -> None:
    """A service that is cancelled while it connects has not happened."""
    task = asyncio.create_task(slow())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names() == []


async def test_statement_behind_a_cancellation_does_not_run() -> None:
    """A job of several statements stops at the next one."""
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def many() -> None:
        for number in range(1000):
            Account.objects.create(name=f"{number}")
            loop.call_soon_threadsafe(began.set)

    @service
    async def work() -> None:
        await sync_to_async(many)()

    task = asyncio.create_task(work())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names() == []


async def test_service_is_run_again() -> None:
    """An async service is retried as a sync one is, and without a thread while it pauses."""
    runs: list[int] = []

    @service(retry=Retry(tries=3, first_delay_ms=1))
    async def work(times: int) -> str:
        runs.append(1)
        await Account.objects.acreate(name=f"run {len(runs)} of {times}")
        if len(runs) <= times:
            raise error_of(sqlstate="40001")
        return "done"

    assert await work(2) == "done"
    assert names() == ["run 3 of 2"]
    runs.clear()
    with pytest.raises(RetriesExhausted, match="ran 3 times"):
        await work(9)
    with pytest.raises(KeyError):
        await service(retry=3)(fail)()


async def fail() -> None:
    """Fail."""
    raise KeyError


async def test_instances_get_their_state_back() -> None:
    """An instance that was given to a service that failed can be saved again."""

    @service
    async def save(account: Account) -> None:
        await account.asave()
        raise KeyError

    account = Account(name="new")
    with pytest.raises(KeyError):
        await save(account)
    assert not account.pk
    assert account._state.adding


async def test_lost_connection_is_replaced() -> None:
    """A thread whose connection broke works again for the next service."""

    @service
    async def lose() -> None:
        await Account.objects.acreate(name="gone")
        await sync_to_async(lambda: connection.close())()  # noqa: PLW0108 -- in its thread

    @service
    async def work() -> None:
        await Account.objects.acreate(name="one")

    with override(service_connections=1):
        with pytest.raises(Exception, match="closed inside the block"):
            await lose()
        await work()
    assert names() == ["one"]


async def test_read_only_joins_and_forbids() -> None:
    """Inside a service, a read-only block forbids writes of its own task and of no other."""

    @read_only
    async def read() -> int:
        await Account.objects.acreate(name="gone")
        return 1

    @service
    async def outer() -> None:
        await Account.objects.acreate(name="one")
        async with read_only():
            assert await Account.objects.acount() == 1
        await Account.objects.acreate(name="two")

    await outer()
    with pytest.raises(WriteForbidden):
        await read()
    with pytest.raises(WriteForbidden):
        async with service():
            await read()
    assert names() == ["one", "two"]


async def test_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database in memory cannot be shared by two connections, so an async service says so."""
    monkeypatch.setattr(type(connections["default"]), "is_in_memory_db", lambda self: True, raising=False)
    with pytest.raises(UsageError, match="in memory"):
        await slow()


async def test_cancel_does_no_harm_where_nothing_runs(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is raised where there is nothing to stop, or nobody to ask."""

    def cancel() -> None:
        cancel_statement(connection)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        cancel_statement(connection)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    in_thread(cancel)
    assert not caplog.records

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise OperationalError(name)

    def cancel_broken() -> None:
        raw: Any = connections["default"]
        raw.connection = Broken()
        cancel_statement(raw)
        raw.connection = None

    in_thread(cancel_broken)
    assert "could not be cancelled" in caplog.text
