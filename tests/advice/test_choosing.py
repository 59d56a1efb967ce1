"""A join or a query of its own: chosen by rows, distinct parents and the width of a parent."""

import pytest

from quell.advice.choosing import is_separate_cheaper, separate_paths, width_of
from quell.findings import Load
from tests.library.models import Author, Book, Country


@pytest.mark.parametrize(
    ("rows", "parents", "is_separate"),
    [
        (6, 1, False),
        (100, 1, False),
        (2_000, 12, True),
        (2_000, 2_000, False),
        (100_000, 50, True),
        (100_000, 100_000, False),
    ],
)
def test_narrow_parents_are_separate_when_many_rows_share_few(
    rows: int, parents: int, *, is_separate: bool
) -> None:
    """Few parents of many rows get a query of their own, distinct parents and small pages a join."""
    assert is_separate_cheaper(rows, parents, Country) is is_separate


def test_wide_parents_are_separate_earlier() -> None:
    """What a join repeats costs more when a row is wide."""
    rows, parents = 3_000, 900

    assert width_of(Book) > width_of(Country)
    assert not is_separate_cheaper(rows, parents, Country)
    assert is_separate_cheaper(rows, parents, Book)


def test_relation_to_many_rows_is_no_choice() -> None:
    """Only what a join could load is chosen."""
    load = Load(path="books", row_count=5_000, distinct_count=5)

    assert separate_paths(Author, [load]) == ()


def test_rows_of_many_pages_count_per_page() -> None:
    """A queryset that runs once per page has the rows of one page."""
    load = Load(path="country", row_count=5_000, distinct_count=5)
    paged = Load(path="country", row_count=5_000, distinct_count=5, evaluation_count=100)

    assert separate_paths(Author, [load]) == ("country",)
    assert separate_paths(Author, [paged]) == ()
