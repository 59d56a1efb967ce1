"""The twelve problems are real, and their fast twins solve them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.apps import apps
from django.db.models.constants import LOOKUP_SEP

from problems import PROBLEMS, Problem
from seeding.data import grow

pytestmark = pytest.mark.django_db

Visit = Callable[[Problem, str], tuple[bytes, int]]

_ADMIN_SITE = re.compile(rb"/(slow|fast)-admin/")

every_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.slug)
both_forms = pytest.mark.parametrize("form", ["own", "other"])


@pytest.fixture
def visit(visit: Callable[[Problem, str], tuple[bytes, list[str]]]) -> Visit:
    """Return what a path shows, whichever admin it is of, and the number of queries."""

    def open_page(problem: Problem, path: str) -> tuple[bytes, int]:
        shown, statements = visit(problem, path)
        return _ADMIN_SITE.sub(b"/admin/", shown), len(statements)

    return open_page


def test_problems_are_numbered_from_one_to_twelve() -> None:
    """The registry has all twelve problems in order, each under its own slug."""
    assert [problem.number for problem in PROBLEMS] == list(range(1, 13))
    assert len({problem.slug for problem in PROBLEMS}) == 12


@every_problem
def test_problem_names_relations_of_its_model(problem: Problem) -> None:
    """Each path leads from the problem's model over relations only."""
    for path in problem.paths:
        model = apps.get_model(problem.model)
        for name in path.split(LOOKUP_SEP):
            related_model = model._meta.get_field(name).related_model
            assert isinstance(related_model, type)
            model = related_model


def _paths(form: str, problem: Problem) -> tuple[str, str]:
    if form == "own":
        return problem.slow_path, problem.fast_path
    return problem.other_slow_path, problem.other_fast_path


@both_forms
@every_problem
def test_fast_page_shows_the_same_as_the_slow_one(problem: Problem, form: str, visit: Visit) -> None:
    """A fast page sends the bytes that its slow twin sends."""
    slow_path, fast_path = _paths(form, problem)
    grow(23)
    slow, _ = visit(problem, slow_path)
    fast, _ = visit(problem, fast_path)
    assert slow == fast


@both_forms
@every_problem
def test_slow_page_runs_more_queries_with_more_rows(problem: Problem, form: str, visit: Visit) -> None:
    """A slow page pays at least one query for each row and path."""
    slow_path, _ = _paths(form, problem)
    grow(2)
    _, few = visit(problem, slow_path)
    grow(3)
    _, many = visit(problem, slow_path)
    assert many - few >= 3 * len(problem.paths)


@both_forms
@every_problem
def test_fast_page_runs_the_same_queries_with_more_rows(problem: Problem, form: str, visit: Visit) -> None:
    """A fast page runs a small number of queries, whatever the number of rows."""
    _, fast_path = _paths(form, problem)
    grow(2)
    _, few = visit(problem, fast_path)
    grow(3)
    _, many = visit(problem, fast_path)
    assert many == few <= 8
