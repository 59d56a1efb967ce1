"""Where batching is on: blocks, functions, tasks, threads, requests, and nowhere else."""

import asyncio
import copy
import pickle
import threading

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, RequestFactory
from django.test.utils import CaptureQueriesContext

import quell
from quell.exceptions import UsageError
from quell.lineage.ondemand import loader
from quell.middleware import BatchLoadingMiddleware
from tests.library.models import Author, Book
from tests.ondemand.conftest import counted

pytestmark = pytest.mark.usefixtures("library")


def _names() -> list[str]:
    return [book.author.name for book in Book.objects.order_by("pk")]


def test_nothing_is_patched_outside_of_a_block() -> None:
    """Off means off: Django's own functions are back after the block."""
    originals = SQLCompiler.execute_sql, QuerySet._fetch_all, ModelIterable.__iter__
    with quell.batch_loading():
        assert SQLCompiler.execute_sql is not originals[0]
    after = SQLCompiler.execute_sql, QuerySet._fetch_all, ModelIterable.__iter__

    assert after == originals
    assert loader.get() is None


def test_rows_of_a_block_load_as_ever_after_it() -> None:
    """What was loaded in a block has no peers any more when that is over."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
    with counted() as queries:
        [book.author for book in books]

    assert len(queries) == len(books)


def test_blocks_nest() -> None:
    """An inner block shares the peers of the outer one, and does not end them."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        with counted() as queries:
            with quell.batch_loading():
                str(books[0].author)
            [book.author for book in books]

    assert len(queries) == 1


def test_an_open_block_cannot_be_entered_again() -> None:
    """One object is one block."""
    block = quell.batch_loading()
    with block, pytest.raises(UsageError, match="already open"):
        block.__enter__()
    with block:
        assert loader.get() is not None


def test_a_function_is_decorated() -> None:
    """Each call is a block of its own."""
    with counted() as queries:
        names = quell.batch_loading()(_names)()

    assert names == [f"Author {n}" for n in range(6)]
    assert len(queries) == 2
    assert loader.get() is None


def test_a_generator_is_refused() -> None:
    """Its body would run in pieces."""

    def rows() -> object:
        yield 1

    with pytest.raises(UsageError, match="generator"):
        quell.batch_loading()(rows)
    with pytest.raises(UsageError, match="none"):
        quell.batch_loading()(Book)


@pytest.mark.django_db(transaction=True)
async def test_a_coroutine_function_is_decorated() -> None:
    """The block follows into the threads in which Django's async methods run."""

    @quell.batch_loading()
    async def names() -> list[str]:
        found = []
        async for book in Book.objects.order_by("pk"):
            author = await sync_to_async(lambda book=book: book.author)()
            found.append(author.name)
            await book.tags.acount()
        return found

    count = CaptureQueriesContext(connection)
    await sync_to_async(count.__enter__)()
    found = await names()
    await sync_to_async(count.__exit__)(None, None, None)
    query_count = await sync_to_async(count.__len__)()

    assert found == [f"Author {n}" for n in range(6)]
    assert query_count == 3


@pytest.mark.django_db(transaction=True)
async def test_async_iteration_of_related_rows_is_batched() -> None:
    """``async with``, ``async for`` over a manager, ``afirst()`` and ``aexists()`` are covered."""
    count = CaptureQueriesContext(connection)
    await sync_to_async(count.__enter__)()
    async with quell.batch_loading():
        shown = []
        async for book in Book.objects.order_by("pk").aiterator():
            tags = [tag.name async for tag in book.tags.order_by("name")]
            shown.append((tags, await book.tags.aexists(), str(await book.tags.order_by("-name").afirst())))
    await sync_to_async(count.__exit__)(None, None, None)
    query_count = await sync_to_async(count.__len__)()

    assert shown[3] == (["tag 0", "tag 1", "tag 2"], True, "tag 2")
    assert query_count == 4


@pytest.mark.django_db(transaction=True)
async def test_two_tasks_do_not_share_a_block() -> None:
    """A block belongs to the task that opened it."""
    seen = []

    async def inside() -> None:
        with quell.batch_loading():
            await asyncio.sleep(0)
            seen.append(loader.get() is not None)

    async def outside() -> None:
        seen.append(loader.get() is None)
        await asyncio.sleep(0)
        seen.append(loader.get() is None)

    await asyncio.gather(inside(), outside())

    assert seen == [True, True, True] or all(seen)


def test_a_thread_that_the_block_starts_belongs_to_it() -> None:
    """Its loads are batched, too; the rows here are its own."""
    seen = []
    with quell.batch_loading():
        thread = threading.Thread(target=lambda: seen.append(loader.get() is not None))
        thread.start()
        thread.join()
    thread = threading.Thread(target=lambda: seen.append(loader.get() is None))
    thread.start()
    thread.join()

    assert seen == [True, True]


def test_the_middleware_batches_each_request() -> None:
    """A view below it needs no change."""

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(", ".join(_names()))

    with counted() as queries:
        response = BatchLoadingMiddleware(view)(RequestFactory().get("/"))

    assert isinstance(response, HttpResponse)
    assert response.content.startswith(b"Author 0")
    assert len(queries) == 2


@pytest.mark.django_db(transaction=True)
async def test_the_middleware_batches_async_requests() -> None:
    """It is a coroutine where the next one is."""

    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(", ".join(await sync_to_async(_names)()))

    answer = BatchLoadingMiddleware(view)(AsyncRequestFactory().get("/"))
    assert not isinstance(answer, HttpResponse)

    response = await answer  # type: ignore[misc]  # the type of both kinds of response
    assert response.content.startswith(b"Author 0")


def test_a_watch_inside_sees_the_batched_statements() -> None:
    """What a batch runs is a query like any other, and there is nothing left to find."""
    with quell.batch_loading(), quell.watch() as watch:
        _names()

    assert len(watch.queries) == 2
    assert watch.findings == ()


def test_a_watch_outside_sees_the_batched_statements() -> None:
    """Whoever is open first."""
    with quell.watch() as watch, quell.batch_loading():
        _names()

    assert len(watch.queries) == 2
    assert watch.findings == ()


def test_rows_from_a_cache_are_adopted() -> None:
    """Unpickled rows are peers once they are adopted, with what is joined and prefetched."""
    cache.set("books", list(Book.objects.select_related("author").prefetch_related("reviews").order_by("pk")))
    with quell.batch_loading():
        books = quell.adopt(cache.get("books"))
        with counted() as queries:
            for book in books:
                book.tags.count()
                str(book.author.country)
                [review.user.username for review in book.reviews.all()]

    assert len(queries) == 3


def test_rows_can_be_adopted_before_the_block() -> None:
    """A list that was adopted once is a fetch in every block."""
    books = quell.adopt(pickle.loads(pickle.dumps(list(Book.objects.order_by("pk")))))
    for _ in range(2):
        with counted() as queries, quell.batch_loading():
            [book.tags.count() for book in books]
        assert len(queries) == 1


def test_adopted_rows_of_two_models_are_two_fetches() -> None:
    """Each model has its own peers, and rows that were never saved have none."""
    rows = [*Book.objects.order_by("pk"), *Author.objects.order_by("pk"), Book(title="new")]
    with counted() as queries, quell.batch_loading():
        quell.adopt(rows)
        for row in rows[:-1]:
            assert (row.notes.count() if isinstance(row, Book) else row.books.count()) >= 0

    assert len(queries) == 2
    assert rows[-1]._state.db is None


def test_pickles_and_copies_hold_nothing_of_quell() -> None:
    """What leaves the process is Django's own."""
    with quell.batch_loading():
        book = Book.objects.order_by("pk")[1]
        queryset = book.tags.all()
        given = Book.objects.filter(author=book.author)
        other = copy.deepcopy(book)
        data = pickle.dumps([book, book.author, queryset, given, given.query, other])

    assert b"quell" not in data
    assert len(pickle.loads(data)) == 6
