"""What a recorded plan must never change: what is written, what is read after a write, and what others build on."""

import copy
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.db.models.signals import post_delete, post_save

import quell
from quell import FetchPlan
from quell.loading.recorded.blocks import apply_plans
from quell.loading.recorded.origins import Origin
from quell.recording import record
from tests.library.models import Book
from tests.ondemand.conftest import counted
from tests.recorded import work
from tests.recorded.narrowing import TITLED, narrowed

pytestmark = [pytest.mark.databases, pytest.mark.usefixtures("library")]


@contextmanager
def told(signal: Any) -> Iterator[list[Any]]:
    """Collect what a signal about books says."""
    found: list[Any] = []

    def receive(*, instance: Any, update_fields: Any = None, **_: object) -> None:
        found.append((instance.title, instance.text, update_fields))

    signal.connect(receive, sender=Book, weak=False)
    try:
        yield found
    finally:
        signal.disconnect(receive, sender=Book)


def test_narrowed_row_holds_the_columns_of_the_plan() -> None:
    """The plan of these tests does leave columns out, so that they show something."""
    with narrowed("title"):
        book = work.titled("Book 0")[0]

    assert "text" in book.get_deferred_fields()


def test_saved_row_is_saved_whole() -> None:
    """A row that lacks columns only by a plan is saved as it would be without: all columns, and so say the signals."""
    with narrowed("title"):
        book = work.titled("Book 0")[0]
        Book.objects.filter(pk=book.pk).update(text="meanwhile")
        book.title = "new"
        with told(post_save) as said, counted() as queries:
            book.save()

    assert said == [("new", "meanwhile", None)]
    # The columns that it lacks, and all of them written.
    assert len(queries) == 2
    assert '"text"' in queries[1]["sql"].replace("`", '"')


def test_saved_columns_are_no_more_than_those_that_were_named() -> None:
    """``save(update_fields=...)`` loads nothing."""
    with narrowed("title"):
        book = work.titled("Book 0")[0]
        book.title = "new"
        with counted() as queries:
            book.save(update_fields=["title"])

    assert len(queries) == 1


def test_columns_left_out_by_hand_stay_out_of_a_save() -> None:
    """What ``only()`` left out is not written, with a plan as without."""
    origin = Origin("tests.recorded.work:saved_titles", "library.Book", "Book.objects.only('title')")
    saved: list[Any] = []

    def receive(*, update_fields: Any, **_: object) -> None:
        saved.append(update_fields)

    post_save.connect(receive, sender=Book, weak=False)
    try:
        for plans in ({}, {origin: FetchPlan("reviews", only=["title", "reviews__stars"])}):
            with apply_plans(plans):
                work.saved_titles()
    finally:
        post_save.disconnect(receive, sender=Book)

    assert saved == [frozenset({"title"})] * 12


def test_deleted_row_can_be_read() -> None:
    """A receiver, or whoever deleted a row, reads the columns that were left out."""
    with narrowed("title"):
        book = work.titled("Book 0")[0]
        with told(post_delete) as said:
            book.delete()

        assert (book.title, book.text) == ("Book 0", "text 0")
    assert said == [("Book 0", "text 0", None)]


def test_deleted_queryset_gets_no_plan() -> None:
    """``delete()`` of a planned queryset loads whole rows for the signals."""
    with narrowed("title"), told(post_delete) as said, counted() as queries:
        work.titled("Book 0").delete()

    assert said == [("Book 0", "text 0", None)]
    assert '"text"' in queries[0]["sql"].replace("`", '"')


def test_locked_rows_are_whole() -> None:
    """``select_for_update()`` gets no plan: it is for writing."""
    with narrowed("title", "author__name"), transaction.atomic():
        book = work.titled("Book 0").select_for_update()[0]

    assert not book.get_deferred_fields()


def test_rows_of_get_or_create_are_whole() -> None:
    """What is read to be written gets no plan."""
    with narrowed("title"):
        book, is_new = work.titled("Book 0").get_or_create(title="Book 0")

    assert not is_new
    assert not book.get_deferred_fields()


def test_missed_column_is_loaded_from_then_on() -> None:
    """A column that a plan leaves out is loaded on demand once, and with the rows of the next evaluation."""
    with narrowed("title"):
        with counted() as first:
            texts = [book.text for book in work.titled("Book")]
        with counted() as second:
            again = [book.text for book in work.titled("Book")]

    assert texts == again == [f"text {n}" for n in range(6)]
    assert len(first) == 1 + 6
    assert len(second) == 1


def _reviewed(book: Any) -> tuple[str, list[int]]:
    return book.author.name, [review.stars for review in book.reviews.all()]


def test_missed_column_of_a_relation_is_loaded_from_then_on() -> None:
    """The same holds for rows that a plan joins or prefetches."""
    with narrowed("title", "author__country", "reviews__pk", paths=("author", "reviews")):
        list(map(_reviewed, work.titled("Book 3")))
        with counted() as queries:
            shown = list(map(_reviewed, work.titled("Book 3")))

    assert shown == [("Author 3", [3, 4, 0])]
    assert len(queries) == 2


def test_missed_column_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """The log says which origin has to be recorded again, and for which column."""
    with narrowed("title"):
        for _ in range(2):
            [book.text for book in work.titled("Book")]

    assert [record.getMessage() for record in caplog.records] == [
        f"The recorded plan of {TITLED} left out library.Book.text, "
        "which this process loads from now on: record again"
    ]


def test_plan_that_cannot_be_applied_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """A path that the model lost leaves the queryset as it is, and one line in the log."""
    with narrowed("title", paths=("autor",)):
        books = [work.titled("Book 0")[0] for _ in range(2)]

    assert not any(book.get_deferred_fields() for book in books)
    [line] = [record.getMessage() for record in caplog.records]
    assert 'did you mean "author"?' in line


def test_origin_whose_rows_are_saved_keeps_its_columns() -> None:
    """A recording sees that rows are written, and leaves no column of them out."""
    with record() as recorder:
        work.renamed()
    before = list(Book.objects.order_by("pk").values_list("title", "text"))
    with apply_plans(recorder.needs), counted() as queries:
        work.renamed()

    assert [plan.only for plan in recorder.plans.values()] == [("*",)]
    assert list(Book.objects.order_by("pk").values_list("title", "text")) == [(f"{a}!", b) for a, b in before]
    assert len(queries) == 1 + 6 + 1


def test_relation_that_is_written_in_between_is_not_loaded_before(django_user_model: Any) -> None:
    """A relation that is read behind a write to it is not prefetched: it would be out of date."""
    user = django_user_model.objects.get(username="reader")
    with record() as recorder, transaction.atomic():
        expected = work.reviewed(user)
        transaction.set_rollback(True)
    with apply_plans(recorder.needs):
        found = work.reviewed(user)

    assert found == expected
    assert all(9 in item for item in found)
    assert [plan.paths for origin, plan in recorder.plans.items() if origin.model == "library.Book"] == [()]


def test_what_is_built_on_prefetched_rows_knows_nothing_of_a_plan() -> None:
    """``iterator()``, a lock or an update behind ``book.editions`` meets no join and no prefetch of the plan."""
    with record() as recorder:
        expected = work.locked_children()
    with apply_plans(recorder.needs):
        found = work.locked_children()
        for book in work.titled("Book"):
            with transaction.atomic():
                list(book.reviews.select_for_update())
    assert found == expected


def test_evaluated_queryset_stays_as_it_was_built() -> None:
    """Whoever builds on a queryset that has run builds on what the code wrote."""
    with narrowed("title", "author__name"):
        books = work.titled("Book")
        list(books)
        with transaction.atomic():
            locked = list(books.select_for_update())
        rows = list(books.filter(pk__gt=0).iterator())

    assert books.query.select_related is False
    assert not locked[0].get_deferred_fields()
    assert rows


def test_pickles_hold_nothing_of_quell() -> None:
    """Rows, and querysets with rows, are pickled as Django's, and read in a process that has no quell."""
    with narrowed("title", "author__name", "reviews__stars"):
        books = work.titled("Book")
        rows = list(books)
        data = pickle.dumps((books, rows))
    books, rows = pickle.loads(data)

    assert b"quell" not in data
    assert [book.text for book in rows] == [f"text {n}" for n in range(6)]
    assert [book.title for book in books.filter(pk__gt=0)] == [f"Book {n}" for n in range(6)]
    assert type(rows[0]._state.db) is str


def test_copies_are_known_as_narrowed() -> None:
    """A copy of a narrowed row is saved whole, too."""
    with narrowed("title"):
        book = copy.deepcopy(work.titled("Book 0")[0])
        with told(post_save) as said:
            book.save()

    assert said == [("Book 0", "text 0", None)]


def test_saved_row_is_whole_under_a_watch() -> None:
    """A watch, which marks rows itself, does not hide that columns are missing."""
    with narrowed("title"), quell.watch():
        book = work.titled("Book 0")[0]
        assert book.author.name
        with told(post_save) as said:
            book.save()

    assert said == [("Book 0", "text 0", None)]


def test_saved_row_is_whole_after_a_column_was_loaded() -> None:
    """One column that was missed does not make the others known."""
    with narrowed("pk"):
        for watched in (False, True):
            book = work.titled("Book 0")[0]
            if watched:
                with quell.watch():
                    assert book.title
            else:
                assert book.title
            with told(post_save) as said:
                book.save()

            assert said == [("Book 0", "text 0", None)]
