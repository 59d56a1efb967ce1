"""What ``quell fix`` prints of a change is a diff that other tools take."""

import subprocess
from pathlib import Path

import pytest

from quell.management.fixing.report import Result, as_text
from quell.management.fixing.source import Source
from quell.reporting.terminal import Paint

TEXTS = {
    "last line": ("a = 1\nb = 2\n", "a = 1\nb = 3\n"),
    "lines behind the last one": ("class A:\n    b = 2\n", "class A:\n    b = 2\n\n    c = 3\n"),
    "no newline at the end": ("a = 1\nb = 2", "a = 1\nb = 3"),
    "no newline behind what stays": ("a = 1\nb = 2", "a = 3\nb = 2"),
}


@pytest.mark.parametrize(("before", "after"), TEXTS.values(), ids=TEXTS)
def test_diff_can_be_applied(
    before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``quell fix > fixes.diff`` and ``git apply fixes.diff`` write what ``--apply`` writes."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "views.py"
    path.write_text(before)
    subprocess.run(["git", "init", "--quiet"], check=True)

    text = as_text(Result(files={path: (Source(path, before), after)}), Paint(is_on=False))
    subprocess.run(["git", "apply"], input=text, text=True, check=True)

    assert path.read_text() == after
