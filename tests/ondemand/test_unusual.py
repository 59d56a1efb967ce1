"""Calls that are unlike most: batched or not, each row gets what Django would give it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum, Window
from django.db.models.functions import Rank

import quell
from tests.library.models import (
    Book,
    Tag,
)

pytestmark = [pytest.mark.databases, pytest.mark.usefixtures("library")]

Show = Callable[[Any], object]


def _names(rows: Any) -> list[str]:
    return [str(row) for row in rows]


SHOWN: dict[str, Show] = {
    "union": lambda book: sorted(_names(book.tags.all().union(Tag.objects.filter(name="tag 2")))),
    "slice of distinct rows": lambda book: _names(book.tags.order_by("name").distinct()[:1]),
    "slice of grouped rows": lambda book: _names(
        book.tags.annotate(n=Count("books")).order_by("n", "pk")[:1]
    ),
    "count of a slice": lambda book: book.tags.all()[:2].count(),
    "aggregate of a slice": lambda book: book.reviews.order_by("pk")[:2].aggregate(Sum("stars")),
    "exists of a slice": lambda book: book.reviews.order_by("pk")[1:3].exists(),
    "filter on an aggregate": lambda book: _names(
        book.tags.annotate(n=Count("books")).filter(n__gt=1).order_by("pk")
    ),
    "window": lambda book: list(
        book.reviews.annotate(rank=Window(Rank(), order_by="stars"))
        .order_by("pk")
        .values_list("rank", flat=True)
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
