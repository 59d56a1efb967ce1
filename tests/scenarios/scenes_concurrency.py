"""Loads in coroutines and threads, and on another database."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.db import connections
from django.test import AsyncClient

from tests.library import urls, views
from tests.library.models import Author, Book
from tests.scenarios.corpus import Fix, finds, finds_loop, scenario
from tests.scenarios.world import populate

PAGES = [views, urls]  # imported before anything is watched


def _wait(coroutine: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return async_to_sync(coroutine)()


def _author_of(book: Any) -> str:
    return str(book.author.name)  # in a helper


def _fill_other() -> None:
    if not Book.objects.using("other").exists():
        populate("other")


def _in_thread(book: Any) -> str:
    try:
        return _author_of(book)
    finally:
        connections.close_all()


def _title_in_thread(title: str) -> Any:
    try:
        return Book.objects.get(title=title)  # in a thread
    finally:
        connections.close_all()


@scenario(finds("Book", "author", trigger="in a helper"), databases=True)
def async_for(fix: Fix) -> object:
    """Rows of an async loop, and a relation loaded in a thread."""
    books = fix(Book.objects.order_by("pk"))  # origin

    async def names() -> list[str]:
        return [await sync_to_async(_author_of)(book) async for book in books]

    return _wait(names)


@scenario(finds("Book", "author"))
def lambda_in_a_thread(fix: Fix) -> object:
    """A lambda is user code, too."""
    books = fix(Book.objects.order_by("pk"))  # origin

    async def names() -> list[str]:
        return [await sync_to_async(lambda row: row.author.name)(book) async for book in books]  # trigger

    return _wait(names)


@scenario(finds("Author", "books"))
def async_relation(fix: Fix) -> object:
    """A relation may be read by an async loop."""
    authors = fix(Author.objects.order_by("pk"))  # origin

    async def keys(author: Any) -> list[int]:
        return [book.pk async for book in author.books.all()]  # trigger

    async def all_keys() -> list[list[int]]:
        return [await keys(author) async for author in authors]

    return _wait(all_keys)


@scenario(finds("Author", "books"))
def async_count(fix: Fix) -> object:
    """Or be counted."""
    authors = fix(Author.objects.order_by("pk"))  # origin

    async def counts() -> list[int]:
        if fix.is_applied:
            return [author.books_count async for author in authors]
        return [await author.books.acount() async for author in authors]  # trigger

    return _wait(counts)


@scenario(finds_loop("Book"))
def async_get() -> object:
    """One row after the other."""

    async def rows() -> list[Any]:
        return [await Book.objects.aget(title=f"Book {n}") for n in range(3)]  # origin, trigger

    return _wait(rows)


@scenario()
def three_awaits() -> object:
    """Three lines are no loop, although one thread runs them all."""

    async def rows() -> list[Any]:
        one = await Book.objects.aget(title="Book 0")
        two = await Book.objects.aget(title="Book 1")
        return [one, two, await Book.objects.aget(title="Book 2")]

    return _wait(rows)


@scenario()
def eager_async_for() -> object:
    """An async loop over rows that were loaded with what they show."""

    async def names() -> list[str]:
        return [book.author.name async for book in Book.objects.select_related("author")]

    return _wait(names)


@scenario(finds("Book", "author", origin="views.py:async view", trigger="views.py:async trigger"))
def async_view() -> object:
    """A request to an async view."""

    async def get() -> bytes:
        response = await AsyncClient().get("/books/async/")
        return bytes(response.content)

    return _wait(get)


@scenario(finds("Book", "author", trigger="in a helper"), transactional=True, databases=True)
def pool(fix: Fix) -> object:
    """Rows that worker threads load the relation of."""
    books = list(fix(Book.objects.order_by("pk")))  # origin
    with ThreadPoolExecutor(max_workers=2) as workers:
        return list(workers.map(_in_thread, books))


@scenario(finds("Book", "author", trigger="in a helper"), transactional=True)
def threads(fix: Fix) -> object:
    """One thread per row."""
    books = list(fix(Book.objects.order_by("pk")[:3]))  # origin
    names: list[str] = []
    for book in books:
        thread = Thread(target=lambda row=book: names.append(_in_thread(row)))
        thread.start()
        thread.join()
    return names


@scenario(finds_loop("Book", origin="in a thread", trigger="in a thread"), transactional=True)
def gets_in_a_pool() -> object:
    """A loop that a pool runs."""
    with ThreadPoolExecutor(max_workers=1) as workers:
        return list(workers.map(_title_in_thread, ["Book 0", "Book 1", "Book 2"]))


@scenario(finds("Book", "author", trigger="in a helper"), transactional=True)
def event_loop_of_its_own(fix: Fix) -> object:
    """A loop that asyncio.run() starts."""
    books = fix(Book.objects.order_by("pk"))  # origin

    async def names() -> list[str]:
        found = [await sync_to_async(_author_of)(book) async for book in books]
        await sync_to_async(connections.close_all)()
        return found

    return asyncio.run(names())


@scenario(finds("Book", "author"), databases=True)
def other_database(fix: Fix) -> object:
    """Rows of another alias load their relations there."""
    _fill_other()
    books = fix(Book.objects.using("other").order_by("pk"))  # origin
    return [book.author.name for book in books]  # trigger


@scenario(finds("Book", "tags"))
def relation_on_the_other_database(fix: Fix) -> object:
    """So do relations to many rows."""
    _fill_other()
    books = fix(Book.objects.using("other").order_by("pk"))  # origin
    return [sorted(tag.name for tag in book.tags.all()) for book in books]  # trigger


@scenario()
def one_row_of_each_database() -> object:
    """One row of each alias is no list."""
    _fill_other()
    rows = [Book.objects.using("default").first(), Book.objects.using("other").first()]
    return [row.author.name for row in rows if row is not None]
