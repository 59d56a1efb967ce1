"""Effects in async services: in the event loop, in its tasks and in threads."""

import asyncio
import time

from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.test import override_settings

import quell
from quell.events import SideEffect
from quell.services import after_commit, service
from tests.hygiene.seen import line_of
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING


@service
async def write(name: str) -> None:
    """Write to the cache inside of the transaction."""
    await Account.objects.acreate(name=name)
    await cache.aset(name, 1)  # async


@service
async def write_in_tasks(names: list[str]) -> None:
    """Write to the cache in tasks that have no caller."""
    await asyncio.gather(*(cache.aset(name, 1) for name in names))


def effects_of_async(work: "asyncio._CoroutineLike[object]") -> tuple[SideEffect, ...]:
    """Return the effects that a watch of a coroutine noted."""

    async def run() -> tuple[SideEffect, ...]:
        async with quell.watch(transactions=True) as watch:
            await work
        return watch.recording.effects

    return asyncio.run(run())


@COMMITTING
def test_effect_of_the_event_loop_is_seen() -> None:
    """The service's transaction is on another thread than the code that writes to the cache."""
    (effect,) = effects_of_async(write("one"))

    assert effect.trigger is not None
    assert effect.trigger.line == line_of(__file__, "async")
    assert effect.opened_by.endswith("test_async.write")


@COMMITTING
def test_effect_of_a_task_is_the_services() -> None:
    """What no line of the user's is waiting for is found at the line that called the service."""
    effects = effects_of_async(write_in_tasks(["one", "two"]))

    assert len(effects) == 2
    assert [effect.trigger for effect in effects] == [effect.opened_at for effect in effects]


@COMMITTING
def test_effect_of_a_thread_is_seen() -> None:
    """Sync code inside the service runs in the thread of its connection."""

    @service
    async def sleeping() -> None:
        await sync_to_async(time.sleep)(0.1)

    (effect,) = effects_of_async(sleeping())

    assert effect.kind == "sleep"


@COMMITTING
def test_other_tasks_are_in_no_transaction() -> None:
    """What another task does while a service is open is its own affair."""

    async def other() -> None:
        await asyncio.sleep(0.01)
        await cache.aset("other", 1)

    @service
    async def waiting() -> None:
        await asyncio.sleep(0.05)

    async def work() -> None:
        await asyncio.gather(waiting(), other())

    assert not effects_of_async(work())


@COMMITTING
def test_functions_after_the_commit_are_silent() -> None:
    """They run when the transaction is over."""

    @service
    async def served() -> None:
        async def later() -> None:
            await cache.aset("later", 1)

        after_commit(later)
        after_commit(lambda: cache.set("sync", 1))

    assert not effects_of_async(served())
    assert cache.get("later") == cache.get("sync") == 1


@COMMITTING
@override_settings(QUELL_LONG_TRANSACTION_MS=20)
def test_long_async_service_is_found() -> None:
    """Its time is that of the transaction, on whichever thread."""

    @service
    async def slow() -> None:
        await Account.objects.aexists()
        await asyncio.sleep(0.03)

    async def run() -> tuple[quell.findings.Finding, ...]:
        async with quell.watch(transactions=True) as watch:
            await slow()
        return watch.findings

    (finding,) = asyncio.run(run())

    assert finding.code == "Q202"
    assert finding.message.endswith("in 1 statement")
