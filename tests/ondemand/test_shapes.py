"""Every kind of load: the same values as Django's, from one query per relation or call shape."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db.models import Avg, Count, F, Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

import quell
from tests.library.models import Author, Book, Publisher, Review, Tag
from tests.ondemand.conftest import counted

pytestmark = [pytest.mark.databases, pytest.mark.usefixtures("library")]

Show = Callable[[Any], object]


def _names(rows: Any) -> list[str]:
    return [str(row) for row in rows]


def _profile(author: Author) -> str:
    return author.profile.text if hasattr(author, "profile") else "nothing"


# By name: what to show of each book, and how many queries that may be after the one for the books.
OF_BOOK: dict[str, tuple[Show, int]] = {
    "forward": (lambda book: book.author.name, 1),
    "forward, two hops": (lambda book: book.author.country.name, 2),
    "forward, two keys to one model": (lambda book: (str(book.editor), str(book.author)), 2),
    "forward, null": (lambda book: str(book.publisher), 1),
    "forward, text key": (lambda book: str(book.language), 1),
    "reverse one, missing ones too": (lambda book: _profile(book.author), 2),
    "reverse one, and back": (
        lambda book: hasattr(book.author, "profile") and book.author.profile.author is book.author,
        2,
    ),
    "reverse": (lambda book: [review.stars for review in book.reviews.all()], 1),
    "reverse, way back": (lambda book: [review.book is book for review in book.reviews.all()], 1),
    "reverse, manager that hides rows": (lambda book: _names(book.drafts.all()), 1),
    "reverse, then forward by slug": (lambda book: [item.printer.slug for item in book.editions.all()], 2),
    "many-to-many": (lambda book: _names(book.tags.order_by("pk")), 1),
    "many-to-many, and back": (lambda book: [_names(tag.books.order_by("pk")) for tag in book.tags.all()], 2),
    "generic relation": (lambda book: _names(book.notes.order_by("pk")), 1),
    "generic relation, and back": (lambda book: _names(n.content_object for n in book.notes.all()), 2),
    "count": (lambda book: (book.reviews.count(), book.tags.count(), book.notes.count()), 3),
    "count of distinct rows": (lambda book: book.tags.distinct().count(), 1),
    "exists": (lambda book: (book.reviews.exists(), book.tags.exists(), book.notes.exists()), 3),
    "exists of distinct rows": (lambda book: book.tags.filter(books__isnull=False).distinct().exists(), 1),
    "first and last": (lambda book: (str(book.tags.first()), str(book.tags.last())), 2),
    "latest": (lambda book: str(book.reviews.order_by("stars", "pk").last()), 1),
    "aggregate": (lambda book: book.reviews.aggregate(Sum("stars"), best=Max("stars"), count=Count("pk")), 1),
    "aggregate with a default": (lambda book: book.reviews.aggregate(a=Coalesce(Sum("stars"), 0)), 1),
    "aggregate of annotated rows": (
        lambda book: book.tags.annotate(n=Count("books")).aggregate(most=Max("n")),
        1,
    ),
    "filter": (lambda book: [item.stars for item in book.reviews.filter(stars__gte=2).order_by("pk")], 1),
    "filter with Q": (lambda book: book.reviews.filter(Q(stars=1) | Q(stars=3)).count(), 1),
    "filter through a relation": (
        lambda book: _names(book.tags.filter(books__title="Book 3").order_by("pk")),
        1,
    ),
    "a queryset that is given the row": (
        lambda book: (
            Review.objects.filter(book=book).count(),
            _names(Tag.objects.filter(books=book).order_by("pk")),
        ),
        2,
    ),
    "a queryset that is given the row of a join": (
        lambda book: Review.objects.filter(book__author=book.author).aggregate(Sum("stars")),
        2,
    ),
    "exclude": (lambda book: [item.stars for item in book.reviews.exclude(stars=2).order_by("pk")], 1),
    "order_by": (lambda book: [item.stars for item in book.reviews.order_by("-stars", "pk")], 1),
    "slice": (lambda book: _names(book.tags.order_by("-name")[:2]), 1),
    "slice with an offset": (lambda book: _names(book.tags.order_by("-name")[1:3]), 1),
    "slice by an annotation": (
        lambda book: _names(book.tags.annotate(key=F("name")).order_by("-key")[:1]),
        1,
    ),
    "values": (lambda book: list(book.reviews.order_by("pk").values("stars", "user__username")), 1),
    "values_list": (lambda book: list(book.tags.order_by("name").values_list("name", flat=True)), 1),
    "annotate": (
        lambda book: [(tag.name, tag.n) for tag in book.tags.annotate(n=Count("books")).order_by("pk")],
        1,
    ),
    "distinct": (lambda book: sorted(_names(book.tags.filter(books__isnull=False).distinct())), 1),
    "grouped values": (lambda book: list(book.reviews.values("user").annotate(mean=Avg("stars"))), 1),
    "select_related": (
        lambda book: [item.user.username for item in book.reviews.select_related("user").order_by("pk")],
        1,
    ),
    "prefetch_related": (
        lambda book: [
            _names(sorted(tag.books.all(), key=str)) for tag in book.tags.prefetch_related("books")
        ],
        2,
    ),
    "prefetch of a reverse relation, then forward": (
        lambda book: [_names(a.books.all()) for a in Author.objects.none()] + [str(book.author.country)],
        2,
    ),
    "get": (lambda book: str(book.tags.filter(name="tag 0").order_by("pk").first()), 1),
}


# Their rows come as the database likes.
_UNORDERED = {
    "reverse", "reverse, way back", "reverse, manager that hides rows", "reverse, then forward by slug",
    "many-to-many, and back", "generic relation, and back", "prefetch_related", "grouped values",
}  # fmt: skip


def comparable(name: str, shown: Iterable[object]) -> list[object]:
    """Return what a shape showed of each row, sorted where nothing says in which order rows come."""
    return [_sorted(item) if name in _UNORDERED else item for item in shown]


def _sorted(shown: Any) -> Any:
    return sorted(map(_sorted, shown), key=repr) if isinstance(shown, list) else shown


@pytest.mark.parametrize("name", OF_BOOK)
def test_each_shape_gives_what_django_gives(name: str) -> None:
    """Each shape runs once for all rows, and shows what it shows without batching."""
    show, allowed = OF_BOOK[name]
    plain = [show(book) for book in Book.objects.order_by("pk")]
    with counted() as queries, quell.batch_loading():
        batched = [show(book) for book in Book.objects.order_by("pk")]

    assert comparable(name, batched) == comparable(name, plain)
    assert len(queries) == 1 + allowed


def test_rows_of_one_loop_over_a_list_slice_stay_peers() -> None:
    """Paging and sorting copy the list of results, but the rows are still those of one fetch."""
    with counted() as queries, quell.batch_loading():
        books = sorted(Book.objects.all(), key=lambda book: book.title)[2:5]
        names = [book.author.name for book in books]

    assert names == ["Author 2", "Author 3", "Author 4"]
    assert len(queries) == 2


def test_peers_that_are_gone_are_not_loaded_for() -> None:
    """Peers are weak: of rows that nobody holds any more, nothing is loaded."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        del books[2:]
        with counted() as queries:
            assert [book.tags.count() for book in books] == [0, 1]

    assert "IN (" in queries[0]["sql"]
    assert queries[0]["sql"].split("IN (")[1].split(")")[0].count(",") == 1


def test_a_row_without_peers_is_loaded_as_ever() -> None:
    """A single row runs the very statements of Django."""
    book = Book.objects.order_by("pk")[1]
    with counted() as plain:
        list(book.tags.all())
    with quell.batch_loading():
        alone = Book.objects.get(pk=book.pk)
        with counted() as queries:
            list(alone.tags.all())

    assert [query["sql"] for query in queries] == [query["sql"] for query in plain]


def test_each_row_gets_an_object_of_its_own() -> None:
    """Two books of one author hold two objects, as without batching."""
    author = Author.objects.order_by("pk")[0]
    Book.objects.update(author=author)
    with quell.batch_loading():
        first, second = Book.objects.order_by("pk")[:2]
        first.author.name = "changed in memory"

        assert second.author.name == author.name
        assert first.author is not second.author


def test_objects_are_those_of_the_relation() -> None:
    """What a batch gives are rows of the right class and database, not marked as new."""
    with quell.batch_loading():
        for publisher in Publisher.objects.all():
            for book in publisher.books.all():
                assert type(book) is Book
                assert book._state.db == "default"
                assert not book._state.adding


def test_a_queryset_evaluated_again_asks_again() -> None:
    """Each call makes a queryset and rows of its own."""
    with quell.batch_loading():
        books = list(Book.objects.order_by("pk"))
        first, second = list(books[3].tags.all()), list(books[3].tags.all())

    assert first == second
    assert all(one is not other for one, other in zip(first, second, strict=True))


def test_the_same_call_twice_per_row_is_one_query() -> None:
    """A page that asks each row the same thing twice runs it once for all."""
    with counted() as queries, quell.batch_loading():
        [(book.tags.count(), book.tags.count()) for book in Book.objects.all()]

    assert len(queries) == 2


def test_counts_of_a_prefetched_relation_need_no_query() -> None:
    """What is prefetched is still answered from there."""
    with counted() as queries, quell.batch_loading():
        [book.tags.count() for book in Book.objects.prefetch_related("tags")]

    assert len(queries) == 2


def test_a_queryset_of_many_to_many_rows_can_be_combined() -> None:
    """What is built on a related queryset is loaded as ever where it is no longer about one row."""

    def show(book: Book) -> list[str]:
        both: QuerySet[Tag] = book.tags.all() | Tag.objects.filter(name="tag 2")
        return sorted({str(tag) for tag in both.distinct()})

    plain = [show(book) for book in Book.objects.order_by("pk")]
    with quell.batch_loading():
        assert [show(book) for book in Book.objects.order_by("pk")] == plain


def test_reviews_know_their_user_from_one_query() -> None:
    """All reviews of all books are peers, though each book has its own list of them."""
    with counted() as queries, quell.batch_loading():
        for book in Book.objects.all():
            for review in book.reviews.all():
                assert isinstance(review, Review)
                assert review.user.username == "reader"

    assert len(queries) == 3


def test_a_queryset_that_is_given_two_rows_is_batched_for_those_with_peers() -> None:
    """Of a single row and one of many, the latter has peers."""
    user = Review.objects.order_by("pk")[0].user
    with counted() as queries, quell.batch_loading():
        counts = [Review.objects.filter(user=user, book=book).count() for book in Book.objects.order_by("pk")]
        more = [user.reviews.filter(book=book).count() for book in Book.objects.order_by("pk")]

    assert counts == more == [0, 1, 2, 3, 0, 1]
    assert len(queries) == 4
