"""What a watch costs per access to something that is loaded: nothing."""

from typing import Any

import pytest
from django.db.models import Prefetch

import quell
from tests.cost.counting import Calls, calls_of
from tests.library.models import Author, Book

pytestmark = pytest.mark.usefixtures("books")

NOTHING = Calls()


def test_loaded_foreign_key_costs_no_call() -> None:
    """A joined row is read without quell."""
    with quell.watch():
        book = Book.objects.select_related("author").order_by("pk")[0]
        calls = calls_of(lambda: [book.author.name for _ in range(100)])

    assert calls == NOTHING


def test_lazily_loaded_foreign_key_costs_one_load() -> None:
    """After the first access, a row that was loaded on demand is read without quell."""
    with quell.watch():
        book = Book.objects.order_by("pk")[0]
        first = calls_of(lambda: book.author)
        calls = calls_of(lambda: [book.author.name for _ in range(100)])

    assert first
    assert calls == NOTHING


@pytest.mark.parametrize("lookup", ["books", Prefetch("books")])
def test_prefetched_manager_costs_no_call(lookup: Any) -> None:
    """The rows of a prefetched reverse relation are read without quell."""
    with quell.watch():
        author = Author.objects.prefetch_related(lookup).order_by("pk")[0]
        calls = calls_of(lambda: [list(author.books.all()) for _ in range(100)])

    assert calls == NOTHING


def test_prefetched_many_to_many_costs_no_call() -> None:
    """The rows of a prefetched many-to-many relation are read and counted without quell."""
    with quell.watch():
        book = Book.objects.prefetch_related("tags").order_by("pk")[0]
        calls = calls_of(lambda: [(list(book.tags.all()), book.tags.all().count()) for _ in range(100)])

    assert calls == NOTHING


def test_column_costs_no_call() -> None:
    """A plain column is read and written without quell."""
    with quell.watch():
        book = Book.objects.order_by("pk")[0]

        def touch() -> None:
            for _ in range(100):
                book.title = book.title.upper()

        calls = calls_of(touch)

    assert calls == NOTHING


def test_loaded_deferred_column_costs_no_call() -> None:
    """A deferred column is read without quell once it is there."""
    with quell.watch():
        book = Book.objects.defer("text").order_by("pk")[0]
        first = calls_of(lambda: book.text)
        calls = calls_of(lambda: [book.text for _ in range(100)])

    assert first
    assert calls == NOTHING
