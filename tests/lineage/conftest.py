"""Rows with lineage."""

import pytest

from tests.library.models import Author, Book, Country


@pytest.fixture
def books(db: None) -> list[Book]:
    """Two books, each with an author and an editor of their own."""
    country = Country.objects.create(name="Land")
    people = [Author.objects.create(name=f"Author {n}", country=country) for n in range(4)]
    return [
        Book.objects.create(title=f"Book {n}", text="", author=people[n], editor=people[n + 2])
        for n in range(2)
    ]
