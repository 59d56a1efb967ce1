"""Remembered statements: what one round of a loop told is taken for the next only where it is true of it, too."""

from collections.abc import Callable

import pytest
from django.db import connection, models
from django.db.models import prefetch_related_objects

import quell
from quell.events import Fetch
from tests.library.models import Author, Book, Country, Novel

pytestmark = pytest.mark.django_db


@pytest.fixture
def many() -> list[Book]:
    """Six books of six authors."""
    country = Country.objects.create(name="Land")
    people = [Author.objects.create(name=f"Author {n}", country=country) for n in range(6)]
    return [
        Book.objects.create(title=f"Book {n}", text="", author=one, editor=one)
        for n, one in enumerate(people)
    ]


def _fetches(watch: quell.watch) -> tuple[Fetch, ...]:
    return watch.recording.fetches


def test_each_round_is_asked_by_its_own_row(many: list[Book]) -> None:
    """The owner of each remembered load is the row that asked, by all kinds of relations."""
    works: list[Callable[[Book], object]] = [
        lambda book: book.author,
        lambda book: list(book.tags.all()),
        lambda book: book.reviews.count(),
    ]
    for work in works:
        with quell.watch() as watch:
            for book in Book.objects.order_by("pk"):
                work(book)

        owners = [fetch.owner_pk for fetch in _fetches(watch) if fetch.kind == "lazy"]
        assert owners == [book.pk for book in many]


def test_nested_watches_both_follow_a_loop(many: list[Book]) -> None:
    """Two scopes of one context share the fetches, and each keeps the way to them."""
    with quell.watch() as outer, quell.watch() as inner:
        for book in Book.objects.order_by("pk"):
            _ = book.author

    for watch in (outer, inner):
        (finding,) = watch.findings
        assert (finding.path, finding.count) == ("author", 6)


def test_row_that_holds_the_relation_is_told_from_the_others(many: list[Book]) -> None:
    """One row of a loop has its relation prefetched: it alone passes by what it holds."""
    with quell.watch() as watch:
        for book in Book.objects.order_by("pk"):
            if book.title == "Book 4":
                prefetch_related_objects([book], "tags")
            list(book.tags.filter(pk__gt=0))

    held = [fetch.was_prefetched for fetch in _fetches(watch) if fetch.variant]
    assert held == [False, False, False, False, True, False]


def test_models_that_share_a_text_stay_apart(many: list[Book]) -> None:
    """A proxy runs the SQL of its model, at the same line."""
    kinds: list[type[models.Model]] = [Book, Book, Book, Novel, Novel, Book]
    with quell.watch() as watch:
        for kind in kinds:
            kind._default_manager.get(title="Book 0")

    assert [fetch.model for fetch in _fetches(watch)] == [kind._meta.label for kind in kinds]


def test_queryset_that_never_ran_lends_its_fetch_to_nobody(many: list[Book]) -> None:
    """Asking a queryset for its database begins a fetch; a cursor's statement is none of it."""
    text = "SELECT COUNT(*) FROM library_book"
    with quell.watch() as watch, connection.cursor() as cursor:
        for _ in range(5):
            assert Book.objects.all().db == "default"
            cursor.execute(text)

    assert [event.fetch for event in watch.queries] == [0] * 5


def test_loop_beside_an_unrun_queryset_keeps_its_own_fetches(many: list[Book]) -> None:
    """What begins between a queryset and its statement is not taken for it."""
    with quell.watch() as watch:
        for book in Book.objects.order_by("pk"):
            other = Author.objects.filter(pk=book.pk)
            rows = Book.objects.filter(pk=book.pk)
            assert rows.db == other.db
            assert rows[0].pk == book.pk

    assert {fetch.model for fetch in _fetches(watch)} == {"library.Book"}
    assert all(event.fetch for event in watch.queries)
