"""What ends a batch: writes, locks, transactions, and whoever asks for something new."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.db.models import F

import quell
from tests.library.models import Book, Note, Review, Tag
from tests.ondemand.conftest import counted

pytestmark = [pytest.mark.databases, pytest.mark.usefixtures("library")]


def _raw() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE library_tag SET name = 'new'")


WRITES: dict[str, Callable[[Book], object]] = {
    "save": lambda book: Tag(pk=book.tags.order_by("pk")[0].pk, name="new").save(),
    "update": lambda book: Tag.objects.update(name="new"),
    "delete": lambda book: Tag.objects.all().delete(),
    "create": lambda book: book.tags.create(name="new"),
    "add": lambda book: book.tags.add(Tag.objects.create(name="new")),
    "clear": lambda book: book.tags.clear(),
    "set": lambda book: book.tags.set([]),
    "bulk_update": lambda book: Tag.objects.bulk_update(
        [Tag(pk=t.pk, name="new") for t in Tag.objects.all()], ["name"]
    ),
    "raw SQL": lambda book: _raw(),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_ends_what_was_batched(name: str) -> None:
    """After a write each row gets what is in the database by then."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        for book in books:
            list(book.tags.all())
        WRITES[name](books[-1])
        batched = [sorted(str(tag) for tag in book.tags.all()) for book in books]
        counts = [book.tags.count() for book in books]

    assert batched == [sorted(str(tag) for tag in book.tags.all()) for book in Book.objects.order_by("pk")]
    assert counts == [len(found) for found in batched]


def test_a_write_in_the_middle_of_a_loop_is_seen_by_the_rest() -> None:
    """The rows that come after a write see it, and those before keep what they have."""
    with quell.batch_loading():
        seen = []
        for book in Book.objects.order_by("pk"):
            seen.append(book.reviews.count())
            if len(seen) == 2:
                Review.objects.all().delete()

    assert seen == [0, 1, 0, 0, 0, 0]


def test_a_loop_that_writes_each_time_runs_no_batch_per_row() -> None:
    """What a write ends each time is loaded row by row before long, not for all rows again and again."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        with counted() as queries:
            for book in books:
                book.tags.count()
                Book.objects.filter(pk=book.pk).update(title="changed")

    batches = [query["sql"] for query in queries if "GROUP BY" in query["sql"]]
    assert len(batches) == 3
    assert len(queries) == 2 * len(books)


def test_calls_that_differ_from_row_to_row_run_few_batches() -> None:
    """A filter by a value of the row cannot be shared, and is not tried for each."""

    def show(book: Book) -> list[int]:
        return [review.stars for review in book.reviews.filter(stars__gte=book.pk % 5).order_by("pk")]

    plain = [show(book) for book in Book.objects.order_by("pk")]
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        with counted() as queries:
            assert [show(book) for book in books] == plain

    assert len(queries) <= len(books)
    assert sum(" IN (" in query["sql"] for query in queries) <= 4


def test_a_filter_that_a_few_rows_share_is_batched_for_each_value() -> None:
    """Calls of the same shape with another value are batches of their own."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        with counted() as queries:
            for book in books:
                for stars in (1, 2, 3):
                    book.reviews.filter(stars=stars).count()

    assert len(queries) == 3


@pytest.mark.django_db(transaction=True)
def test_a_rollback_ends_what_was_batched() -> None:
    """What a transaction saw is forgotten with it."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        plain = [book.tags.count() for book in books]
        try:
            with transaction.atomic():
                for book in books:
                    book.tags.clear()
                assert [book.tags.count() for book in books] == [0] * len(books)
                raise LookupError
        except LookupError:
            pass

        assert [book.tags.count() for book in books] == plain


def test_a_rollback_to_a_savepoint_ends_what_was_batched() -> None:
    """The same holds for a block inside of a transaction."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        plain = [book.tags.count() for book in books]
        with transaction.atomic():
            try:
                with transaction.atomic():
                    Tag.objects.all().delete()
                    assert [book.tags.count() for book in books] == [0] * len(books)
                    raise LookupError
            except LookupError:
                pass

        assert [book.tags.count() for book in books] == plain


def test_a_lock_ends_what_was_batched_and_is_never_batched() -> None:
    """Whoever locks wants to read what is there from then on, and locks the rows of one owner only."""
    with quell.batch_loading(), transaction.atomic():
        books = list(Book.objects.order_by("pk"))
        [book.reviews.count() for book in books]
        with counted() as queries:
            found = [len(book.reviews.select_for_update()) for book in books]
            [book.reviews.count() for book in books]

    assert found == [0, 1, 2, 3, 0, 1]
    assert len(queries) == len(books) + 1


def test_a_row_that_is_read_again_ends_what_was_batched() -> None:
    """After refresh_from_db() its relations are loaded anew, too."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        assert [book.author.name for book in books[:2]] == ["Author 0", "Author 1"]
        with counted() as queries:
            books[0].refresh_from_db()
            assert books[0].author.name == "Author 0"

    assert len(queries) == 2


def test_refreshing_each_row_runs_one_query_each() -> None:
    """Reading a row again is no load on demand."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        Book.objects.update(title=F("text"))
        with counted() as queries:
            for book in books:
                book.refresh_from_db(fields=["title"])

    assert len(queries) == len(books)
    assert [book.title for book in books] == [book.text for book in books]


def test_a_row_that_asks_again_later_gets_a_fresh_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who polls is not given the same answer for ever."""
    from quell.loading.ondemand import batches

    now = 0.0
    monkeypatch.setattr(batches, "monotonic", lambda: now)
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        with counted() as queries:
            books[1].notes.count()
            books[1].notes.count()
            now = batches.REPEAT_SECONDS
            books[1].notes.count()

    assert len(queries) == 2


def test_a_key_that_was_changed_in_memory_is_loaded() -> None:
    """A row is asked about by the key that it has now."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        str(books[0].author)
        books[2].author_id = books[4].author_id

        assert books[2].author.pk == books[4].author_id


def test_a_row_that_is_gone_is_missed_as_ever() -> None:
    """A key that leads nowhere raises what Django raises."""
    with quell.batch_loading():
        notes = list(Note.objects.order_by("pk"))
        Book.objects.filter(pk=notes[0].object_id).delete()

        assert notes[0].content_object is None


def test_a_column_of_a_row_that_is_gone_raises_as_ever() -> None:
    """The deferred column of a deleted row is a row that does not exist."""
    with quell.batch_loading():
        books = list(Book.objects.defer("text").order_by("pk"))
        assert books[1].text == "text 1"
        gone = books[0]
        Review.objects.all().delete()
        Book.objects.filter(pk=gone.pk).delete()
        with pytest.raises(Book.DoesNotExist):
            str(gone.text)
