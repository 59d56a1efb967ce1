"""quell finds the twelve problems and proves their fixes, on every database and at any size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.models import User
from problems import PROBLEMS, Problem
from quell.management.profiling.isolation import Aliases, in_memory
from quell.management.profiling.running import PageProfiler
from quell.management.profiling.visiting import Visitor
from quell.reporting.report import Page
from seeding.data import grow
from seeding.world import ADMIN_EMAIL

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

SMALL, LARGE = 5, 25


@pytest.fixture(params=PROBLEMS, ids=lambda problem: problem.slug)
def problem(request: pytest.FixtureRequest) -> Problem:
    """One of the twelve problems."""
    chosen: Problem = request.param
    return chosen


@pytest.fixture
def few_rows() -> Iterator[None]:
    """Every page has five rows."""
    grow(SMALL)
    with in_memory():
        yield


def _profile(problem: Problem, path: str) -> Page:
    admin = User.objects.get(email=ADMIN_EMAIL) if problem.needs_user else None
    return PageProfiler(Visitor(Aliases(), admin)).profile(path)


@pytest.mark.usefixtures("few_rows")
def test_naive_page_is_explained_and_its_fix_proven(problem: Problem) -> None:
    """Every path of the problem is found from its model, with a line to change and a proof."""
    page = _profile(problem, problem.slow_path)

    found = {finding.path for finding in page.findings if finding.model == problem.model}
    assert found == set(problem.paths)
    assert all(finding.origin and finding.trigger and finding.suggestion for finding in page.findings)
    assert page.is_fixed, [finding.proof for finding in page.findings]


@pytest.mark.usefixtures("few_rows")
def test_fixed_page_runs_the_same_queries_at_any_size(problem: Problem) -> None:
    """With the fix, 25 rows take as many queries as 5; without it, more."""
    small = _profile(problem, problem.slow_path)
    grow(LARGE - SMALL)
    large = _profile(problem, problem.slow_path)

    assert small.queries_fixed == large.queries_fixed is not None
    assert small.queries < large.queries


@pytest.mark.usefixtures("few_rows")
def test_fast_page_is_clean_and_flat(problem: Problem) -> None:
    """Nothing is found on the fast twin, which runs the same queries for 5 rows and for 25."""
    small = _profile(problem, problem.fast_path)
    grow(LARGE - SMALL)
    large = _profile(problem, problem.fast_path)

    assert (small.findings, large.findings) == ((), ())
    assert small.queries == large.queries > 0
