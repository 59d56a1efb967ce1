"""Statements that a function runs alike for each row that it is given: they run for two rows, whatever comes after."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Max, Model
from django.db.models.functions import Now

import quell
from quell.lineage.askers import find_asker
from tests.library.models import Book, Country, Draft, Tag
from tests.ondemand.conftest import BOOK_COUNT, counted

pytestmark = [pytest.mark.databases, pytest.mark.usefixtures("library")]

READS: dict[str, Callable[[Any], object]] = {
    "rows": lambda book: [(tag.name, book.title) for tag in Tag.objects.order_by("pk")],
    "count": lambda book: Tag.objects.count(),
    "exists": lambda book: Tag.objects.filter(name="tag 1").exists(),
    "get": lambda book: Tag.objects.get(name="tag 1").name,
    "nothing": lambda book: list(Tag.objects.filter(name="none")),
    "no row": lambda book: Tag.objects.filter(name="none").first(),
    "values": lambda book: list(Tag.objects.order_by("-name").values_list("name", flat=True)[:2]),
    "aggregate": lambda book: Tag.objects.aggregate(Max("name")),
}


def _helped(book: Book) -> list[int]:
    def options() -> list[int]:
        return [len(tag.name) for tag in Tag.objects.all()]

    return options()


READS["of a function without the row"] = _helped


def _for_all(read: Callable[[Any], object]) -> list[object]:
    return [read(book) for book in Book.objects.order_by("pk")]


@pytest.mark.parametrize("name", READS)
def test_a_repeated_statement_runs_for_two_rows(name: str) -> None:
    """What the second row was given, the others are given, too."""
    plain = _for_all(READS[name])
    with counted() as queries, quell.batch_loading():
        assert _for_all(READS[name]) == plain

    assert len(queries) == 3


def test_each_row_gets_instances_of_its_own() -> None:
    """What one row does with an object is not seen by another; what the objects load is one query for all."""
    with counted() as queries, quell.batch_loading():
        lists: list[Any] = _for_all(lambda book: list(Tag.objects.order_by("pk")))
        lists[2][0].name = "changed"
        names = {tags[0].name for tags in lists[3:]}
        read = len(queries)
        counts = [tag.books_count for tags in lists[1:] for tag in tags]

    assert names == {"tag 0"}
    assert counts == [4, 2, 1] * (BOOK_COUNT - 1)
    assert len(queries) - read == 1


def test_what_a_row_asks_again_is_another_question() -> None:
    """A function that waits for a change is given what another row was given at its second time."""

    def twice(book: Book) -> list[int]:
        return [Tag.objects.count() for _ in range(2)]

    with counted() as queries, quell.batch_loading():
        assert _for_all(twice) == [[3, 3]] * BOOK_COUNT

    assert len(queries) == 1 + 2 * 2


def test_one_row_that_asks_again_and_again_is_never_answered() -> None:
    """Whoever waits for what another process does sees it as soon as it is there."""
    with counted() as queries, quell.batch_loading():
        books = list(Book.objects.all())
        for _ in range(4):
            READS["count"](books[0])

    assert len(queries) == 5


def test_a_write_ends_what_was_kept() -> None:
    """The next row sees what has been written, as the one after it does."""
    shown = []
    with quell.batch_loading():
        for number, book in enumerate(Book.objects.order_by("pk")):
            if number == 3:
                Tag.objects.create(name="new")
            shown.append(READS["count"](book))

    assert shown == [3, 3, 3, 4, 4, 4]


def test_a_rollback_ends_what_was_kept() -> None:
    """What was read before, nobody is given after."""
    with counted() as queries, quell.batch_loading():
        for book in Book.objects.order_by("pk"):
            with transaction.atomic():
                READS["count"](book)
                transaction.set_rollback(True)

    assert sum("COUNT" in query["sql"] for query in queries.captured_queries) == BOOK_COUNT


@pytest.mark.parametrize(
    "read",
    [
        lambda book: Tag.objects.order_by("?").first(),
        lambda book: list(Tag.objects.annotate(now=Now())),
        lambda book: list(Tag.objects.raw("SELECT * FROM library_tag")),
        lambda book: [tag.name for tag in Tag.objects.iterator(chunk_size=10)],
        lambda book: Tag.objects.filter(name=book.title).count(),
    ],
    ids=["random", "now", "raw", "iterator", "parameter"],
)
def test_what_may_give_another_result_runs_for_each_row(read: Callable[[Any], object]) -> None:
    """Functions of the database, raw SQL, streams, and parameters that differ."""
    with counted() as queries, quell.batch_loading():
        _for_all(read)

    assert len(queries) == 1 + BOOK_COUNT


def test_rows_of_two_fetches_share_nothing() -> None:
    """A row that is alone runs what it asks."""
    with counted() as queries, quell.batch_loading():
        for pk in list(Book.objects.values_list("pk", flat=True)):
            READS["count"](Book.objects.get(pk=pk))

    assert len(queries) == 1 + 2 * BOOK_COUNT


def test_two_functions_share_nothing() -> None:
    """The same statement of another function is another question."""

    def one(book: Book) -> int:
        return Tag.objects.count()

    def other(book: Book) -> int:
        return Tag.objects.count()

    with counted() as queries, quell.batch_loading():
        books = list(Book.objects.all())
        one(books[0])
        other(books[1])
        one(books[2])
        other(books[3])
        one(books[4])

    assert len(queries) == 5


def test_an_unhashable_parameter_is_no_question() -> None:
    """What cannot be compared runs for each row."""

    def read(book: Book) -> object:
        queryset = Tag.objects.filter(name="tag 1")
        condition: Any = queryset.query.where.children[0]
        condition.rhs = _Unhashable("tag 1")
        return queryset.count()

    with counted() as queries, quell.batch_loading():
        assert _for_all(read) == [1] * BOOK_COUNT

    assert len(queries) == 1 + BOOK_COUNT


class _Unhashable(str):
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return NotImplemented


def test_an_empty_filter_asks_nothing() -> None:
    """What Django answers without the database stays so."""
    with counted() as queries, quell.batch_loading():
        assert _for_all(lambda book: list(Tag.objects.filter(pk__in=[]))) == [[]] * BOOK_COUNT

    assert len(queries) == 1


def test_forbidding_alone_keeps_nothing() -> None:
    """Without batching each statement runs."""
    with counted() as queries, quell.forbid_lazy_loading():
        _for_all(READS["count"])

    assert len(queries) == 1 + BOOK_COUNT


def test_an_error_of_the_database_is_the_application_s() -> None:
    """A statement that fails for the second row fails as it would without a block."""

    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        calls.extend([sql] if "COUNT" in sql else [])
        if len(calls) == 2:
            raise ZeroDivisionError
        return execute(sql, *rest)

    calls: list[str] = []
    with quell.batch_loading(), connection.execute_wrapper(fail), pytest.raises(ZeroDivisionError):
        _for_all(READS["count"])
    assert len(calls) == 2


def test_the_asker_is_the_row_that_code_was_given() -> None:
    """A row that was loaded outside of a scope, or a class without arguments, is none."""

    def ask(row: object, *, option: object = None) -> Model | None:
        import sys

        found = find_asker(sys._getframe())
        return found.row if found is not None else None

    stranger = Country.objects.first()
    with quell.batch_loading():
        book, draft = Book.objects.first(), Draft.objects.first()

        assert ask(book) is book
        assert ask(None, option=draft) is draft
        assert ask(stranger) is None
        assert find_asker(None) is None
