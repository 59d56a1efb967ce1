"""What silencing costs while code runs: nothing per statement."""

import quell
from tests.cost.counting import Calls, calls_of, counted
from tests.library.models import Book


def _read(books: list[Book]) -> None:
    for book in books:
        list(Book.objects.filter(pk=book.pk))


def test_statement_in_a_block_costs_no_call_more(books: list[Book]) -> None:
    """A block is noted by reading one context variable, which is no call of quell."""
    with quell.watch():
        _read(books[:20])
        outside = calls_of(lambda: _read(books[:20]))
        with quell.ignore("Q101"), quell.ignore("Q102", model=Book):
            inside = calls_of(lambda: _read(books[:20]))

    assert inside == outside


def test_block_without_a_watch_costs_no_call_per_statement(books: list[Book]) -> None:
    """In production a decorated function pays for entering and leaving."""
    block = quell.ignore("Q102")
    with counted() as calls, block:
        _read(books[:20])

    assert calls == Calls({"ignore.__enter__": 1, "ignore.__exit__": 1, "enter": 1, "leave": 1})
