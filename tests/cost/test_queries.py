"""What a watch costs per statement: a few calls, however deep the stack is."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import django
import pytest

import quell
from tests.cost.counting import calls_by_size, calls_of
from tests.library.models import Author, Book

MORE_FRAMES = 60

Work = Callable[[Book], object]
# The calls of quell per statement that each kind may cost at most; the path was seen before.
KINDS: dict[str, tuple[Work, int]] = {
    "get": (lambda book: Book.objects.get(pk=book.pk), 14),
    "lazy foreign key": (lambda book: (vars(book._state).pop("fields_cache", None), book.publisher), 14),
    # The same text is that of its editor: the frames tell which.
    "one of two keys": (lambda book: (vars(book._state).pop("fields_cache", None), book.author), 19),
    "deferred column": (lambda book: (vars(book).pop("text"), book.text), 17),
    "related all": (lambda book: list(book.reviews.all()), 15),
    "related many-to-many": (lambda book: list(book.tags.all()), 15),
    "related count": (lambda book: book.reviews.count(), 14),
    "count": (lambda book: Book.objects.filter(pk=book.pk).count(), 13),
    "exists": (lambda book: Book.objects.filter(pk=book.pk).exists(), 13),
    "first": (lambda book: Author.objects.first(), 14),
    "save": (lambda book: book.save(), 13),
}


def _per_run(work: Work) -> float:
    with quell.watch():
        books = list(Book.objects.order_by("pk")[:30])

        def run(count: int) -> None:
            for book in books[:count]:
                work(book)

        few, many = calls_by_size(run, 10, 30)
    return (many.total() - few.total()) / 20


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.usefixtures("books")
def test_statement_costs_a_few_calls(name: str) -> None:
    """Each kind of statement costs a small, fixed number of calls."""
    work, limit = KINDS[name]

    cost = _per_run(work)

    assert cost == int(cost)
    assert 0 < cost <= limit


def _deeper(frames: int, work: Callable[[], object]) -> object:
    return _deeper(frames - 1, work) if frames else work()


def _library_recursion() -> Callable[[int, Callable[[], object]], object]:
    """Return a function like ``_deeper`` whose frames count as Django's own."""
    file = os.path.join(os.path.dirname(django.__file__), "nowhere.py")
    names: dict[str, Any] = {}
    source = "def deeper(frames, work):\n    return deeper(frames - 1, work) if frames else work()\n"
    exec(compile(source, file, "exec"), names)
    function: Callable[[int, Callable[[], object]], object] = names["deeper"]
    return function


@pytest.mark.parametrize("recurse", [_deeper, _library_recursion()], ids=["user", "library"])
def test_statement_costs_no_call_per_frame(
    recurse: Callable[[int, Callable[[], object]], object], books: list[Book]
) -> None:
    """Sixty more frames below the statement cost no further call: the walk is one function."""
    pk = books[0].pk

    def run(frames: int) -> None:
        for _ in range(2):
            recurse(frames, lambda: list(Book.objects.filter(pk=pk)))

    totals: dict[int, int] = {}
    # A watch for each, as it learns from what it saw; the first ones fill the caches.
    for frames in (0, MORE_FRAMES) * 2:
        with quell.watch():
            totals[frames] = calls_of(partial(run, frames)).total()

    assert totals[0] == totals[MORE_FRAMES] > 0
