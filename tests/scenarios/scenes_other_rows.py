"""Calls on a related manager that no prefetch of the relation answers."""

from typing import Any

from asgiref.sync import async_to_sync

from tests.library.models import Author, Book
from tests.scenarios.corpus import Fix, finds, scenario


@scenario(finds("Author", "books", count=4))
def union_of_related_rows() -> object:
    """A union of two filters is a query of its own for each row."""
    authors = Author.objects.order_by("pk")  # origin
    return [list(author.books.filter(pk=1).union(author.books.filter(pk=2))) for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def difference_of_related_rows() -> object:
    """So is what is left of all rows."""
    authors = Author.objects.order_by("pk")  # origin
    return [list(author.books.all().difference(Book.objects.filter(pk=1))) for author in authors]  # trigger


@scenario(finds("Author", "books", count=4), databases=True)
def locked_related_rows() -> object:
    """A lock needs a query, whatever was prefetched."""
    authors = Author.objects.order_by("pk")  # origin
    return [list(author.books.select_for_update()) for author in authors]  # trigger


@scenario(finds("Author", "books", count=4), finds("Author", "books__tags"))
def prefetch_on_a_related_manager_elsewhere() -> object:
    """A prefetch on a related manager asks again, also where another line built it."""
    found: list[Any] = []
    for author in Author.objects.order_by("pk"):  # origin
        books = author.books.prefetch_related("tags")
        found += [len(book.tags.all()) for book in books]  # trigger
    return found


@scenario(finds("Author", "books", count=4))
def async_iterator_of_related_rows() -> object:
    """An iterator reads past the prefetched rows, also an asynchronous one."""

    async def keys() -> list[int]:
        authors = Author.objects.order_by("pk")  # origin
        return [book.pk async for author in authors async for book in author.books.aiterator()]  # trigger

    return async_to_sync(keys)()


@scenario(finds("Author", "books", count=4))
def earliest_of_related_rows() -> object:
    """The earliest row is asked for by a query, whatever was prefetched."""
    authors = Author.objects.order_by("pk")  # origin
    return [author.books.earliest("pk").title for author in authors if author.name != "Author 9"]  # trigger


def _united() -> Any:
    return Author.objects.filter(name="Author 0").union(Author.objects.exclude(name="Author 0"))  # united


@scenario(finds("Author", "books", origin="united", trigger="counted", count=4))
def counts_for_rows_of_a_union(fix: Fix) -> object:
    """No column can be added to rows of a union, but what is counted can be loaded for them."""
    authors = _loaded(fix) if fix.is_applied else _united()
    return [_book_count(author, fix) for author in sorted(authors, key=lambda author: author.pk)]


def _book_count(author: Any, fix: Fix) -> int:
    return len(author.books.all()) if fix.is_applied else author.books.count()  # counted


def _loaded(fix: Fix) -> Any:
    first = fix(Author.objects.filter(name="Author 0"))
    return first.union(Author.objects.exclude(name="Author 0"))
