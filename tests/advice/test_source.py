"""The call chain behind a manager is read off the source."""

from pathlib import Path

import pytest

from quell.advice.chains import is_static, read_chain
from quell.advice.source import chain_behind
from quell.events import Location


def _chain(folder: Path, code: str, line: int = 1, name: str = "code.py") -> str:
    file = folder / name
    file.write_text(code)
    return chain_behind(Location(str(file), line), "comments")


@pytest.mark.parametrize(
    ("code", "chain"),
    [
        ("x = ticket.comments.filter(is_public=True)[:3]", ".filter(is_public=True)[:3]"),
        ("x = ticket.comments.count()", ".count()"),
        ("x = [c for c in ticket.comments.all().order_by('pk')]", ".all().order_by('pk')"),
        ("x = ticket.comments.filter(*a, **b)", ".filter(*a, **b)"),
        ("x = f'{ticket.comments.exclude(a=1).first()}'", ".exclude(a=1).first()"),
        ("x = ticket.comments", ""),
        ("x = ticket.tags.count()", ""),
        ("x = (", ""),
        ("x = 1\0", ""),
    ],
)
def test_chain_is_spelled_as_in_the_source(tmp_path: Path, code: str, chain: str) -> None:
    """Calls and slices behind the accessor are returned, and nothing where there are none."""
    assert _chain(tmp_path, code) == chain


def test_chain_over_lines_is_found_from_any_of_them(tmp_path: Path) -> None:
    """An expression belongs to each line that it spans."""
    code = "x = (\n    ticket.comments\n    .filter(a=1)\n    .count()\n)"

    assert {_chain(tmp_path, code, line) for line in (2, 3, 4)} == {".filter(a=1).count()"}


def test_template_has_no_chain(tmp_path: Path) -> None:
    """Only Python is read."""
    assert _chain(tmp_path, "ticket.comments.count()", name="page.html") == ""


def test_unknown_place_has_no_chain() -> None:
    """Without a line there is nothing to read."""
    assert chain_behind(None, "comments") == ""


@pytest.mark.parametrize(
    ("code", "line", "is_same"),
    [
        ("from shop import *\nfor t in rows:\n    t.comments.filter(Q(a=LIMIT))", 3, True),
        ("def run(rows):\n    for t in rows:\n        t.comments.filter(a=t.a)", 3, False),
        ("def run(rows, limit):\n    return [t.comments.filter(a=limit) for t in rows]", 2, False),
        ("for t in rows:\n    limit = t.a\n    t.comments.filter(a=limit)", 3, False),
        ("limit = 3\nfor t in rows:\n    t.comments.filter(a=limit)", 3, True),
        (
            "def run(rows):\n    def own(t): ...\n    return [t.comments.filter(a=own(1)) for t in rows]",
            3,
            False,
        ),
        ("try:\n    x\nexcept E as e:\n    t.comments.filter(a=e.args)", 4, False),
        ("@cached(lambda t: t.comments.filter(a=LIMIT))\ndef f(): ...", 1, True),
        (
            "def run(rows):\n    for t in rows:\n        done = []\n        t.comments.filter(a=len(done))",
            4,
            False,
        ),
        ("match row:\n    case [a, *b]:\n        row.comments.filter(a=b)", 3, False),
    ],
)
def test_names_that_code_around_a_line_sets_may_vary(
    tmp_path: Path, code: str, line: int, *, is_same: bool
) -> None:
    """All other names are the module's, whoever defines them."""
    file = tmp_path / "code.py"
    file.write_text(code)
    chain = read_chain(Location(str(file), line), "comments")

    assert chain.steps
    assert chain.is_same_for_all(chain.steps) == is_same


@pytest.mark.parametrize(
    ("change", "is_same"), [("done.append(t)", False), ("done += [t]", False), ("print(done)", True)]
)
def test_names_that_a_loop_changes_vary(tmp_path: Path, change: str, *, is_same: bool) -> None:
    """What is known in front of the queryset is known there, unless the loop adds to it."""
    file = tmp_path / "code.py"
    file.write_text(
        f"def run():\n    done = []\n    for t in Ticket.objects.all():\n"
        f"        t.comments.filter(a=len(done))\n        {change}\n"
    )
    spot, origin = Location(str(file), 4), Location(str(file), 3)
    chain = read_chain(spot, "comments", origin=origin)

    assert chain.is_same_for_all(chain.steps) == is_same


@pytest.mark.parametrize(
    ("decorator", "found"), [("@staticmethod", True), ("@classmethod", True), ("@property", False)]
)
def test_function_of_no_instance_is_known(tmp_path: Path, decorator: str, *, found: bool) -> None:
    """A method of a class need not have an instance to keep something on."""
    file = tmp_path / "code.py"
    file.write_text(
        f"class Config:\n    {decorator}\n    def solo(x):\n        return Team.objects.get(pk=1)\n"
    )

    assert is_static(Location(str(file), 4)) == found


def test_no_function_belongs_to_an_instance() -> None:
    """Nor does a line of a template."""
    assert not is_static(None)
