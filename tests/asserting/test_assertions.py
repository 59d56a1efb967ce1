"""The assertions of ``quell.testing``."""

import re

import pytest
from django.test import TestCase

from quell.exceptions import UsageError
from quell.testing import (
    QuellAssertions,
    assert_constant_queries,
    assert_max_queries,
    assert_no_findings,
    quell_watch,
)
from tests.library.models import Author, Country

pytestmark = pytest.mark.databases


def _grow(count: int) -> None:
    for number in range(count):
        country = Country.objects.create(name=f"Country {number}")
        Author.objects.create(name=f"Author {number}", country=country)


def _slow() -> None:
    _ = [author.country.name for author in Author.objects.all()]


def _fast() -> None:
    _ = [author.country.name for author in Author.objects.select_related("country")]


def test_assert_max_queries_shows_shapes_lines_and_fix(db: None) -> None:
    """Queries that are too many are shown by shape, with their line and the fix."""
    _grow(3)
    with pytest.raises(AssertionError, match="4 queries ran, at most 2 may") as caught, assert_max_queries(2):
        _slow()
    text = str(caught.value)
    assert "  3 x SELECT" in text
    places = re.findall(r"(\S*test_assertions\.py):\d+", text)
    assert len(places) >= 2
    assert set(places) == {"tests/asserting/test_assertions.py"}
    assert "select_related" in text


def test_assert_max_queries_lets_the_maximum_pass(db: None) -> None:
    """As many queries as allowed are no failure."""
    _grow(3)
    with assert_max_queries(4):
        _slow()


def test_assert_max_queries_lets_an_error_pass(db: None) -> None:
    """An error of the block is what the test fails with."""

    def fail() -> None:
        with assert_max_queries(0):
            _grow(1)
            raise KeyError

    with pytest.raises(KeyError):
        fail()


def test_assert_no_findings_fires_and_stays_silent(db: None) -> None:
    """A loop over lazy loads fails, eager loading does not."""
    _grow(3)
    with pytest.raises(AssertionError, match=r"Q101 library\.Author country"), assert_no_findings():
        _slow()
    with assert_no_findings():
        _fast()


def _dashboard() -> object:
    return (
        Author.objects.count(),
        Author.objects.filter(name="x").count(),
        Author.objects.filter(name="y").count(),
    )


def test_assert_no_findings_fails_on_advice_where_asked(db: None) -> None:
    """Advice fails nothing by itself."""
    with assert_no_findings():
        _dashboard()
    with pytest.raises(AssertionError, match=r"Q110 library\.Author"), assert_no_findings(advice=True):
        _dashboard()


def test_assert_constant_queries_shows_what_grew(db: None) -> None:
    """The shape that grows is named with its counts, and the one that does not is left out."""
    with pytest.raises(AssertionError, match="1 query grows") as caught:
        assert_constant_queries(_slow, grow=_grow)
    assert "2 at 2 rows, 5 at 5 rows: SELECT" in str(caught.value)
    assert "1 at 2 rows" not in str(caught.value)


def test_assert_constant_queries_adds_the_differences(db: None) -> None:
    """``grow`` gets the rows to add, and what it runs does not count."""
    steps: list[int] = []

    def grow(count: int) -> None:
        steps.append(count)
        _grow(count)

    assert_constant_queries(_fast, grow=grow, sizes=(2, 3, 7))
    assert steps == [2, 1, 4]
    assert Author.objects.count() == 7


@pytest.mark.parametrize("sizes", [(), (2,), (2, 2), (5, 2), (0, 2)])
def test_assert_constant_queries_refuses_sizes_that_do_not_rise(db: None, sizes: tuple[int, ...]) -> None:
    """Sizes that do not rise prove nothing."""
    with pytest.raises(UsageError, match="sizes that rise"):
        assert_constant_queries(_fast, grow=_grow, sizes=sizes)


def test_assert_constant_queries_refuses_a_function_without_queries(db: None) -> None:
    """A function that runs no query proves nothing."""
    with pytest.raises(UsageError, match="ran no query"):
        assert_constant_queries(int, grow=_grow)


def test_quell_watch_is_a_watch(db: None) -> None:
    """The function gives a watch to open."""
    with quell_watch() as seen:
        _grow(1)
    assert len(seen.queries) == 2


class MixinTests(QuellAssertions, TestCase):
    """The mixin in Django's own test case."""

    def test_methods(self) -> None:
        """The methods do what the functions do."""
        self.assert_constant_queries(_fast, grow=_grow)
        with pytest.raises(AssertionError), self.assert_no_findings():
            _slow()
        with pytest.raises(AssertionError), self.assert_max_queries(1):
            _slow()
