"""What a line says, and fingerprints that tell the lines of one function apart."""

from pathlib import Path

import pytest

from quell.anchors import anchor_of
from quell.events import Location
from quell.findings import Finding

CODE = """
def tickets():
    first = [t.owner for t in Ticket.objects.all()]  # a list
    for _ in "ab":
        second = [t.owner for t in Ticket.objects.open()]
    return first, second

def twice():
    yield Ticket.objects.all()
    yield Ticket.objects.all()
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A module with two functions."""
    file = tmp_path / "tickets.py"
    file.write_text(CODE)
    return file


def _anchor(file: Path, line: int, function: str = "tickets") -> str:
    return anchor_of(str(file), line, function)


def _finding(file: Path, line: int, function: str, *, call: int = 0) -> Finding:
    spot = Location(str(file), line, function)
    line_of_call = Location(str(file), call, function) if call else None
    return Finding(
        kind="n_plus_one",
        code="Q101",
        model="shop.Ticket",
        path="owner",
        origin=spot,
        call=line_of_call,
    )


def test_anchor_is_the_code_alone(source: Path) -> None:
    """Spaces and comments are no code."""
    assert _anchor(source, 3) == "first=[t.ownerfortinTicket.objects.all()]"


def test_anchor_numbers_equal_lines_of_a_function(source: Path) -> None:
    """The second of two equal lines is another one."""
    one, other = _anchor(source, 9, "twice"), _anchor(source, 10, "twice")

    assert other == f"{one}#1"


def test_anchor_ends_at_the_function(tmp_path: Path) -> None:
    """An equal line in a function above does not count."""
    file = tmp_path / "two.py"
    file.write_text("def a():\n    x()\n\n\ndef b():\n    if 1:\n        pass\n    x()\n")

    assert _anchor(file, 8, "b") == "x()"


def test_anchor_of_a_template(tmp_path: Path) -> None:
    """Equal lines are counted from the top."""
    file = tmp_path / "list.html"
    file.write_text("{{ t.owner }}{# shown #}\n<p>\n  {{ t.owner }}\n")

    assert [_anchor(file, line, "") for line in (1, 3)] == ["{{t.owner}}", "{{t.owner}}#1"]


@pytest.mark.parametrize("line", [0, 99])
def test_anchor_of_no_line(source: Path, line: int) -> None:
    """A line that the file does not have says nothing."""
    assert not _anchor(source, line)


def test_anchor_without_source() -> None:
    """Nor does that of a file that is gone."""
    assert not anchor_of("<string>", 1, "run")


def test_fingerprint_tells_two_lines_of_a_function_apart(source: Path) -> None:
    """Two querysets of one model are two causes."""
    marks = {_finding(source, line, "tickets").fingerprint for line in (3, 5)}

    assert len(marks) == 2


def test_fingerprint_survives_a_shift(source: Path, tmp_path: Path) -> None:
    """Lines above, a deeper block and another comment change nothing."""
    (tmp_path / "moved").mkdir()
    moved = tmp_path / "moved" / "tickets.py"
    moved.write_text(CODE.replace("def tickets", "import os\n\n\ndef tickets").replace("# a list", "# mine"))

    assert _finding(moved, 6, "tickets").fingerprint == _finding(source, 3, "tickets").fingerprint


def test_fingerprint_tells_two_calls_apart(source: Path) -> None:
    """Two lines that ask the same queryset for something of their own are two causes."""
    marks = {_finding(source, 3, "tickets", call=line).fingerprint for line in (0, 5, 6)}

    assert len(marks) == 3
