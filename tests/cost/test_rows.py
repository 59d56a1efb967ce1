"""What a watch costs per row: nothing."""

import gc
import sys
import tracemalloc
from collections.abc import Callable

import pytest
from django.db.models import QuerySet

import quell
from tests.cost.counting import calls_by_size
from tests.library.models import Author, Book

pytestmark = pytest.mark.usefixtures("books")


def _rows() -> QuerySet[Book]:
    return Book.objects.order_by("pk")


LOADS: dict[str, tuple[Callable[[int], object], int]] = {
    "rows": (lambda size: list(_rows()[:size]), 1_000),
    "select_related": (lambda size: list(_rows().select_related("author__country", "editor")[:size]), 1_000),
    "values": (lambda size: list(_rows().values("pk", "title")[:size]), 1_000),
    "values_list": (lambda size: list(_rows().values_list("pk", flat=True)[:size]), 1_000),
    "only": (lambda size: list(_rows().only("title")[:size]), 1_000),
    "iterator": (lambda size: list(_rows()[:size].iterator(chunk_size=2_000)), 1_000),
    "raw": (lambda size: list(Book.objects.raw("SELECT * FROM library_book LIMIT %s", [size])), 1_000),
    "prefetch to-one": (lambda size: list(_rows().prefetch_related("author__country")[:size]), 100),
    "prefetch reverse": (
        lambda size: list(Author.objects.order_by("pk").prefetch_related("books")[:size]),
        100,
    ),
    "prefetch many-to-many": (lambda size: list(_rows().prefetch_related("tags")[:size]), 100),
    "prefetch chain": (
        lambda size: list(Author.objects.order_by("pk").prefetch_related("books__tags")[:size]),
        100,
    ),
}


@pytest.mark.parametrize("name", LOADS)
def test_watch_runs_no_call_per_row(name: str) -> None:
    """Ten rows and many rows take the same calls of quell."""
    load, many = LOADS[name]

    with quell.watch():
        few_calls, many_calls = calls_by_size(load, 10, many)

    assert few_calls
    assert few_calls == many_calls


def test_watch_runs_no_call_per_reverse_manager_in_bulk() -> None:
    """Chunks of an iterator cost what their prefetches cost, and nothing for the rows in them."""

    def load(size: int) -> None:
        for _ in _rows().prefetch_related("tags")[: 2 * size].iterator(chunk_size=size):
            pass

    with quell.watch():
        few_calls, many_calls = calls_by_size(load, 10, 100)

    assert few_calls == many_calls


def test_watch_keeps_the_size_of_instances() -> None:
    """An instance that a watch saw holds what a bare one holds."""
    bare = Book.objects.select_related("author").first()
    with quell.watch():
        watched = Book.objects.select_related("author").first()

    assert bare is not None
    assert watched is not None
    assert vars(bare).keys() == vars(watched).keys()
    assert vars(bare._state).keys() == vars(watched._state).keys()
    assert sys.getsizeof(vars(bare)) == sys.getsizeof(vars(watched))
    assert sys.getsizeof(vars(bare.author)) == sys.getsizeof(vars(watched.author))


def test_watch_shares_one_alias_among_rows() -> None:
    """All rows of a fetch hold one and the same alias, and joined rows one per join."""
    with quell.watch():
        rows = list(_rows().select_related("author")[:100])

    assert len({id(row._state.db) for row in rows}) == 1
    assert len({id(row.author._state.db) for row in rows}) == 1


def _peak_of(work: Callable[[], object]) -> int:
    # Once in a while the process doubles its table of interned strings, in whatever runs just then.
    return min(_peak_of_one(work) for _ in range(3))


def _peak_of_one(work: Callable[[], object]) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_watch_needs_no_memory_per_row() -> None:
    """The peak of 5,000 rows is within two percent of that without quell."""
    Book.objects.bulk_create(
        Book(title=f"More {n}", text="...", author_id=_rows()[0].author_id) for n in range(4_000)
    )

    def load() -> list[Book]:
        return list(_rows())

    def load_watched() -> list[Book]:
        with quell.watch():
            return load()

    for work in (load, load_watched):
        work()
    bare, watched = _peak_of(load), _peak_of(load_watched)

    assert abs(watched - bare) <= bare * 0.02
