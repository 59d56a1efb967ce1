"""Calls that are given another row: one query answers them for all pairs of rows."""

from typing import Any

import pytest
from django.db.models import Max

import quell
from tests.library.models import Book, Edition, Printer
from tests.ondemand.conftest import counted

pytestmark = [pytest.mark.databases, pytest.mark.usefixtures("library")]

# What a book may be asked about a printer.
CALLS: dict[str, Any] = {
    "all": lambda book, printer: [
        edition.pk for edition in book.editions.filter(printer=printer).order_by("pk")
    ],
    "count": lambda book, printer: book.editions.filter(printer=printer).count(),
    "exists": lambda book, printer: book.editions.filter(printer=printer).exists(),
    "first": lambda book, printer: str(book.editions.filter(printer=printer).order_by("-pk").first()),
    "slice": lambda book, printer: [e.pk for e in book.editions.filter(printer=printer).order_by("-pk")[:1]],
    "distinct": lambda book, printer: (
        book.editions.filter(printer=printer).values("printer").distinct().count()
    ),
    "aggregate": lambda book, printer: book.editions.filter(printer=printer).aggregate(Max("book")),
    "values": lambda book, printer: list(
        book.editions.filter(printer=printer).values_list("pk").order_by("pk")
    ),
    "queryset": lambda book, printer: Edition.objects.filter(book=book, printer=printer).count(),
}


def _shown(call: Any) -> list[object]:
    printers = list(Printer.objects.order_by("pk"))
    return [call(book, printer) for book in Book.objects.order_by("pk") for printer in printers]


@pytest.mark.parametrize("name", CALLS)
def test_pairs_get_what_django_gives_them(name: str) -> None:
    """Twelve pairs are two queries: one for the first printer, one for all pairs; the results are the same."""
    plain = _shown(CALLS[name])
    with counted() as queries, quell.batch_loading():
        assert _shown(CALLS[name]) == plain

    assert len(queries) == 4


def test_pairs_of_rows_that_were_loaded_again_for_each_owner_are_two_queries() -> None:
    """Equal rows of many querysets have the same keys."""
    with counted() as queries, quell.batch_loading():
        for book in Book.objects.order_by("pk"):
            for printer in Printer.objects.exclude(slug=book.title):
                book.editions.filter(printer=printer).count()

    assert sum("COUNT" in query["sql"] for query in queries.captured_queries) == 2


def test_a_row_that_differs_from_owner_to_owner_is_a_pair() -> None:
    """A filter by another relation of the same row is two queries for all rows."""

    def show() -> list[int]:
        books = Book.objects.select_related("author").order_by("pk")
        return [book.tags.filter(books__author=book.author).count() for book in books]

    plain = show()
    with counted() as queries, quell.batch_loading():
        assert show() == plain

    assert len(queries) == 3


def test_a_write_ends_what_pairs_were_given() -> None:
    """An edition that is added between two calls is counted."""
    with quell.batch_loading():
        books, printers = list(Book.objects.order_by("pk")), list(Printer.objects.order_by("pk"))
        before = [books[3].editions.filter(printer=printer).count() for printer in printers]
        Edition.objects.create(book=books[3], printer=printers[0])
        after = [books[3].editions.filter(printer=printer).count() for printer in printers]

    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 0]


def test_one_row_beside_many_owners_stays_one_batch() -> None:
    """A queryset of one row has no peers: its owner's batch is enough."""
    with counted() as queries, quell.batch_loading():
        printer = Printer.objects.get(slug="printer-1")
        [book.editions.filter(printer=printer).count() for book in Book.objects.order_by("pk")]

    assert len(queries) == 3
