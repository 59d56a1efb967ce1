"""``quell.ignore()`` in tasks and threads: it follows its own, and no others."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import pytest
from django.db import connections

import quell
from quell.lineage.ignoring import ignored
from tests.library.models import Author, Book, Country

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def _read(end: int) -> None:
    for book in Book.objects.order_by("pk")[:end]:
        str(book.author)


@pytest.mark.django_db(transaction=True)
def test_tasks_of_a_block_belong_to_it_and_others_do_not() -> None:
    """A task that the block creates is silenced, one beside it is not."""

    async def read() -> None:
        async for book in Book.objects.order_by("pk"):
            await Author.objects.aget(pk=book.author_id)

    async def ignore(started: asyncio.Event) -> None:
        with quell.ignore("Q102"):
            started.set()
            await asyncio.create_task(read())

    async def run() -> None:
        started = asyncio.Event()
        quiet = asyncio.create_task(ignore(started))
        await started.wait()
        async for country in Country.objects.order_by("pk"):
            await Country.objects.aget(pk=country.pk)
        await quiet

    with quell.watch() as watch:
        asyncio.run(run())

    assert [item.model for item in watch.findings] == ["library.Country"]
    assert [item.finding.model for item in watch.silenced] == ["library.Author"]


def _closing(work: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    return run


@pytest.mark.django_db(transaction=True)
def test_threads_of_a_block_belong_to_it_and_others_do_not() -> None:
    """A job and a thread that the block starts are silenced; the same pool serves others unsilenced."""
    with ThreadPoolExecutor(1) as pool, quell.watch() as watch:
        with quell.ignore("Q101"):
            pool.submit(_closing(lambda: _read(2))).result()
            thread = Thread(target=_closing(lambda: _read(3)))
            thread.start()
            thread.join()
        pool.submit(_closing(lambda: _read(4))).result()

    assert sorted(item.count for item in watch.findings) == [4]
    assert sum(item.finding.count for item in watch.silenced) == 5


def test_block_may_end_in_another_context() -> None:
    """An async generator may be closed elsewhere: nothing is left, and nothing fails."""
    block = quell.ignore("Q101")
    context = contextvars.copy_context()
    context.run(block.__enter__)

    block.__exit__(None, None, None)
    context.run(block.__exit__, None, None, None)

    assert ignored.get() == ()
    assert context[ignored] == ()
