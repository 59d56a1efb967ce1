"""Batching that belongs to the rows of a queryset: it lasts as long as they do."""

import gc

import pytest

import quell
from quell.exceptions import LazyLoadForbidden, UsageError
from quell.lineage._patches_ondemand import installation
from quell.lineage.hooks import active
from quell.lineage.ondemand import loader
from quell.loading.ondemand.querysets import batched
from tests.library.models import Book
from tests.ondemand.conftest import counted

pytestmark = pytest.mark.usefixtures("library")


def _names() -> list[str]:
    return [book.author.name for book in Book.objects.order_by("pk")]


def test_a_queryset_can_batch_for_its_own_rows() -> None:
    """Without a block, the rows of one queryset are batched as long as they live."""
    holders = installation.holders
    with counted() as queries:
        for book in batched(Book.objects.order_by("pk")):
            str(book.author)
            [review.user.username for review in book.reviews.all()]
    assert len(queries) == 4

    del book
    gc.collect()
    with counted() as queries:
        _names()
    assert len(queries) == 7
    assert installation.holders == holders


def test_a_queryset_that_batches_can_be_changed() -> None:
    """It is a queryset like any other, and inside of a block nothing special."""
    queryset = batched(Book.objects.all()).filter(title__gte="Book 3").order_by("pk")
    with counted() as queries, quell.batch_loading():
        assert [book.author.name for book in queryset] == ["Author 3", "Author 4", "Author 5"]

    assert len(queries) == 2
    assert queryset.values_list("title", flat=True)[0] == "Book 3"
    with pytest.raises(UsageError, match="values"):
        batched(Book.objects.values("title"))


def test_rows_of_two_querysets_end_in_any_order() -> None:
    """Each batches for its own rows, also when the older ones are gone first, and other rows load as ever."""
    older = list(batched(Book.objects.order_by("pk")))
    newer = list(batched(Book.objects.order_by("-pk")))
    others = list(Book.objects.order_by("pk"))
    with counted() as queries:
        [book.author for book in others]
    assert len(queries) == len(others)
    with counted() as queries:
        del older
        gc.collect()
        [book.author for book in newer]
        [book.publisher for book in newer]
    assert len(queries) == 2
    del newer, others
    gc.collect()

    assert loader.get() is None
    assert active.get(None) is None


def test_forbidding_goes_on_when_the_rows_inside_are_gone() -> None:
    """The block around those of rows is in charge again, whichever of these ended last."""

    @quell.forbid_lazy_loading()
    def show() -> str:
        older = list(batched(Book.objects.order_by("pk")))
        newer = list(batched(Book.objects.order_by("pk")))
        del older
        gc.collect()
        del newer
        gc.collect()
        return str(Book.objects.order_by("pk")[0].author)

    with pytest.raises(LazyLoadForbidden):
        show()
