"""Which queryset a row belongs to, after reloads, joins and writes."""

from typing import Any

import pytest

import quell
from quell.lineage.alias import FetchAlias
from tests.library.models import Author, Book, Category, Country

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("books")
def test_refreshed_row_stays_a_row_of_its_queryset() -> None:
    """``refresh_from_db()`` gives new values, and loads behind it still hang on the first queryset."""
    with quell.watch() as watch:
        books = list(Book.objects.order_by("pk"))
        for book in books:
            book.refresh_from_db()
            assert book.author

    assert "author" in {finding.path for finding in watch.findings}


@pytest.mark.usefixtures("books")
def test_row_that_is_refreshed_for_ever_does_not_grow() -> None:
    """A row that lives long and is refreshed often keeps no history."""
    with quell.watch():
        book = Book.objects.order_by("pk")[0]
        for _ in range(20):
            book.refresh_from_db()

    alias: Any = book._state.db
    length = 0
    while type(alias) is FetchAlias:
        length += 1
        alias = alias.fetch.parent
    assert length <= 3


def test_created_rows_have_no_queryset() -> None:
    """Rows that were made and not loaded work, and no queryset is blamed for what they load."""
    with quell.watch() as watch:
        country = Country.objects.create(name="Land")
        pks = [Author.objects.create(name=f"Author {n}", country_id=country.pk) for n in range(3)]
        assert [author.country.name for author in pks] == ["Land"] * 3
        Author.objects.bulk_create([Author(name="bulk", country_id=country.pk) for _ in range(3)])
        made, is_new = Author.objects.get_or_create(name="maybe", defaults={"country": country})

    assert (made.country.name, is_new) == ("Land", True)
    assert not any((finding.suggestion or "").startswith(".select_related") for finding in watch.findings)


def test_two_joins_to_one_model_are_told_apart() -> None:
    """Rows that two foreign keys to one model joined each know their own path."""
    countries = [Country.objects.create(name=f"Country {n}") for n in range(4)]
    people = [
        Author.objects.create(name=f"Author {n}", country=country) for n, country in enumerate(countries)
    ]
    for n in range(2):
        Book.objects.create(title=f"Book {n}", text="", author=people[n], editor=people[n + 2])
    with quell.watch() as watch:
        for book in Book.objects.select_related("author", "editor"):
            assert book.author.country.name
            assert book.editor
            assert book.editor.country.name

    assert sorted(finding.path for finding in watch.findings) == ["author__country", "editor__country"]


def test_joins_of_a_tree_are_told_apart() -> None:
    """A row and its joined parent are of one model, and never confused."""
    tops = [Category.objects.create(name=f"top {n}") for n in range(2)]
    middles = [Category.objects.create(name="middle", parent=top) for top in tops]
    for middle in middles:
        Category.objects.create(name="leaf", parent=middle)
    with quell.watch() as watch:
        for leaf in Category.objects.filter(name="leaf").select_related("parent"):
            assert leaf.parent
            assert leaf.parent.parent

    assert [finding.path for finding in watch.findings] == ["parent__parent"]
