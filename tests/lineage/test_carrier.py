"""How rows carry their lineage: a ``str`` that nobody notices."""

import copy
import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core import serializers
from django.db import connections, models
from django.test import override_settings

import quell
from quell.lineage.alias import FetchAlias
from tests.library.models import Author, Book

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.django_db


def _watched_books() -> list[Book]:
    with quell.watch():
        return list(Book.objects.select_related("author").order_by("pk"))


@pytest.mark.usefixtures("books")
def test_alias_looks_like_a_string() -> None:
    """Equality, hash, text and formatting are those of the plain alias."""
    alias: Any = _watched_books()[0]._state.db

    assert type(alias) is FetchAlias
    assert (alias == "default", {str(alias): 1}[alias], repr(alias), f"{alias}") == (
        True,
        1,
        "'default'",
        "default",
    )
    assert type(str(alias)) is str
    assert json.dumps({"db": alias}) == '{"db": "default"}'


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickled_rows_hold_nothing_of_quell(protocol: int) -> None:
    """A pickled instance, with its joined rows, has the plain alias."""
    data = pickle.dumps(_watched_books(), protocol)

    assert b"quell" not in data
    book = pickle.loads(data)[0]
    assert type(book._state.db) is type(book.author._state.db) is str


@pytest.mark.usefixtures("books")
def test_pickled_querysets_hold_nothing_of_quell() -> None:
    """Neither an evaluated queryset, nor one that has not run, nor its query."""
    with quell.watch():
        fresh = Book.objects.filter(title="Book 1")
        evaluated = Book.objects.prefetch_related("author").order_by("pk")
        list(evaluated)
        related = Book.objects.order_by("pk")[0].author.books.all()
        data = [pickle.dumps(item) for item in (fresh, evaluated, related, fresh.query, related.query)]

    assert not any(b"quell" in item for item in data)
    assert [book.title for book in pickle.loads(data[1])] == ["Book 0", "Book 1"]


_UNPICKLE = """
import pickle, sys
sys.modules["quell"] = None
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "tests.library"],
    MIGRATION_MODULES={}, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
django.setup()
books, query = pickle.loads(sys.stdin.buffer.read())
query.get_compiler("default").as_sql()
copied = query.clone()
print(books[0].author.name, type(books[0]._state.db).__name__, len(books))
"""


@pytest.mark.usefixtures("books")
def test_pickles_work_in_a_process_without_quell() -> None:
    """What a cache stored can be read where quell cannot be imported."""
    with quell.watch():
        books = Book.objects.select_related("author").order_by("pk")
        data = pickle.dumps((books, Book.objects.filter(title="x").query))

    done = subprocess.run(
        [sys.executable, "-c", _UNPICKLE], input=data, cwd=ROOT, capture_output=True, check=False
    )

    assert (done.stdout.decode().split(), done.stderr) == (["Author", "0", "str", "2"], b"")


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_copies_are_equal_and_work(duplicate: Any) -> None:
    """A copy of an instance or a queryset behaves as one of Django's."""
    with quell.watch():
        book = duplicate(Book.objects.order_by("pk")[0])
        rows = duplicate(Book.objects.order_by("pk"))
        assert (book.author.name, len(rows)) == ("Author 0", 2)
    assert book._state.db == "default"


@pytest.mark.usefixtures("books")
def test_serializers_write_what_they_wrote() -> None:
    """Django's own serializers see no difference."""
    assert serializers.serialize("json", _watched_books()) == serializers.serialize(
        "json", Book.objects.order_by("pk")
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("books")
@pytest.mark.parametrize("is_watched", [True, False])
def test_new_connection_for_a_row_has_a_plain_alias(is_watched: bool) -> None:
    """A thread that opens its first connection for a row of an earlier watch gives it a plain name."""
    book = _watched_books()[0]
    found: dict[str, Any] = {}

    def run() -> None:
        if is_watched:
            with quell.watch():
                book.save(using=book._state.db)
        else:
            book.save(using=book._state.db)
        found["alias"] = type(connections["default"].alias)
        found["keys"] = {type(key) for key in vars(_storage_of(connections)) if key == "default"}
        connections.close_all()

    thread = Thread(target=run)
    thread.start()
    thread.join()

    assert found == {"alias": str, "keys": {str}}


def _storage_of(handler: Any) -> Any:
    """Return the object whose attributes are the connections of this thread."""
    storage = handler._connections._storage
    while hasattr(storage, "_storage"):
        storage = storage._storage
    return storage


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("books")
def test_row_works_in_another_thread() -> None:
    """A row that outlived its watch loads, saves and deletes in a thread of a pool."""
    book = _watched_books()[0]

    def run() -> list[str]:
        fresh = Book.objects.using(book._state.db).get(pk=book.pk)
        names = [fresh.author.name, *(author.name for author in Author.objects.using(book._state.db)[:1])]
        book.save()
        book.refresh_from_db()
        book.delete()
        connections.close_all()
        return names

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run).result() == ["Author 0", "Author 0"]
    assert Book.objects.count() == 1


@pytest.mark.usefixtures("books")
def test_row_of_an_earlier_watch_points_to_its_own_queryset() -> None:
    """Rows of one watch that are touched in another are found, at the queryset that loaded them."""
    with quell.watch() as first:
        books = list(Book.objects.order_by("pk"))  # the origin
    with quell.watch() as second:
        assert [book.author.name for book in books] == ["Author 0", "Author 1"]

    assert first.findings == ()
    (finding,) = second.findings
    assert (finding.path, finding.count) == ("author", 2)
    assert finding.origin is not None
    line = Path(finding.origin.file).read_text().splitlines()[finding.origin.line - 1]
    assert line.endswith("# the origin")


class _Remembering(Author):
    """An author that remembers what it was built with."""

    class Meta:
        proxy = True
        app_label = "library"

    built_with: tuple[str, int]

    @classmethod
    def from_db(cls, db: Any, field_names: Any, values: Any, **rest: Any) -> "_Remembering":
        """Keep the alias and the number of columns."""
        made: _Remembering = super().from_db(db, field_names, values, **rest)
        made.built_with = (db, len(values))
        return made


@pytest.mark.usefixtures("books")
def test_overridden_from_db_gets_an_alias_it_can_use() -> None:
    """A model that overrides ``from_db()`` works, and its rows have lineage."""
    with quell.watch() as watch:
        authors = list(_Remembering.objects.order_by("pk")[:2])
        assert [author.country.name for author in authors] == ["Land", "Land"]

    assert authors[0].built_with[0] == "default"
    assert connections[authors[0].built_with[0]] is connections["default"]
    assert [finding.path for finding in watch.findings] == ["country"]


class _Router:
    """Keeps each row on its own database, by identity of values and types."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        self.seen.append((type(hints), sorted(hints)))
        instance = hints.get("instance")
        return str(instance._state.db) if instance is not None else None

    def allow_relation(self, one: models.Model, other: models.Model, **hints: Any) -> bool:
        return one._state.db == other._state.db and {one._state.db} == {"default"}


@pytest.mark.usefixtures("books")
def test_router_gets_plain_hints_and_comparable_rows() -> None:
    """A router sees a plain dict of hints, and the aliases of two rows compare as always."""
    router = _Router()
    with override_settings(DATABASE_ROUTERS=[router]), quell.watch():
        book, other = Book.objects.order_by("pk")
        book.author = other.author
        assert list(book.author.books.all()) == [other]

    assert {kind for kind, _ in router.seen} == {dict}
    assert {name for _, names in router.seen for name in names} <= {"instance"}


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize("is_watched", [True, False])
def test_using_the_alias_of_a_row_works(is_watched: bool) -> None:
    """``using(row._state.db)`` reads and writes where the row is."""
    book = _watched_books()[0]
    if is_watched:
        with quell.watch() as watch:
            rows = list(Book.objects.using(book._state.db).order_by("pk"))
            [row.author for row in rows]
        assert [finding.count for finding in watch.findings] == [2]
    else:
        rows = list(Book.objects.using(book._state.db).order_by("pk"))
    assert [row.title for row in rows] == ["Book 0", "Book 1"]
