"""What silencing costs while code runs: nothing per statement."""

import quell
from tests.cost.counting import Calls, calls_of, counted
from tests.library.models import Book


def _read(books: list[Book]) -> None:
    for book in books:
        list(Book.objects.filter(pk=book.pk))


def test_statement_in_a_block_costs_no_call_more(books: list[Book]) -> None:
    """A block is noted by reading one context variable, which is no call of quell."""

    def measure() -> Calls:
        # The first rounds teach the scope the way.
        return [calls_of(lambda: _read(books[:20])) for _ in range(4)][-1]

    with quell.watch():
        outside = measure()
        with quell.ignore("Q101"), quell.ignore("Q102", model=Book):
            inside = measure()

    assert inside == outside


def test_block_without_a_watch_costs_no_call_per_statement(books: list[Book]) -> None:
    """In production a decorated function pays for entering and leaving."""
    block = quell.ignore("Q102")
    with counted() as calls, block:
        _read(books[:20])

    assert calls == Calls({"ignore.__enter__": 1, "ignore.__exit__": 1, "enter": 1, "leave": 1})
