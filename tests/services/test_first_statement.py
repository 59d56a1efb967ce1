"""An async service begins its transaction with its first statement; all else is as if it had begun before."""

import asyncio
import time

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from quell.events import ServiceEvent
from quell.services import after_commit, savepoint, service, transaction_required
from quell.services.lanes import Lane, Worker
from quell.signals import service_finished
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING, names

pytestmark = [pytest.mark.databases, COMMITTING]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what notes the begin of each transaction."""
    found: list[str] = []
    original = BaseDatabaseWrapper.set_autocommit

    def noting(self: BaseDatabaseWrapper, autocommit: bool, *args: object, **kwargs: object) -> None:
        if not autocommit:
            found.append(self.alias)
        original(self, autocommit, *args, **kwargs)  # type: ignore[arg-type]  # handed on as they are

    monkeypatch.setattr(BaseDatabaseWrapper, "set_autocommit", noting)
    return found


async def test_service_without_statements_begins_none(begun: list[str]) -> None:
    """What it gave to run after the commit runs; it is one call of a service like any other."""
    events: list[ServiceEvent] = []
    ran: list[str] = []

    def note(*, event: ServiceEvent, **_: object) -> None:
        events.append(event)

    @service
    async def idle() -> str:
        after_commit(lambda: ran.append("hook"))
        await asyncio.sleep(0)
        return "done"

    service_finished.connect(note)
    try:
        assert await idle() == "done"
    finally:
        service_finished.disconnect(note)

    assert ran == ["hook"]
    assert begun == []
    (event,) = events
    assert (event.outcome, event.tries, event.query_count) == ("committed", 1, 0)


async def test_transaction_begins_with_the_first_statement(begun: list[str]) -> None:
    """What is awaited before holds none."""
    seen: list[list[str]] = []

    @service
    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(begun.copy())
        await Account.objects.acreate(name="one")
        seen.append(begun.copy())

    await work()

    assert seen == [[], ["default"]]
    assert names() == ["one"]


async def test_hooks_keep_their_order() -> None:
    """Those from before the first statement run before the others."""
    ran: list[str] = []

    @service
    async def work() -> None:
        after_commit(lambda: ran.append("early"))
        await Account.objects.acreate(name="one")
        after_commit(lambda: ran.append("late"))

    await work()

    assert ran == ["early", "late"]


async def test_hooks_of_a_service_that_fails_are_dropped() -> None:
    """Also where it fails before its first statement, and where a savepoint takes them back."""
    ran: list[str] = []

    @service
    async def fails() -> None:
        after_commit(lambda: ran.append("early"))
        raise KeyError

    @service
    async def half() -> None:
        after_commit(lambda: ran.append("kept"))
        with pytest.raises(KeyError):
            await part()

    @savepoint
    async def part() -> None:
        after_commit(lambda: ran.append("lost"))
        raise KeyError

    with pytest.raises(KeyError):
        await fails()
    await half()

    assert ran == ["kept"]


async def test_verbs_know_that_a_transaction_will_begin() -> None:
    """What needs one may be called before the first statement, sync or async."""

    @transaction_required
    def sync() -> str:
        return "sync"

    @transaction_required
    async def not_sync() -> str:
        return "async"

    @service(nested="join")
    async def joining() -> None:
        await Account.objects.acreate(name="joined")

    @service
    async def work() -> list[str]:
        found = [sync(), await not_sync()]
        await joining()
        return found

    assert await work() == ["sync", "async"]
    assert names() == ["joined"]


async def test_begin_that_fails_ends_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever catches the error: nothing was written, and nobody is told that it was."""
    ran: list[str] = []

    def refuse(self: Lane, aliases: object) -> None:
        msg = "no server"
        raise DatabaseError(msg)

    @service
    async def work() -> None:
        after_commit(lambda: ran.append("hook"))
        for name in ("one", "two"):
            try:
                await Account.objects.acreate(name=name)
            except DatabaseError as error:
                ran.append(str(error))

    monkeypatch.setattr(Lane, "check", refuse)
    with pytest.raises(DatabaseError, match="no server"):
        await work()

    assert ran == ["no server", "no server"]
    assert names() == []
    monkeypatch.undo()

    @service
    async def after() -> None:
        await Account.objects.acreate(name="after")

    await after()
    assert names() == ["after"]


async def test_first_statement_that_is_cancelled_leaves_nothing(begun: list[str]) -> None:
    """The begin is not interrupted, and the transaction is rolled back."""

    @service
    async def work() -> None:
        await Account.objects.acreate(name="gone")
        await asyncio.sleep(10)

    task = asyncio.create_task(work())
    while not begun:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert names() == []


async def test_statement_of_a_job_that_raises_stop_iteration_is_an_error() -> None:
    """A future refuses it; the task that waits must not wait for ever."""

    def stop() -> None:
        raise StopIteration

    @service
    async def work() -> None:
        await sync_to_async(stop)()

    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(work(), 10)


async def test_worker_runs_a_job_to_its_end_however_often_it_is_cancelled() -> None:
    """What is half done in the thread cannot be left alone."""
    worker = Worker()
    done: list[int] = []

    def job() -> str:
        time.sleep(0.2)
        done.append(1)
        return "result"

    task = asyncio.create_task(worker.finish(job))
    for _ in range(3):
        await asyncio.sleep(0.02)
        task.cancel()

    assert await task == "result"
    assert done == [1]
    worker.end(connections.close_all).result()


async def test_job_that_is_cancelled_before_its_turn_does_not_run() -> None:
    """Nobody waits for it any more."""
    worker = Worker()
    ran: list[int] = []
    first = worker.call(lambda: time.sleep(0.1))
    second = worker.call(lambda: ran.append(1))
    second.cancel()

    await first
    await worker.finish(lambda: None)

    assert ran == []
    worker.end(lambda: None).result()
