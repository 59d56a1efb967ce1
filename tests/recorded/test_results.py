"""What code returns with what was recorded of it: the same, and from no more queries."""

from collections.abc import Callable
from typing import Any

import pytest

from quell.loading.recorded.blocks import apply_plans
from quell.recording import record
from tests.library.models import Author, Book, Country, Loan, Member, Restaurant
from tests.ondemand.conftest import counted
from tests.ondemand.test_shapes import OF_BOOK, comparable
from tests.recorded import work

pytestmark = [pytest.mark.databases, pytest.mark.usefixtures("library")]

# By name: what runs, and the queries that are left.
SHAPES: dict[str, tuple[Callable[[], object], int]] = {
    "columns and a key": (work.bylines, 1),
    "two querysets of one function": (work.titles_and_texts, 2),
    "equal expressions": (work.twice, 2),
    "a queryset of the module": (work.from_module, 1),
    "iterator()": (work.one_by_one, 2),
    "iterator(chunk_size=2)": (lambda: work.one_by_one(2), 4),
    "composite key": (work.loans, 1),
    "self-relation": (work.followers, 2),
    "to_field": (work.slugs, 1),
    "two tables": (work.hosts, 1),
    "generic key": (work.subjects, 3),
    "a manager that hides rows": (work.drafts, 1),
    "a Prefetch with a queryset": (work.own_prefetch, 2),
    # A join would take a column that its author left out.
    "a column left out by hand": (work.own_columns, 2),
}


@pytest.fixture
def more_rows(library: None) -> None:
    """Rows of tables that the library leaves empty."""
    country = Country.objects.get(name="Country 0")
    for number, book in enumerate(Book.objects.order_by("pk")):
        member = Member.objects.order_by("pk")[number % 4]
        Loan.objects.create(member=member, number=number, book=book)
        Restaurant.objects.create(
            name=f"Place {number}", country=country, host=Author.objects.order_by("pk")[number]
        )


@pytest.mark.usefixtures("more_rows")
@pytest.mark.parametrize("name", SHAPES)
def test_recorded_shape_returns_the_same_from_few_queries(name: str) -> None:
    """Each shape returns what it returned before, and loads what it uses beforehand."""
    run, limit = SHAPES[name]
    with counted() as plain, record() as recorder:
        expected = run()
    with counted() as few, apply_plans(recorder.needs):
        found = run()

    assert found == expected
    assert len(few) <= min(limit, len(plain))


@pytest.mark.parametrize("name", OF_BOOK)
def test_recorded_relation_shows_the_same(name: str) -> None:
    """Whatever is asked of each row has the same answer, and takes no more queries than batching does."""
    show, limit = OF_BOOK[name]
    with counted() as plain, record() as recorder:
        expected = work.shown(show)
    with counted() as few, apply_plans(recorder.needs):
        found = work.shown(show)

    assert comparable(name, found) == comparable(name, expected)
    # A queryset that is built anew for each row is no relation, which quell could see to.
    is_own = name.startswith("a queryset that is given the row")
    assert len(few) <= (len(plain) if is_own else limit + 1)


def test_other_kinds_of_querysets_return_the_same() -> None:
    """Values, counts, unions, raw SQL, slices and single rows return what they returned."""
    with record() as recorder:
        expected = work.tuples()
    with apply_plans(recorder.needs):
        found = work.tuples()

    assert found == expected


def test_rows_that_are_read_together_are_loaded_once() -> None:
    """A list with its authors is one query, however often it is evaluated."""
    with record() as recorder:
        work.bylines()
    with counted() as queries, apply_plans(recorder.plans):
        work.bylines()
        work.bylines()

    assert len(queries) == 2


@pytest.mark.django_db(transaction=True)
async def test_async_iteration_has_plans() -> None:
    """Rows that are read by ``async for`` hold the columns that were recorded."""
    from asgiref.sync import sync_to_async

    await sync_to_async(Country.objects.create)(name="here")
    with record() as recorder:
        expected = [await work.titles_async(), await work.one_by_one_async()]
    with apply_plans(recorder.needs):
        found = [await work.titles_async(), await work.one_by_one_async()]

    assert found == expected
    assert [origin.place for origin in recorder.plans] == [
        "tests.recorded.work:one_by_one_async",
        "tests.recorded.work:titles_async",
    ]


def _sql(run: Callable[[], Any]) -> str:
    with counted() as queries:
        run()
    return str(queries[0]["sql"])


def test_columns_that_nothing_reads_stay_away() -> None:
    """A plan leaves out what was never read, and keeps what was."""
    with record() as recorder:
        work.bylines()
    with apply_plans(recorder.needs):
        sql = _sql(work.bylines)

    assert "title" in sql
    assert "text" not in sql
