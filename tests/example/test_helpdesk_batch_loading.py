"""The naive pages of the help desk under ``batch_loading()``: the same bytes, one query per relation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest

import quell
from problems import PROBLEMS, Problem
from seeding.data import grow

pytestmark = pytest.mark.django_db

Visit = Callable[[Problem, str], tuple[bytes, list[str]]]

_NUMBERS = re.compile(r"\(\d+(, \d+)*\)|= \d+|'[^']*'")

every_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.slug)
both_forms = pytest.mark.parametrize("form", ["own", "other"])


@pytest.fixture
def visit(visit: Visit) -> Visit:
    """Return what a path shows, and the statements by their shape."""

    def open_page(problem: Problem, path: str) -> tuple[bytes, list[str]]:
        shown, statements = visit(problem, path)
        return shown, [_NUMBERS.sub("?", sql) for sql in statements]

    return open_page


@both_forms
@every_problem
def test_naive_page_shows_the_same_from_one_query_per_relation(
    problem: Problem, form: str, visit: Visit
) -> None:
    """A naive page runs each statement once, whatever the number of rows, and shows what it showed before."""
    path = problem.slow_path if form == "own" else problem.other_slow_path
    grow(5)
    with quell.batch_loading():
        _, few = visit(problem, path)
    grow(23)
    plain, many = visit(problem, path)
    with quell.batch_loading():
        shown, batched = visit(problem, path)

    assert shown == plain
    assert len(batched) == len(few) < len(many)
    # The admin counts all rows twice, which is no load of a relation.
    repeated = [shape for shape, count in Counter(batched).items() if count > 1 and "WHERE" in shape]
    assert repeated == []
