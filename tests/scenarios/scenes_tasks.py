"""Coroutines of the ORM that tasks run by themselves: no line of the user's awaits them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async

from tests.library.models import Author, Book, Country
from tests.scenarios.corpus import Fix, finds, finds_loop, finds_write, scenario


def _wait(coroutine: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return async_to_sync(coroutine)()


@scenario(finds("Author", "books"))
def gathered_counts(fix: Fix) -> object:
    """A count for each row, all at once: the line that asks is the one that made the coroutine."""
    authors = fix(Author.objects.order_by("pk"))  # origin

    async def counts() -> Any:
        rows = [author async for author in authors]
        if fix.is_applied:
            return [author.books_count for author in rows]
        waiting = [author.books.acount() for author in rows]  # trigger
        return await asyncio.gather(*waiting)

    return _wait(counts)


@scenario(finds("Author", "books"))
def grouped_tests() -> object:
    """The tasks of a group."""

    async def tests() -> list[bool]:
        rows = [author async for author in Author.objects.order_by("pk")]  # origin
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(author.books.aexists()) for author in rows]  # trigger
        return [task.result() for task in tasks]

    return _wait(tests)


@scenario(finds("Author", "books"))
def tasks_of_own_coroutines(fix: Fix) -> object:
    """A coroutine of the user's that a task runs."""
    authors = fix(Author.objects.order_by("pk"))  # origin

    async def titles(author: Any) -> list[str]:
        return [book.title async for book in author.books.all()]  # trigger

    async def all_titles() -> list[list[str]]:
        tasks = [asyncio.create_task(titles(author)) async for author in authors]
        return [await task for task in tasks]

    return _wait(all_titles)


@scenario(finds("Book", "author"))
def gathered_attributes(fix: Fix) -> object:
    """What reads a relation in a thread is no code of the user's: the line that made the tasks is named."""
    books = fix(Book.objects.order_by("pk"))  # origin

    async def names() -> list[str]:
        found = [sync_to_async(getattr)(book, "author") async for book in books]
        authors = await asyncio.gather(*found)  # trigger
        return [author.name for author in authors]

    return _wait(names)


@scenario(finds_loop("Book"))
def gathered_gets() -> object:
    """One row for each name, all at once."""

    async def rows() -> list[Any]:
        waiting = [Book.objects.aget(title=f"Book {n}") for n in range(3)]  # origin, trigger
        return await asyncio.gather(*waiting)

    return _wait(rows)


@scenario(finds_write("Country", origin="trigger"))
def gathered_writes() -> object:
    """Rows that are created one by one."""

    async def rows() -> list[Any]:
        return await asyncio.gather(*[Country.objects.acreate(name=f"Land {n}") for n in range(3)])  # trigger

    return _wait(rows)


@scenario()
def three_gathered_rows() -> object:
    """Three statements of one expression are no loop, although one call runs them all."""

    async def rows() -> Any:
        return await asyncio.gather(
            Book.objects.filter(title="Book 0").afirst(),
            Book.objects.filter(title="Book 1").afirst(),
            Book.objects.filter(title="Book 2").afirst(),
        )

    return _wait(rows)


@scenario()
def tasks_of_three_lines() -> object:
    """A helper that three lines make tasks of is no loop."""

    async def title(name: str) -> Any:
        return await Book.objects.aget(title=name)

    async def rows() -> list[Any]:
        one = asyncio.create_task(title("Book 0"))
        two = asyncio.create_task(title("Book 1"))
        three = asyncio.create_task(title("Book 2"))
        return [await one, await two, await three]

    return _wait(rows)


@scenario()
def gathered_eager_rows() -> object:
    """Tasks that read what was prefetched."""

    async def titles(author: Any) -> list[str]:
        return [book.title async for book in author.books.all()]

    async def all_titles() -> list[list[str]]:
        rows = [author async for author in Author.objects.prefetch_related("books")]
        return await asyncio.gather(*[titles(author) for author in rows])

    return _wait(all_titles)
