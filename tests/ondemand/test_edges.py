"""Shapes that one query cannot answer for all rows, and rows that are unlike others: they load as Django loads them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models, router
from django.db.models import Manager
from django.test.utils import override_settings

import quell
from tests.library.models import (
    Author,
    Book,
    Category,
    Country,
    Draft,
    Edition,
    Loan,
    Member,
    Note,
    Novel,
    Place,
    Restaurant,
    Review,
    Tag,
)
from tests.ondemand.conftest import counted

pytestmark = [pytest.mark.databases, pytest.mark.usefixtures("library")]

Show = Callable[[Any], object]


def _names(rows: Any) -> list[str]:
    return [str(row) for row in rows]


def test_errors_are_those_of_django() -> None:
    """A missing row and too many rows raise for the row that has none or too many."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        with pytest.raises(Tag.DoesNotExist):
            books[0].tags.get()
        assert books[1].tags.get().name == "tag 0"
        with pytest.raises(Tag.MultipleObjectsReturned):
            books[2].tags.get()
        with pytest.raises(Author.profile.RelatedObjectDoesNotExist):
            list(Author.objects.order_by("pk"))[1].profile  # noqa: B018 -- reading it loads


def test_composite_keys_load_as_ever() -> None:
    """Rows with a composite key have peers for their plain keys, and are read by themselves otherwise."""
    members = list(Member.objects.order_by("pk"))
    books = list(Book.objects.order_by("pk"))
    for number, (member, book) in enumerate(zip(members, books, strict=False)):
        Loan.objects.create(member=member, number=number, book=book)
    with counted() as queries, quell.batch_loading():
        loans = list(Loan.objects.defer("book").order_by("number"))
        shown = [(loan.member.name, loan.book.title) for loan in loans]
        counts = [member.loans.count() for member in Member.objects.order_by("pk")]

    assert shown == [(f"Member {n}", f"Book {n}") for n in range(4)]
    assert counts == [1, 1, 1, 1]
    # A deferred column of a row with a composite key is read row by row, and so is what is behind it.
    assert len(queries) == 1 + 1 + 4 + 4 + 1 + 1


def test_children_and_parents_of_tables_are_batched() -> None:
    """The parent's part, the child, deferred columns of both, and relations of both."""
    author, country = Author.objects.order_by("pk")[0], Country.objects.order_by("pk")[0]
    for n in range(3):
        Restaurant.objects.create(name=f"Restaurant {n}", country=country, host=author)

    def show(restaurant: Any) -> object:
        return restaurant.name, restaurant.country.name, restaurant.host.name, restaurant.place_ptr.name

    plain = [show(row) for row in Restaurant.objects.order_by("pk")]
    with counted() as queries, quell.batch_loading():
        assert [show(row) for row in Restaurant.objects.order_by("pk")] == plain
    # The parent's part is made of the child's row, without a query.
    assert len(queries) == 3

    with counted() as queries, quell.batch_loading():
        assert [place.restaurant.host_id for place in Place.objects.order_by("pk")] == [author.pk] * 3
    assert len(queries) == 2

    with counted() as queries, quell.batch_loading():
        deferred = Restaurant.objects.defer("name", "host").order_by("pk")
        assert [(row.name, row.host.name) for row in deferred] == [
            (f"Restaurant {n}", "Author 0") for n in range(3)
        ]
    assert len(queries) == 4


def test_proxies_are_batched() -> None:
    """A proxy has the relations of its model."""
    with counted() as queries, quell.batch_loading():
        assert [novel.author.name for novel in Novel.objects.order_by("pk")] == [
            f"Author {n}" for n in range(6)
        ]
        assert [novel.tags.count() for novel in Novel.objects.order_by("pk")] == [0, 1, 2, 3, 0, 1]

    assert len(queries) == 4


def test_a_tree_is_batched_level_by_level() -> None:
    """A relation of a model to itself."""
    root = Category.objects.create(name="root")
    for n in range(3):
        child = Category.objects.create(name=f"child {n}", parent=root)
        for k in range(n):
            Category.objects.create(name=f"leaf {n}.{k}", parent=child)

    def show(category: Category) -> object:
        return [category.name, [show(child) for child in category.children.order_by("pk")]]

    plain = show(root)
    with counted() as queries, quell.batch_loading():
        assert show(Category.objects.get(pk=root.pk)) == plain
        up = [str(leaf.parent and leaf.parent.parent) for leaf in Category.objects.order_by("pk")]

    assert up[-1] == "root"
    assert len(queries) == 4 + 3


def test_unsaved_rows_load_as_ever() -> None:
    """A row that was never saved has no peers."""
    with quell.batch_loading():
        authors = list(Author.objects.order_by("pk"))
        book = Book(title="new", text="", author_id=authors[0].pk)
        assert book.author.name == "Author 0"
        with pytest.raises(ValueError, match="primary key"):
            book.reviews.count()


def test_a_key_that_leads_nowhere_is_missed_as_ever() -> None:
    """Rows with a dangling generic key load nothing, beside those that load something."""
    notes = list(Note.objects.order_by("pk"))
    Note.objects.filter(pk=notes[0].pk).update(object_id=10**6)
    plain = [str(note.content_object) for note in Note.objects.order_by("pk")]
    with quell.batch_loading():
        assert [str(note.content_object) for note in Note.objects.order_by("pk")] == plain


def test_more_peers_than_one_statement_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next ones are loaded with the first of them that asks."""
    from quell.loading.ondemand import shapes

    monkeypatch.setattr(shapes, "MAX_OWNERS", 4)
    with counted() as queries, quell.batch_loading():
        assert [book.tags.count() for book in Book.objects.order_by("pk")] == [0, 1, 2, 3, 0, 1]

    assert len(queries) == 3


class _Other:
    """A router that reads the drafts of each book where the book's number says."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        return "default" if model is Draft else None


def test_routers_decide_for_each_row() -> None:
    """A router that chooses a database is asked as ever."""
    with override_settings(DATABASE_ROUTERS=[_Other()]), quell.batch_loading(), counted() as queries:
        assert [book.drafts.count() for book in Book.objects.order_by("pk")] == [0, 1, 1, 2, 0, 1]

    assert len(queries) == 2


def test_using_decides_for_each_row() -> None:
    """A queryset that names its database asks that one."""
    with quell.batch_loading(), counted() as queries:
        found = [book.drafts.using("default").count() for book in Book.objects.order_by("pk")]

    assert found == [0, 1, 1, 2, 0, 1]
    assert len(queries) == 2


def test_values_of_custom_fields_are_made_anew_for_each_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one row does with a list that its field made is not seen by another."""
    field = Tag._meta.get_field("name")
    monkeypatch.setattr(field, "from_db_value", lambda value, *_: value.split(), raising=False)
    with quell.batch_loading():
        tags = [tag for book in Book.objects.order_by("pk") for tag in book.tags.all()]
        names: list[Any] = [tag.name for tag in tags]
        names[0].append("changed")

        assert names.count(["tag", "0"]) == 3


def test_a_manager_with_another_name_is_batched() -> None:
    """``related_manager(manager="...")`` makes managers without hints, which load as ever or batched."""
    plain = [book.drafts(manager="objects").count() for book in Book.objects.order_by("pk")]
    with quell.batch_loading():
        assert [book.drafts(manager="objects").count() for book in Book.objects.order_by("pk")] == plain


def test_signals_are_sent_for_each_object() -> None:
    """Each row that is handed out is built as Django builds it."""
    built: list[type] = []

    def note(sender: type, **_: object) -> None:
        built.append(sender)

    models.signals.post_init.connect(note, sender=Author)
    try:
        [book.author for book in Book.objects.order_by("pk")]
        plain, built[:] = list(built), []
        with quell.batch_loading():
            [book.author for book in Book.objects.order_by("pk")]
    finally:
        models.signals.post_init.disconnect(note, sender=Author)

    assert built == plain


def test_two_lists_are_two_fetches() -> None:
    """Each queryset has its own peers."""
    with counted() as queries, quell.batch_loading():
        first, second = (
            list(Book.objects.filter(title__lt="Book 3")),
            list(Book.objects.filter(title__gte="Book 3")),
        )
        [book.author for book in [*first, *second]]

    assert len(queries) == 4


@pytest.fixture
def _broken(monkeypatch: pytest.MonkeyPatch) -> None:
    from quell.loading.ondemand import scope

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(scope, "question_of", fail)


@pytest.mark.usefixtures("_broken")
def test_an_error_inside_quell_loads_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged once, and the block does nothing from then on."""
    with override_settings(QUELL_ON_ERROR="log"), quell.batch_loading():
        assert [book.author.name for book in Book.objects.order_by("pk")] == [f"Author {n}" for n in range(6)]

    assert len(caplog.records) == 1


def test_a_database_error_is_the_application_s() -> None:
    """An error of the database in a batch ends as it would without."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        with pytest.raises(Exception, match="no_such_thing"), connection.execute_wrapper(_refuse):
            books[0].author  # noqa: B018 -- reading it loads


def _refuse(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
    raise RuntimeError("no_such_thing")


def test_the_default_router_is_django_s() -> None:
    """The tests above rely on it."""
    assert not router.routers
    assert isinstance(Edition._default_manager, Manager)
    assert Review._meta.ordering == []
