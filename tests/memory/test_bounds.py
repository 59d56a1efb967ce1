"""What a watch keeps, and for how long."""

import gc
from typing import Any
from weakref import ref

import pytest
from django.db import connection
from django.test import override_settings

import quell
from quell.lineage._patches import installation
from quell.lineage.callpath import CallPath
from tests.library.models import Author, Book, Category, Country, Note
from tests.scenarios.world import populate

pytestmark = pytest.mark.django_db
MANY = 20_000


@pytest.fixture(autouse=True)
def rows(db: None) -> None:
    """Fill the library."""
    populate()


def _objects() -> int:
    gc.collect()
    # An open connection of SQLite keeps weak references to its last cursors, up to some hundreds.
    return sum(type(item) is not ref for item in gc.get_objects())


def _run(count: int) -> None:
    with connection.cursor() as cursor:
        for number in range(count):
            # Each has a text of its own, which a scope that keeps texts would keep.
            cursor.execute(f"SELECT {number}")


@override_settings(QUELL_MAX_EVENTS=100)
def test_watch_keeps_no_more_events_than_it_may() -> None:
    """The first ones are kept, the rest is counted, and the report says so."""
    with quell.watch() as watch:
        _run(250)

    assert (len(watch.queries), watch.dropped_count) == (100, 150)
    assert "150" in watch.report()


@override_settings(QUELL_MAX_EVENTS=100)
def test_full_watch_does_not_grow() -> None:
    """However many statements follow, a watch that is full holds what it held."""
    with quell.watch() as watch:
        _run(200)
        before = _objects()
        _run(MANY)
        after = _objects()

    assert watch.dropped_count == MANY + 100
    assert len(watch.scope.paths) <= 100
    assert after - before < 50


@override_settings(QUELL_MAX_EVENTS=100)
def test_full_watch_still_explains_what_it_kept() -> None:
    """Findings come from the statements that were kept."""
    with quell.watch() as watch:
        for book in Book.objects.order_by("pk"):
            str(book.author.name)
        _run(200)

    assert ("author", 6) in [(item.path, item.count) for item in watch.findings]


@override_settings(QUELL_MAX_EVENTS=5)
def test_rows_loaded_by_a_full_watch_keep_no_others() -> None:
    """A row whose statement was only counted does not keep the row that asked for it."""
    node = Category.objects.create(name="0")
    for number in range(1, 20):
        node = Category.objects.create(name=str(number), parent=node)
    alive = []
    with quell.watch():
        current: Any = Category.objects.get(pk=node.pk)
        while current.parent is not None:
            current = current.parent
            alive.append(ref(current))

    gc.collect()
    # The first ones were recorded, and are known to each other as one chain of loads.
    assert [reference() for reference in alive[5:] if reference() is not None] == [current]


def test_rows_outlive_the_recording() -> None:
    """Rows that live on after the watch keep neither its scope nor the statements that it saw."""
    before = _count(CallPath)
    with quell.watch() as watch:
        books = list(Book.objects.select_related("publisher"))
        names = [book.author.name for book in books]
        _run(50)
    assert len({query.call_path for query in watch.queries}) == _count(CallPath) - before == 3
    scope = ref(watch.scope)
    del watch
    gc.collect()

    assert scope() is None
    assert _count(CallPath) - before <= 2
    assert [book.author.name for book in books] == names


def test_rows_of_one_queryset_share_what_they_carry() -> None:
    """What rows carry after the watch does not grow with their number."""
    country = Country.objects.order_by("pk")[0]
    Author.objects.bulk_create(Author(name=f"A{n}", country=country) for n in range(500))
    with quell.watch():
        authors = list(Author.objects.select_related("country"))

    assert len(authors) > 500
    assert len({id(author._state.db) for author in authors}) == 1
    assert len({id(author.country._state.db) for author in authors}) == 1


def test_long_lived_row_does_not_gather_call_paths() -> None:
    """A row that is read in many watches carries only the one it was loaded in."""
    author = Author.objects.order_by("pk")[0]
    for _ in range(3):
        with quell.watch():
            list(author.books.all())
    before = _count(CallPath)
    for _ in range(50):
        with quell.watch():
            list(author.books.all())
            author.refresh_from_db()

    assert _count(CallPath) <= before + 2


def test_row_behind_a_generic_relation_does_not_keep_its_owner() -> None:
    """The instance that asked is known while the statement runs, and forgotten after it."""
    with quell.watch():
        book = Book.objects.order_by("pk")[0]
        notes = list(book.notes.all())
    owner = ref(book)
    del book
    gc.collect()

    assert notes
    assert all(isinstance(note, Note) for note in notes)
    assert owner() is None


def test_hundred_watches_leave_nothing() -> None:
    """A process that opens watches again and again does not grow."""

    def work() -> None:
        for _ in range(100):
            with quell.watch() as watch:
                for book in Book.objects.all():
                    str(book.author.name)
            assert watch.findings

    counts = []
    installation.acquire()
    try:
        for _ in range(3):
            work()
            counts.append(_objects())
    finally:
        installation.release()

    assert counts[2] - counts[1] < 50


def _count(kind: type) -> int:
    gc.collect()
    return sum(type(item) is kind for item in gc.get_objects())
