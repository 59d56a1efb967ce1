"""The guides for people who come from other tools: each block of code runs, beside the other tool where it is one's."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import TestCase, override_settings

import quell
from quell.checks import check_settings
from quell.testing import QuellAssertions, assert_no_findings
from tests.library.models import Author, Country

_PAGE = Path(__file__).parent.parent / "docs" / "migrating.md"
_BLOCKS = [
    "\n".join(line.removeprefix(indent) for line in body.splitlines())
    for indent, body in re.findall(
        r"^( *)```python\n(.*?)^ *```$", _PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
]


def _blocks(word: str) -> list[str]:
    found = [block for block in _BLOCKS if word in block]
    assert found, f"docs/migrating.md has no block with {word}"
    return found


def create_authors(count: int) -> None:
    """Add authors with a country each."""
    for number in range(count):
        Author.objects.create(
            name=f"Author {number}", country=Country.objects.create(name=f"Country {number}")
        )


def render_list() -> int:
    """Load what is shown."""
    return len([author.country.name for author in Author.objects.select_related("country")])


def render_slow_list() -> int:
    """Load what is shown one by one."""
    return len([author.country.name for author in Author.objects.all()])


class GuideTests(QuellAssertions, TestCase):
    """What the guide shows as methods of a test case."""

    def test_assertions_of_the_guide_run(self) -> None:
        """The method with the number, with the maximum, and with growing rows."""
        blocks = _blocks("def test_list(self)")
        assert len(blocks) == 3
        for block in blocks:
            names: dict[str, Any] = {
                # Three queries, for the number in the guide.
                "render_list": lambda: [Country.objects.count(), Author.objects.count(), render_list()],
                "create_tickets": create_authors,
            }
            exec(block, names)
            names["test_list"](self)


@pytest.mark.django_db
def test_blocks_of_zeal_and_of_quell_run() -> None:
    """What is taken out and what is put in its place do the same on the same rows."""
    from zeal import zeal_context, zeal_ignore

    create_authors(3)
    given: dict[str, Any] = {
        "zeal_context": zeal_context,
        "zeal_ignore": zeal_ignore,
        "assert_no_findings": assert_no_findings,
        "quell": quell,
        "render_list": render_list,
        "render_slow_list": render_slow_list,
    }
    blocks = [*_blocks("_list()")]
    for block in [each for each in blocks if each.startswith("with")]:
        with quell.watch() as watch:
            exec(block, given)
        # What zeal is told to ignore is still seen by quell.
        assert "zeal_ignore" in block or watch.findings == (), block


def test_settings_of_the_guide_are_right() -> None:
    """The block of INSTALLED_APPS and MIDDLEWARE can be pasted, and the setting passes the checks."""
    names: dict[str, Any] = {"INSTALLED_APPS": [], "MIDDLEWARE": []}
    exec(_blocks("MIDDLEWARE +=")[0], names)
    assert names["MIDDLEWARE"] == ["quell.middleware.QuellMiddleware"]
    exec(_blocks("QUELL_IGNORE = ")[0], names)
    with override_settings(QUELL_IGNORE=names["QUELL_IGNORE"]):
        # The model is one of the reader's.
        assert {item.id for item in check_settings(None)} <= {"quell.W001"}


def test_setting_of_nplusone_is_one_that_it_takes() -> None:
    """What is taken out silences nplusone for the relation that the entry of quell names, and for no other."""
    from nplusone.core.listeners import LazyLoadMessage, Rule

    names: dict[str, Any] = {}
    exec(_blocks("NPLUSONE_WHITELIST = ")[0], names)
    exec(_blocks("QUELL_IGNORE = ")[0], names)
    rules = [Rule(**rule) for rule in names["NPLUSONE_WHITELIST"]]
    (entry,) = names["QUELL_IGNORE"]
    ticket = type(entry["model"].partition(".")[2], (), {})

    assert LazyLoadMessage(ticket, entry["path"]).match(rules)
    assert not LazyLoadMessage(ticket, "comments").match(rules)
    assert not LazyLoadMessage(Author, entry["path"]).match(rules)


@pytest.mark.parametrize("name", ["nplusone", "zeal"])
def test_named_settings_exist_in_the_other_tool(name: str, pytestconfig: pytest.Config) -> None:
    """Every setting of another tool on the page is one that it reads."""
    import importlib.util

    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    code = "".join(file.read_text() for file in Path(spec.origin).parent.rglob("*.py"))
    for setting in set(re.findall(rf"\b{name.upper()}_\w+", _PAGE.read_text())):
        assert setting in code, setting


def test_every_block_is_run() -> None:
    """No block of the page is without a test."""
    words = ("def test_list(self)", "_list()", "MIDDLEWARE +=", "QUELL_IGNORE = ", "NPLUSONE_WHITELIST = ")
    assert all(any(word in block for word in words) for block in _BLOCKS)
