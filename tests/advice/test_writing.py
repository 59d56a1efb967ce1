"""Code for writes in a loop is right for the model, and names what it would skip."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, models
from django.db.models import signals
from django.test.utils import isolate_apps

import quell
from quell.introspection.keys import is_between, is_in_one_table, is_unique
from tests.library.models import Archive, Author, Book, Language, Loan, Novel, Printer, Restaurant, Tag
from tests.scenarios.world import populate

NAMES = ("One", "Two", "Three")


@pytest.fixture
def library(db: None) -> None:
    """Fill the library."""
    populate()


pytestmark = [pytest.mark.usefixtures("library"), pytest.mark.databases]


def _found(watch: quell.watch) -> Any:
    (finding,) = [item for item in watch.findings if item.code == "Q105"]
    return finding


@contextmanager
def _heard(signal: Any, sender: object) -> Iterator[None]:
    signal.connect(hear, sender=sender)
    try:
        yield
    finally:
        signal.disconnect(hear, sender=sender)


def hear(**_: object) -> None:
    """Stand for what a project does with a row."""


@pytest.mark.parametrize("name", ["pre_save", "post_save"])
def test_receiver_of_a_save_is_named(name: str) -> None:
    """The message names the signal and the receiver that one statement skips."""
    with _heard(getattr(signals, name), Tag), quell.watch() as watch:
        for title in NAMES:
            Tag.objects.create(name=title)
        message = _found(watch).message

    assert f"skips {name} receiver {__name__}.hear" in message


def test_receiver_of_a_relation_is_named() -> None:
    """The table between is written without m2m_changed."""
    tag = Tag.objects.create(name="Another")
    with _heard(signals.m2m_changed, Book.tags.through), quell.watch() as watch:
        for book in Book.objects.all():
            book.tags.add(tag)
        found = _found(watch)

    assert f"skips m2m_changed receiver {__name__}.hear" in found.message
    assert found.suggestion.startswith("Book.tags.through.objects.bulk_create([...], ignore_conflicts=True)")


@pytest.mark.parametrize("name", ["pre_delete", "post_delete"])
def test_receiver_of_a_delete_is_not_named(name: str) -> None:
    """A queryset's delete() sends these signals for every row."""
    with _heard(getattr(signals, name), Tag), quell.watch() as watch:
        for tag in Tag.objects.all():
            tag.delete()
        found = _found(watch)

    assert "skips" not in found.message
    assert found.suggestion == "Tag.objects.filter(pk__in=[...]).delete(), once for all rows"


def test_own_save_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A save() of the user's runs per row only."""

    def save(self: Tag, **options: Any) -> None:
        models.Model.save(self, **options)

    monkeypatch.setattr(Tag, "save", save)
    with quell.watch() as watch:
        for name in NAMES:
            Tag(name=name).save()

    assert "skips Tag.save()" in _found(watch).message


def test_own_delete_is_named_where_rows_are_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A delete() of the user's runs per row only."""

    def delete(self: Tag) -> Any:
        return models.Model.delete(self)

    monkeypatch.setattr(Tag, "delete", delete)
    with quell.watch() as watch:
        for tag in Tag.objects.all():
            tag.delete()

    assert "skips Tag.delete()" in _found(watch).message


def test_column_of_the_time_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """bulk_update() asks no field what it wants to be."""
    monkeypatch.setattr(Tag._meta.get_field("name"), "auto_now", True, raising=False)
    with quell.watch() as watch:
        for tag in Tag.objects.all():
            tag.save()

    assert "skips auto_now of name" in _found(watch).message


def test_nothing_is_named_where_nothing_is_skipped() -> None:
    """A model without receivers and methods of its own has no warning."""
    with quell.watch() as watch:
        for name in NAMES:
            Tag.objects.create(name=name)

    assert "skips" not in _found(watch).message
    assert _found(watch).suggestion == "Tag.objects.bulk_create(tags) after the loop"


def test_update_of_conflicts_fits_the_database() -> None:
    """MariaDB finds the conflict by itself and refuses to be told where to look."""
    with quell.watch() as watch:
        for code in ("xx", "yy", "zz"):
            Language.objects.update_or_create(code=code, defaults={"name": code})
    target = "" if connection.vendor == "mysql" else 'unique_fields=["code"], '
    rows = [Language(code="xx", name="new"), Language(code="ww", name="new")]
    options: dict[str, Any] = {} if connection.vendor == "mysql" else {"unique_fields": ["code"]}

    assert _found(watch).suggestion.startswith(
        f"Language.objects.bulk_create(languages, update_conflicts=True, {target}update_fields=["
    )
    Language.objects.bulk_create(rows, update_conflicts=True, update_fields=["name"], **options)
    assert Language.objects.get(code="xx").name == "new"


@pytest.mark.parametrize("method", ["get_or_create", "update_or_create"])
def test_conflicts_are_advised_for_unique_fields_only(method: str) -> None:
    """Where two rows may have one name, the database sees no conflict."""
    with quell.watch() as watch:
        for name in NAMES:
            getattr(Tag.objects, method)(name=name)

    assert "conflicts" not in _found(watch).suggestion
    assert _found(watch).suggestion.startswith("one Tag.objects.filter(name__in=[...]) before the loop")


def test_get_or_create_by_a_unique_field_ignores_conflicts() -> None:
    """The database leaves out what is there."""
    with quell.watch() as watch:
        for slug in ("one", "two", "three"):
            Printer.objects.get_or_create(slug=slug)

    assert "Printer.objects.bulk_create(printers, ignore_conflicts=True)" in _found(watch).suggestion


def test_rows_of_two_tables_are_not_created_in_bulk() -> None:
    """Django refuses to."""
    author, country = Author.objects.select_related("country")[0], Author.objects.all()[0].country
    with quell.watch() as watch:
        for name in NAMES:
            Restaurant.objects.get_or_create(name=name, defaults={"country": country, "host": author})

    assert "bulk_create" not in _found(watch).suggestion


def test_relation_set_without_changes_at_the_end_deletes_nothing() -> None:
    """A reverse relation is a column of its rows, whatever the last row of the loop needed."""
    authors = list(Author.objects.order_by("pk"))
    with quell.watch() as watch:
        for author in [*authors, *authors[-1:]]:
            author.edited_books.set([Book.objects.order_by("pk")[0]] if author is not authors[-1] else [])

    assert all("delete" not in item.suggestion for item in watch.findings if item.code == "Q105")


@pytest.mark.parametrize(
    ("model", "names", "unique"),
    [
        (Printer, ["slug"], True),
        (Printer, ["id"], True),
        (Tag, ["name"], False),
        (Loan, ["member", "number"], True),
        (Loan, ["member"], False),
    ],
)
def test_unique_fields_are_known(model: type[models.Model], names: list[str], *, unique: bool) -> None:
    """A key may have several columns."""
    assert is_unique(model, names) is unique


@isolate_apps("tests.library")
def test_conditional_constraint_is_not_unique() -> None:
    """Some rows only are kept apart, and unique_together keeps all."""

    class Seat(models.Model):
        row = models.IntegerField()
        number = models.IntegerField()
        hall = models.IntegerField()

        class Meta:
            app_label = "library"
            unique_together = (("hall", "row"),)
            constraints = (
                models.UniqueConstraint(fields=["row"], condition=models.Q(number=1), name="some"),
                models.UniqueConstraint(fields=["row", "number"], name="all"),
            )

    assert not is_unique(Seat, ["row"])
    assert is_unique(Seat, ["number", "row"])
    assert is_unique(Seat, ["row", "hall"])


def test_proxy_is_in_one_table() -> None:
    """Its rows are those of another model; those of a child are not."""
    assert is_in_one_table(Novel)
    assert is_in_one_table(Book)
    assert not is_in_one_table(Restaurant)


def test_loop_of_map_is_named_by_its_line() -> None:
    """Not the loop around it, which is another."""
    with quell.watch() as watch:
        for _ in range(1):
            list(map(_make, NAMES))  # mapping
    lines = Path(__file__).read_text().splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if text.endswith("# mapping"))

    assert f"the loop is at {__file__}:{line}" in _found(watch).message


def _make(name: str) -> Tag:
    return Tag.objects.create(name=name)


def test_rows_that_a_manager_saves_are_created() -> None:
    """Nothing is known to be in the way of a new row, so that no conflict is to be ignored."""
    author = Author.objects.get(name="Author 1")
    with quell.watch() as watch:
        for name in NAMES:
            author.books.add(Book(title=name, text=""), bulk=False)

    assert _found(watch).suggestion == "Book.objects.bulk_create(books) after the loop"


def test_table_between_is_told_from_others() -> None:
    """Of a table between two models Django makes the model, or the project does."""
    assert is_between(Book.tags.through)
    assert not is_between(Book)


@isolate_apps("tests.library")
def test_table_between_that_a_project_declares() -> None:
    """The relation names it."""

    class Club(models.Model):
        members: Any = models.ManyToManyField("Fan", through="Membership")

        class Meta:
            app_label = "library"

    class Fan(models.Model):
        class Meta:
            app_label = "library"

    class Membership(models.Model):
        club = models.ForeignKey(Club, models.CASCADE)
        fan = models.ForeignKey(Fan, models.CASCADE)

        class Meta:
            app_label = "library"

    assert is_between(Membership)
    assert not is_between(Fan)


def test_rows_that_a_key_is_set_to_are_created() -> None:
    """Where a key may not be empty, ``set()`` only adds: advice that deletes rows would lose them."""
    before = Archive.objects.count()
    with quell.watch() as watch:
        for author in Author.objects.all():
            author.archives.set([Archive(label="New")], bulk=False)

    assert Archive.objects.count() == before + Author.objects.count()
    assert _found(watch).suggestion == "Archive.objects.bulk_create(archives) after the loop"
