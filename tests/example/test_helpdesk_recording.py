"""The naive pages of the help desk with what was recorded on them: the same bytes, the queries of the fast twins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test.utils import override_settings

from problems import PROBLEMS, Problem
from quell.loading.recorded.blocks import apply_plans
from quell.loading.recorded.files import EMPTY, write_plans
from quell.recording import Recorder, record
from seeding.data import grow

pytestmark = pytest.mark.django_db

Visit = Callable[[Problem, str], tuple[bytes, int]]


every_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.slug)
both_forms = pytest.mark.parametrize("form", ["own", "other"])


@pytest.fixture
def visit(visit: Callable[[Problem, str], tuple[bytes, list[str]]]) -> Visit:
    """Return what a path shows, and the number of statements."""

    def open_page(problem: Problem, path: str) -> tuple[bytes, int]:
        shown, statements = visit(problem, path)
        return shown, len(statements)

    return open_page


def test_one_file_serves_all_naive_pages(visit: Visit, tmp_path: Path) -> None:
    """A file that was recorded over all naive pages is applied by the setting alone: same bytes, few queries."""
    paths = [(problem, path) for problem in PROBLEMS for path in (problem.slow_path, problem.other_slow_path)]
    grow(5)
    recorder = Recorder()
    for problem, path in paths:
        with recorder.block():
            visit(problem, path)
    write_plans(tmp_path / "plans.json", EMPTY.merged(recorder.needs))
    plain = {path: visit(problem, path) for problem, path in paths}
    with override_settings(QUELL_PLANS=tmp_path / "plans.json"):
        planned = {path: visit(problem, path) for problem, path in paths}

    assert {path: shown for path, (shown, _) in planned.items()} == {
        path: shown for path, (shown, _) in plain.items()
    }
    assert max(count for _, count in planned.values()) <= 5


@both_forms
@every_problem
def test_naive_page_with_its_recording_is_as_fast_as_its_twin(
    problem: Problem, form: str, visit: Visit
) -> None:
    """A naive page with what was recorded on it shows the same bytes, from the queries of its fast twin."""
    slow = problem.slow_path if form == "own" else problem.other_slow_path
    fast = problem.fast_path if form == "own" else problem.other_fast_path
    grow(5)
    with record() as recorder:
        visit(problem, slow)
    grow(8)
    plain, many = visit(problem, slow)
    with apply_plans(recorder.needs):
        shown, few = visit(problem, slow)
    _, twin = visit(problem, fast)

    assert shown == plain
    # Its twin counts in the statement of the articles, which only code can ask for.
    extra = 1 if problem.slug == "article-views" else 0
    assert few <= twin + extra < many
