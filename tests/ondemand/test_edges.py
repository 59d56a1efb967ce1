"""Shapes that one query cannot answer for all rows, and rows that are unlike others: they load as Django loads them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, models, router
from django.db.models import Count, Exists, F, Manager, OuterRef, Q, Subquery, Sum, Window
from django.db.models.functions import Rank
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


SHOWN: dict[str, Show] = {
    "union": lambda book: sorted(_names(book.tags.all().union(Tag.objects.filter(name="tag 2")))),
    "slice of distinct rows": lambda book: _names(book.tags.order_by("name").distinct()[:1]),
    "slice of grouped rows": lambda book: _names(book.tags.annotate(n=Count("books")).order_by("n", "pk")[:1]),
    "count of a slice": lambda book: book.tags.all()[:2].count(),
    "aggregate of a slice": lambda book: book.reviews.order_by("pk")[:2].aggregate(Sum("stars")),
    "exists of a slice": lambda book: book.reviews.order_by("pk")[1:3].exists(),
    "filter on an aggregate": lambda book: _names(
        book.tags.annotate(n=Count("books")).filter(n__gt=1).order_by("pk")
    ),
    "window": lambda book: list(
        book.reviews.annotate(rank=Window(Rank(), order_by="stars")).order_by("pk").values_list("rank", flat=True)
    ),
    "extra": lambda book: list(
        book.reviews.extra(select={"more": "stars + 1"}).order_by("pk").values_list("more", flat=True)
    ),
    "subquery": lambda book: list(
        book.tags.annotate(
            first=Subquery(Book.objects.filter(tags=OuterRef("pk")).order_by("pk").values("title")[:1])
        )
        .order_by("pk")
        .values_list("first", flat=True)
    ),
    "exists of another relation": lambda book: _names(
        book.tags.filter(Exists(Book.objects.filter(tags=OuterRef("pk"), title="Book 5"))).order_by("pk")
    ),
    "exclude over a relation": lambda book: _names(book.tags.exclude(books__title="Book 5").order_by("pk")),
    "duplicates": lambda book: sorted(_names(book.tags.filter(books__title__startswith="Book"))),
    "expression of the row": lambda book: _names(book.tags.filter(books=book).order_by("pk")),
    "its own key again": lambda book: book.reviews.filter(book=book.pk).count(),
    "another row's key": lambda book: book.reviews.filter(book=book.pk - 1).count(),
    "or": lambda book: book.reviews.filter(Q(stars=1) | Q(book__title="Book 3")).count(),
    "nothing": lambda book: list(book.reviews.none()),
    "an empty list": lambda book: list(book.reviews.filter(pk__in=[])),
    "everything excluded": lambda book: book.reviews.filter(pk__in=[]).count(),
    "only": lambda book: [item.stars for item in book.reviews.only("user").order_by("pk")],
    "iterator": lambda book: _names(book.tags.order_by("pk").iterator()),
    "order by a relation": lambda book: _names(book.reviews.order_by("user__username", "-pk")),
    "reversed": lambda book: _names(book.tags.order_by("pk").reverse()[:2]),
    "dates": lambda book: list(book.reviews.values_list("stars").distinct().order_by("stars")),
    "sum of nothing": lambda book: book.reviews.filter(stars=77).aggregate(total=Sum("stars"), n=Count("pk")),
    "sum of an expression": lambda book: book.reviews.aggregate(total=Sum(F("stars") * 2) + 1),
    "contains": lambda book: book.tags.contains(Tag.objects.order_by("pk")[0]),
    "in_bulk": lambda book: sorted(map(str, book.tags.in_bulk().values())),
    "get_or_create": lambda book: book.tags.get_or_create(name="tag 0")[0].name,
    "random order": lambda book: sorted(_names(book.tags.order_by("?"))),
    "a queryset within a filter": lambda book: _names(
        Tag.objects.filter(pk__in=book.tags.values("pk")).order_by("pk")
    ),
    "the same relation again": lambda book: _names(book.author.books.order_by("pk")),
}


@pytest.mark.parametrize("name", SHOWN)
def test_unusual_calls_give_what_django_gives(name: str) -> None:
    """Whether it can be batched or not, each row gets its own answer."""
    show = SHOWN[name]
    plain = [show(book) for book in Book.objects.order_by("pk")]
    with quell.batch_loading():
        assert [show(book) for book in Book.objects.order_by("pk")] == plain


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

    def show(restaurant: Restaurant) -> object:
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
        assert [(row.name, row.host.name) for row in deferred] == [(f"Restaurant {n}", "Author 0") for n in range(3)]
    assert len(queries) == 4


def test_proxies_are_batched() -> None:
    """A proxy has the relations of its model."""
    with counted() as queries, quell.batch_loading():
        assert [novel.author.name for novel in Novel.objects.order_by("pk")] == [f"Author {n}" for n in range(6)]
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
    from quell.loading.ondemand import scope

    monkeypatch.setattr(scope, "MAX_OWNERS", 4)
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
        first, second = list(Book.objects.filter(title__lt="Book 3")), list(Book.objects.filter(title__gte="Book 3"))
        [book.author for book in [*first, *second]]

    assert len(queries) == 4


@pytest.fixture
def _broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from quell.loading.ondemand import scope

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(scope, "question_of", fail)
    yield


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
