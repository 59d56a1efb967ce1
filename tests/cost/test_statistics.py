"""Statistics are compiled once: what a later fetch() does before its statement is counted in calls."""

import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q, QuerySet

from quell.aggregation import Count, Statistics
from quell.aggregation.declaring import Declaration
from quell.aggregation.rows import read_rows
from quell.aggregation.statements import assemble
from tests.library.models import Book

pytestmark = pytest.mark.django_db

# At about half a microsecond for a call, 0.3 ms are some 600 of them.
MOST_CALLS = 300

ROWS: dict[str, Callable[[], QuerySet[Any, Any]]] = {
    "all": Book.objects.all,
    "filtered": lambda: Book.objects.filter(author=1, title__in=["a", "b"]),
    "joined": lambda: Book.objects.filter(author__name="a"),
    "sliced": lambda: Book.objects.order_by("pk")[:5],
}


def _declared(count: int) -> Declaration:
    numbers = {f"n{position}": Count("pk", filter=Q(pk__gt=position)) for position in range(count)}
    return Statistics.of(Book, **numbers).declaration()


def _compile(declaration: Declaration, queryset: QuerySet[Any, Any]) -> tuple[str, list[Any]]:
    rows = read_rows(queryset, connection)
    statement = assemble((declaration.plan(rows, connection),), connection)
    return statement.sql, statement.filled([rows.params])


def _calls(work: Callable[[], object]) -> Counter[str]:
    """Count all calls of Python functions, Django's included."""
    calls: Counter[str] = Counter()

    def see(frame: Any, event: str, argument: object) -> None:
        if event == "call":
            calls[frame.f_code.co_qualname] += 1

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("kind", ROWS)
def test_later_fetches_compile_nothing_but_their_rows(kind: str) -> None:
    """The calls stay below a bound, and are the same for two numbers and for twenty."""
    found = []
    for count in (2, 20):
        declaration, queryset = _declared(count), ROWS[kind]()
        first = _compile(declaration, queryset)
        calls = _calls(partial(_compile, declaration, queryset))
        assert _compile(declaration, queryset) == first
        assert calls["compile_part"] == 0
        found.append(calls)

    assert found[0].total() == found[1].total() <= MOST_CALLS


def test_all_rows_compile_next_to_nothing() -> None:
    """Without a condition there is nothing to compile."""
    declaration = _declared(5)
    _compile(declaration, Book.objects.all())

    assert _calls(lambda: _compile(declaration, Book.objects.all()))["SQLCompiler.as_sql"] == 0
