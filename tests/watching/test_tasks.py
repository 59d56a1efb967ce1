"""A watch in asyncio: it follows its own tasks, and no others."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection

import quell
from quell.lineage.hooks import active
from tests.library.models import Author, Country
from tests.watching.probes import assert_untouched, changed_names, raw, read_countries, tables

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fresh_hooks", "authors"),
    pytest.mark.databases,
]


async def _hide() -> None:
    """Let the other task run, then query."""
    for _ in range(5):
        await asyncio.sleep(0)
        await Country.objects.acount()


async def test_sync_to_async_is_followed() -> None:
    """A function that runs in a worker thread belongs to the watch of the coroutine."""
    async with quell.watch() as watch:
        await sync_to_async(read_countries)()

    assert [finding.path for finding in watch.findings] == ["country"]


async def test_raw_cursor_in_a_worker_thread_is_seen() -> None:
    """The connection of the worker was open before the watch."""
    await sync_to_async(raw)("SELECT 1")
    async with quell.watch() as watch:
        await sync_to_async(raw)("SELECT 2")

    assert [query.sql for query in watch.queries] == ["SELECT 2"]


async def test_worker_thread_of_its_own_is_followed() -> None:
    """``thread_sensitive=False`` and ``asyncio.to_thread()`` are followed, too."""

    def run() -> None:
        raw("SELECT 1")
        connection.close()

    async with quell.watch() as watch:
        await sync_to_async(run, thread_sensitive=False)()
        await asyncio.to_thread(run)
        await asyncio.get_running_loop().run_in_executor(None, run)

    assert [query.sql for query in watch.queries] == ["SELECT 1"] * 3


def test_async_to_sync_is_followed() -> None:
    """A coroutine that sync code runs belongs to the watch around it."""

    async def run() -> None:
        await Country.objects.acount()

    with quell.watch() as watch:
        async_to_sync(run)()

    assert len(watch.queries) == 1


def test_loop_of_its_own_is_followed() -> None:
    """``asyncio.run()`` copies the context."""
    with quell.watch() as watch:
        asyncio.run(Country.objects.acount())

    assert len(watch.queries) == 1


async def test_created_task_is_followed() -> None:
    """A task that is created in the block belongs to it."""
    async with quell.watch() as watch:
        await asyncio.create_task(Country.objects.acount())

    assert len(watch.queries) == 1


async def test_task_from_before_is_not_followed() -> None:
    """A task that was created before the watch is none of its business."""
    task = asyncio.create_task(_hide())
    async with quell.watch() as watch:
        await Author.objects.acount()
        await task

    assert tables(watch.queries) == ["author"]


async def _count(manager: Any, rounds: int) -> quell.watch:
    async with quell.watch() as watch:
        for _ in range(rounds):
            await manager.acount()
            await asyncio.sleep(0)
    return watch


async def test_tasks_with_watches_of_their_own_are_apart() -> None:
    """Two tasks that run at once never see each other's statements, though they share a connection."""
    authors, countries = await asyncio.gather(_count(Author.objects, 4), _count(Country.objects, 6))

    assert tables(authors.queries) == ["author"] * 4
    assert tables(countries.queries) == ["country"] * 6


async def test_watch_around_tasks_sees_both() -> None:
    """An outer watch sees what the watches of its tasks saw."""
    async with quell.watch() as outer:
        await asyncio.gather(_count(Author.objects, 4), _count(Country.objects, 6))

    assert sorted(tables(outer.queries)) == ["author"] * 4 + ["country"] * 6


async def test_tasks_may_overlap_in_any_order() -> None:
    """The first task closes while the second is open, and the other way round."""
    opened, closed = asyncio.Event(), asyncio.Event()

    async def early() -> quell.watch:
        async with quell.watch() as watch:
            await Author.objects.acount()
            await opened.wait()
        closed.set()
        return watch

    async def late() -> quell.watch:
        async with quell.watch() as watch:
            opened.set()
            await closed.wait()
            await Country.objects.acount()
        return watch

    first, second = await asyncio.gather(early(), late())

    assert (tables(first.queries), tables(second.queries)) == (["author"], ["country"])
    assert changed_names() == []
    assert await sync_to_async(lambda: list(connection.execute_wrappers))() == []


async def test_worker_connection_is_left_as_it_was() -> None:
    """The wrappers of the connection in the worker thread are gone, too."""
    async with quell.watch():
        await Country.objects.acount()

    assert await sync_to_async(lambda: list(connection.execute_wrappers))() == []
    assert active.get(None) is None


async def test_cancelled_task_closes_its_watch() -> None:
    """Cancelling a task ends its watch."""
    task = asyncio.create_task(_count(Country.objects, 1_000_000))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert changed_names() == []


async def test_task_that_outlives_the_watch_is_seen_no_more() -> None:
    """What a task does after the end of the block is not counted, and does not fail."""
    go_on = asyncio.Event()

    async def run() -> None:
        await Country.objects.acount()
        await go_on.wait()
        await Author.objects.acount()

    async with quell.watch() as watch:
        task = asyncio.create_task(run())
        while not watch.queries:
            await asyncio.sleep(0)
    go_on.set()
    await task

    assert tables(watch.queries) == ["country"]


async def test_watch_in_a_task_that_outlived_another_is_outermost() -> None:
    """A watch inside such a task reports by itself: the closed one around it reports nothing more."""
    closed = asyncio.Event()

    async def run() -> quell.watch:
        await closed.wait()
        async with quell.watch() as inner:
            await Country.objects.acount()
        return inner

    async with quell.watch():
        task = asyncio.create_task(run())
    closed.set()
    inner = await task

    assert inner.scope.is_outermost
    assert len(inner.queries) == 1


def _drive(*coroutines: Coroutine[Any, Any, Any]) -> None:
    async def run() -> None:
        await asyncio.gather(*coroutines)

    asyncio.run(run())


def test_process_is_untouched_after_tasks() -> None:
    """Nothing is left in the thread that ran the loop."""
    _drive(_count(Author.objects, 2), _count(Country.objects, 2))

    assert_untouched()
