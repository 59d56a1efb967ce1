"""Rows to count with."""

import sys
from collections.abc import Iterator

import pytest

import quell
from tests.library.models import Author, Book, Country, Publisher, Tag

ROW_COUNT = 1_000
# What a test here imported first would not be measured.
for _name in quell.__all__:
    getattr(quell, _name)


@pytest.fixture
def books(db: None) -> list[Book]:
    """1,000 books of 100 authors, with an editor and two tags each."""
    return create_books()


def create_books() -> list[Book]:
    """Create the rows of the fixture ``books``."""
    country = Country.objects.create(name="Land")
    publisher = Publisher.objects.create(name="House", country=country)
    authors = Author.objects.bulk_create(Author(name=f"Author {n}", country=country) for n in range(100))
    tags = Tag.objects.bulk_create(Tag(name=f"tag {n}") for n in range(10))
    books = Book.objects.bulk_create(
        Book(title=f"Book {n}", text="...", author=authors[n % 100], editor=authors[0], publisher=publisher)
        for n in range(ROW_COUNT)
    )
    through = Book.tags.through
    through.objects.bulk_create(
        through(book_id=book.pk, tag_id=tags[(n + step) % 10].pk)
        for n, book in enumerate(books)
        for step in (0, 1)
    )
    return books


@pytest.fixture(autouse=True)
def untraced() -> Iterator[None]:
    """Count without the tracer that measures coverage: quell marks frames where a tracer keeps what is its own."""
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)
