"""The same SELECT with the same parameters again, with nothing in between."""

from dataclasses import replace
from typing import Any

import pytest

from quell.analysis import n_plus_one, query_in_loop
from quell.analysis.duplicate_query import find
from quell.events import Fetch, Location, QueryEvent, Schema
from quell.findings import Finding
from tests.analysis.records import ORIGIN, TRIGGER, lazy, prefetch, recording, repeat, root, select, write

AGAIN = Location("/project/views.py", 20, "again")


def _find(*queries: QueryEvent, fetches: tuple[Fetch, ...] = (), **facts: Any) -> tuple[Finding, ...]:
    return find(recording(*fetches, queries=queries, **facts))


def test_two_equal_reads_are_found() -> None:
    """The rule fires, and names the line of the repeat and all lines."""
    (finding,) = _find(repeat(), repeat(trigger=AGAIN))

    assert (finding.kind, finding.code, finding.count, finding.saved_queries) == (
        "duplicate_query",
        "Q104",
        2,
        1,
    )
    assert (finding.origin, finding.trigger, finding.triggers) == (TRIGGER, AGAIN, (TRIGGER, AGAIN))


def test_one_read_is_silent() -> None:
    """One is below the threshold."""
    assert not _find(repeat())


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"params_hash": 1}, id="parameters"),
        pytest.param({"alias": "other"}, id="alias"),
        pytest.param({"unit": 1}, id="request"),
    ],
)
def test_different_reads_are_silent(other: dict[str, Any]) -> None:
    """Everything has to be the same."""
    assert not _find(repeat(), repeat(**other))


@pytest.mark.parametrize(
    "between",
    [
        pytest.param("INSERT INTO a (x) VALUES (%s)", id="insert"),
        pytest.param('UPDATE "a" SET x = %s', id="update"),
        pytest.param("DELETE FROM public.a WHERE x = %s", id="delete in a schema"),
    ],
)
def test_write_to_the_table_separates(between: str) -> None:
    """Read, write, read back."""
    assert not _find(repeat(), write(between), repeat())


@pytest.mark.parametrize(
    ("between", "operation"),
    [
        pytest.param("CALL refill()", "other", id="procedure"),
        pytest.param("VACUUM", "other", id="unknown"),
        pytest.param("SELECT refill(1)", "select", id="function"),
        pytest.param("SELECT * FROM refill(1)", "select", id="function as a table"),
        pytest.param("WITH x AS (DELETE FROM a RETURNING id) SELECT id FROM x", "select", id="named query"),
    ],
)
def test_statement_that_may_write_anywhere_separates(between: str, operation: str) -> None:
    """Of what cannot be told, the worst is assumed."""
    assert not _find(repeat(), select(between, operation=operation), repeat())


def test_write_to_another_table_does_not_separate() -> None:
    """It has nothing to do with it."""
    assert len(_find(repeat(), write("INSERT INTO b (x) VALUES (%s)"), repeat())) == 1


def test_write_before_both_does_not_separate() -> None:
    """Only what lies in between does."""
    assert len(_find(write(), repeat(), repeat(), write())) == 1


def test_write_on_another_alias_separates() -> None:
    """It may be the replica of the same database."""
    assert not _find(repeat(), write(alias="writer"), repeat())


def test_reads_on_one_side_of_a_write_are_found() -> None:
    """A write separates, and hides nothing."""
    (finding,) = _find(repeat(), write(), repeat(), repeat(), repeat())

    assert finding.count == 3


def test_break_separates() -> None:
    """A rollback or another request lies in between."""
    assert not _find(repeat(), repeat(), breaks=(1,))
    assert len(_find(repeat(), repeat(), breaks=(0, 2))) == 1


def test_any_write_separates_reads_of_a_view() -> None:
    """Nobody can tell what a view shows."""
    schema = Schema(models={"a": "shop.A", "b": "shop.B"}, views=frozenset({"a"}))

    assert not _find(repeat(), write("DELETE FROM b"), repeat(), schema=schema)
    assert len(_find(repeat("SELECT id FROM b"), write("DELETE FROM c"), repeat("SELECT id FROM b"))) == 1


def test_what_the_database_deletes_separates() -> None:
    """Rows that go with others are written, too."""
    schema = Schema(models={"a": "shop.A", "b": "shop.B"}, cascades={"b": frozenset({"a"})})

    assert not _find(repeat(), write("DELETE FROM b"), repeat(), schema=schema)


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("SELECT 1", id="no table"),
        pytest.param("SELECT name FROM sqlite_master", id="catalog"),
        pytest.param("SELECT id FROM a ORDER BY RANDOM()", id="any order"),
        pytest.param("SELECT id FROM a WHERE at < NOW()", id="time"),
        pytest.param("SELECT id FROM a WHERE id = %s FOR UPDATE", id="lock"),
        pytest.param("SELECT id FROM a LIMIT 10 OFFSET 20", id="page"),
        pytest.param(f"SELECT id FROM a WHERE id IN ({', '.join(['%s'] * 60)})", id="chunk"),
    ],
)
def test_unstable_statements_are_silent(sql: str) -> None:
    """What may have another answer, or is read in pieces."""
    assert not _find(repeat(sql), repeat(sql))


def test_parts_of_writes_are_silent() -> None:
    """What save() reads, it reads to write."""
    assert not _find(repeat(verb="save"), repeat(verb="save"))


@pytest.mark.parametrize("facts", [{"action_line": None}, {"is_housekeeping": True}])
def test_repeats_of_a_library_are_silent(facts: dict[str, Any]) -> None:
    """There is nothing for the user to change."""
    assert not _find(repeat(), repeat(**facts))


def test_repeat_of_what_a_library_read_is_found() -> None:
    """What the user asks again, the user can leave out."""
    assert len(_find(repeat(action_line=None), repeat())) == 1


def test_relation_that_one_row_reads_again_is_named() -> None:
    """The model is that of the row, the path the relation."""
    order = root()
    loads = [lazy(order, "lines", owner=1, owner_model="shop.Order") for _ in range(2)]

    (finding,) = _find(*(repeat(fetch=load.number) for load in loads), fetches=(order, *loads))

    assert (finding.model, finding.path) == ("shop.Order", "lines")


def test_two_rows_that_lead_to_one_third_are_silent() -> None:
    """Neither asked twice."""
    order = root()
    loads = [lazy(order, "customer", owner=owner) for owner in (1, 2)]

    assert not _find(*(repeat(fetch=load.number) for load in loads), fetches=(order, *loads))


def test_queryset_names_model_and_origin() -> None:
    """The origin is the line that built it."""
    orders = [root(), root()]

    (finding,) = _find(
        *(repeat(fetch=order.number, trigger=AGAIN) for order in orders), fetches=tuple(orders)
    )

    assert (finding.model, finding.path, finding.origin, finding.trigger) == ("shop.Order", "", ORIGIN, AGAIN)


def test_prefetches_belong_to_their_queryset() -> None:
    """One cause is one finding."""
    orders = [root(), root()]
    items = [prefetch(order, "items") for order in orders]
    queries = [
        query
        for order, item in zip(orders, items, strict=True)
        for query in (repeat(fetch=order.number), repeat("SELECT id FROM b", fetch=item.number))
    ]

    (finding,) = _find(*queries, fetches=(*orders, *items))

    assert (finding.model, finding.count, finding.saved_queries) == ("shop.Order", 4, 2)


def test_choices_of_forms_are_silent() -> None:
    """Each field has a queryset of its own."""
    fields = [root(form_field=name) for name in ("author", "editor")]

    assert not _find(*(repeat(fetch=field.number) for field in fields), fetches=tuple(fields))


def test_findings_of_other_rules_go_first() -> None:
    """Loops and N+1 queries that repeat a statement are reported as such."""
    order = root()
    loads = [lazy(order, "customer", owner=owner) for owner in (1, 1, 2)]
    rows = recording(order, *loads, queries=tuple(repeat(fetch=load.number) for load in loads))
    loop = recording(queries=tuple(select(path=7, action=1, action_line=TRIGGER) for _ in range(3)))

    assert not find(rows, others=n_plus_one.find(rows, threshold=2, loop_threshold=3))
    assert not find(loop, others=query_in_loop.find(loop, threshold=3))
    assert find(loop)


def test_two_rows_asked_twice_on_one_line_are_one_finding() -> None:
    """One line is one cause."""
    queries = [repeat(params_hash=number) for number in (1, 2, 1, 2)]

    (finding,) = _find(*queries)

    assert (finding.count, finding.saved_queries) == (4, 2)


def test_line_of_a_loop_is_not_named_again() -> None:
    """What one line asks for many rows, and again for one of them, is the finding of the loop."""
    elsewhere = Location("/project/other.py", 3, "other")
    loop = Finding(kind="query_in_loop", code="Q102", trigger=TRIGGER, count=3, saved_queries=2)
    seen = recording(queries=(repeat(), repeat()))

    assert not find(seen, others=[loop])
    assert len(find(seen, others=[replace(loop, trigger=elsewhere)])) == 1
    assert len(find(recording(queries=(repeat(), repeat(trigger=elsewhere))), others=[loop])) == 1
