"""Which watch sees what."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async

import quell
from tests.library.models import Author, Book
from tests.scenarios import scenes_driven

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("library")]


def _names(rows: Any) -> list[str]:
    return [row.author.name for row in rows]


async def _watched(rows: Any) -> "quell.watch":
    async with quell.watch() as watch:
        async for row in rows:
            await sync_to_async(lambda: row.author.name)()  # noqa: B023
    return watch


def test_outer_watch_sees_what_the_inner_one_saw() -> None:
    """Watches nest."""
    with quell.watch() as outer, quell.watch() as inner:
        _names(Book.objects.all())

    assert [finding.fingerprint for finding in outer.findings] == [
        item.fingerprint for item in inner.findings
    ]
    assert len(outer.findings) == 1


def test_inner_watch_sees_only_its_block() -> None:
    """What ran before does not belong to it."""
    with quell.watch() as outer:
        _names(Book.objects.all())
        with quell.watch() as inner:
            list(Author.objects.all())

    assert not inner.findings
    assert len(outer.findings) == 1


def test_inner_watch_finds_rows_that_were_loaded_before_it() -> None:
    """Rows know their queryset also where it ran outside of the innermost block."""
    with quell.watch():
        books = list(Book.objects.all())
        with quell.watch() as inner:
            _names(books)

    assert [(finding.model, finding.path) for finding in inner.findings] == [("library.Book", "author")]


def test_watch_judges_rows_that_nobody_watched_by_their_loop() -> None:
    """Rows that were loaded before any watch have no queryset, so the line that loads is the origin."""
    books = list(Book.objects.all())

    with quell.watch() as watch:
        _names(books)

    assert [(item.model, item.path, item.plan) for item in watch.findings] == [
        ("library.Book", "author", None)
    ]
    assert watch.findings[0].origin == watch.findings[0].trigger


def test_findings_grow_while_the_block_is_open() -> None:
    """Inside of the block there are the findings so far."""
    with quell.watch() as watch:
        before = watch.findings
        _names(Book.objects.all())
        after = watch.findings

    assert (len(before), len(after)) == (0, 1)


def test_queries_after_the_block_are_not_seen() -> None:
    """A watch that was left sees nothing more."""
    with quell.watch() as watch:
        list(Book.objects.all())
    _names(Book.objects.all())

    assert len(watch.queries) == 1


def test_tasks_with_a_watch_each_see_only_their_own() -> None:
    """Two tasks that run side by side do not mix."""

    async def both() -> "tuple[quell.watch, quell.watch]":
        books, authors = Book.objects.order_by("pk"), Author.objects.order_by("pk")
        return await asyncio.gather(_watched(books), _count(authors))

    async def _count(rows: Any) -> "quell.watch":
        async with quell.watch() as watch:
            async for row in rows:
                await row.books.acount()
        return watch

    one, other = async_to_sync(both)()

    assert [(finding.model, finding.path) for finding in one.findings] == [("library.Book", "author")]
    assert [(finding.model, finding.path) for finding in other.findings] == [("library.Author", "books")]


def test_outer_watch_sees_all_its_tasks() -> None:
    """Tasks inherit the watch that is open when they are made."""

    async def both() -> None:
        one, other = Book.objects.filter(title__lt="Book 3"), Book.objects.filter(title__gt="Book 3")
        await asyncio.gather(_watched(one), _watched(other))

    with quell.watch() as watch:
        async_to_sync(both)()

    assert [(finding.path, finding.count) for finding in watch.findings] == [("author", 5)]


def test_two_findings_of_one_origin_have_one_plan() -> None:
    """One plan ends everything that hangs on one queryset."""
    with quell.watch() as watch:
        for book in Book.objects.all():
            author = book.author
            str(author.country)
            str(book.publisher)

    assert {finding.plan for finding in watch.findings} == {quell.FetchPlan("author__country", "publisher")}
    assert len(watch.findings) == 3


def test_loop_around_a_watch_leads_to_none_of_its_statements() -> None:
    """A library's loop in a watch stays the library's, whatever opens one watch after the other."""
    found: list[object] = []
    for _ in range(2):
        with quell.watch() as watch:
            scenes_driven.TagFactory.create_batch(5)
        found += watch.findings

    assert not found
