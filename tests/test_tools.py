"""The tools that decide whether a run is green."""

from pathlib import Path

import pytest

from tools.cells import Cell, Result, count_outcomes
from tools.environments import MATRIX
from tools.sizes import complaints


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("3 passed in 0.05s", {"passed": 3}),
        (
            "1 failed, 2 passed, 1 skipped, 1 xfailed in 61.10s (0:01:01)",
            {"failed": 1, "passed": 3, "skipped": 1},
        ),
        ("2 errors in 1.11s", {"error": 2, "passed": 0}),
        ("no tests ran in 0.01s", {"passed": 0}),
    ],
)
def test_count_outcomes_reads_the_last_summary(summary: str, expected: dict[str, int]) -> None:
    """Counts come from the closing line, not from what a test printed."""
    assert count_outcomes(f"9 passed in 9.99s\nnoise\n{summary}\n") == expected


def test_line_of_a_missing_part_is_one_plain_line() -> None:
    """A cell that could not run says why."""
    cell = Cell(environment=MATRIX[0], part="postgres", command=())

    line = Result(cell=cell, skipped=1, reason="PostgreSQL does not answer").line()

    assert line.split(maxsplit=2) == ["py311-django52", "postgres", "skipped: PostgreSQL does not answer"]


@pytest.mark.parametrize(("body_lines", "is_accepted"), [(38, True), (39, False)])
def test_complaints_hold_at_the_function_limit(tmp_path: Path, body_lines: int, is_accepted: bool) -> None:
    """A function of 40 lines is too long, one of 39 is not, and its docstring does not count."""
    file = tmp_path / "module.py"
    file.write_text('def f():\n    """\n    Long.\n    """\n' + "    g()\n" * body_lines)

    assert (list(complaints(file, tmp_path)) == []) is is_accepted


def test_adoption_takes_at_most_five_lines_of_settings() -> None:
    """The tutorial shows what is added to the settings, and that is all."""
    from tools.adoption import _ADDED, _MOST_LINES, ROOT

    assert _ADDED.count("\n") < _MOST_LINES
    shown = (ROOT / "docs" / "tutorial.md").read_text()
    assert shown.count("settings.py") == shown.count(f"$ echo '{_ADDED}' >> site_/settings.py") == 2
