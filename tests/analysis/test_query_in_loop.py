"""The same SELECT again and again, by one path."""

import pytest

from quell.analysis.query_in_loop import MIN_CHUNK, find, is_batched
from quell.events import QueryEvent
from tests.analysis.records import TRIGGER, lazy, orphan, prefetch, recording, root, select


def _count(*queries: QueryEvent, threshold: int = 3) -> int:
    return len(find(recording(queries=queries), threshold=threshold))


def test_three_repeats_are_found() -> None:
    """The rule fires, and names the line."""
    (finding,) = find(recording(queries=(select(), select(), select())), threshold=3)

    assert (finding.kind, finding.code, finding.count, finding.saved_queries) == (
        "query_in_loop",
        "Q102",
        3,
        2,
    )
    assert (finding.model, finding.origin, finding.trigger) == ("", TRIGGER, TRIGGER)


def test_queryset_of_the_loop_is_named() -> None:
    """Where a queryset ran the statement, its model and its line are known."""
    orders = root()
    queries = tuple(select(fetch=orders.number) for _ in range(3))

    (finding,) = find(recording(orders, queries=queries), threshold=3)

    assert (finding.model, finding.origin) == ("shop.Order", orders.origin)


def test_two_repeats_are_silent() -> None:
    """Two are below the threshold."""
    assert not _count(select(), select())


@pytest.mark.parametrize(("repeats", "findings"), [(4, 0), (5, 1)])
def test_threshold_is_the_least_number_of_repeats(repeats: int, findings: int) -> None:
    """With a threshold of five, four are silent and five are found."""
    assert _count(*(select() for _ in range(repeats)), threshold=5) == findings


def test_different_paths_are_silent() -> None:
    """Three lines are no loop."""
    assert not _count(select(path=1), select(path=2), select(path=3))


def test_different_statements_are_silent() -> None:
    """Three shapes by one path are no repeats."""
    assert not _count(*(select(f"SELECT 1 FROM {table}") for table in "abc"))


def test_literals_make_no_difference() -> None:
    """SQL that was put together by hand is one shape."""
    assert _count(*(select(f"SELECT 1 FROM a WHERE id = {number}") for number in range(3))) == 1


@pytest.mark.parametrize("operation", ["insert", "update", "delete", "other"])
def test_other_statements_are_silent(operation: str) -> None:
    """Writes belong to another rule."""
    assert not _count(*(select(operation=operation) for _ in range(3)))


def test_loads_of_rows_are_silent() -> None:
    """What a row asked for belongs to the rule for N+1."""
    orders = root()
    for fetches in ([lazy(orders, "a") for _ in range(3)], [prefetch(orders, "a") for _ in range(3)]):
        queries = tuple(select(fetch=fetch.number) for fetch in fetches)
        assert not find(recording(orders, *fetches, queries=queries), threshold=3)


def test_loads_of_rows_without_a_queryset_are_silent() -> None:
    """So does what a row asked for that nobody saw being loaded."""
    fetches = [orphan("a") for _ in range(3)]
    queries = tuple(select(fetch=fetch.number) for fetch in fetches)

    assert not find(recording(*fetches, queries=queries), threshold=3)


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("SELECT id FROM a ORDER BY id LIMIT 20 OFFSET 40", id="limit and offset"),
        pytest.param("SELECT id FROM a WHERE a.id > %s ORDER BY id LIMIT 20", id="key"),
        pytest.param('SELECT id FROM a WHERE "a"."at" < %s ORDER BY id DESC LIMIT 20', id="key downwards"),
        pytest.param("SELECT id FROM a OFFSET 40 ROWS FETCH NEXT 20 ROWS ONLY", id="fetch next"),
        pytest.param(f"SELECT id FROM a WHERE id IN ({', '.join(['%s'] * MIN_CHUNK)})", id="chunk of keys"),
    ],
)
def test_pages_and_chunks_are_batches(sql: str) -> None:
    """A walk through pages or chunks is no loop."""
    assert is_batched([select(sql)] * 4)
    assert not _count(*(select(sql) for _ in range(4)))


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("SELECT id FROM a WHERE id = %s LIMIT 21", id="get"),
        pytest.param("SELECT id FROM a WHERE x = %s ORDER BY id LIMIT 1", id="first"),
        pytest.param("SELECT id FROM a WHERE at > %s ORDER BY id LIMIT 1", id="next row"),
        pytest.param(
            f"SELECT id FROM a WHERE id IN ({', '.join(['%s'] * (MIN_CHUNK - 1))})", id="short list"
        ),
        pytest.param("SELECT COUNT(*) FROM a WHERE at > %s", id="count"),
    ],
)
def test_single_rows_and_short_lists_are_no_batches(sql: str) -> None:
    """One row at a time is what the rule is for."""
    assert not is_batched([select(sql)] * 4)
    assert _count(*(select(sql) for _ in range(4))) == 1


def test_empty_recording_gives_no_findings() -> None:
    """Nothing is fine."""
    assert not _count()


def test_one_instance_that_asks_again_and_again_is_silent() -> None:
    """The answers are the same each time: that is a repeat."""
    order = root()
    loads = [lazy(order, "lines", owner=1, call_path=1) for _ in range(3)]
    queries = tuple(select(fetch=load.number) for load in loads)

    assert not find(recording(order, *loads, queries=queries), threshold=3)


def test_one_instance_that_asks_for_something_else_each_time_is_a_loop() -> None:
    """The call chooses rows, so the answers differ."""
    order = root()
    loads = [lazy(order, "lines", owner=1, call_path=1, variant=("filter",)) for _ in range(3)]
    queries = tuple(select(fetch=load.number) for load in loads)

    (finding,) = find(recording(order, *loads, queries=queries), threshold=3)

    assert (finding.kind, finding.model) == ("query_in_loop", "shop.Other")


def test_two_shapes_of_one_line_are_one_finding() -> None:
    """One cause is one finding."""
    orders = root()
    queries = tuple(select(sql, fetch=orders.number) for sql in ("SELECT 1 FROM a", "SELECT 1 FROM b") * 3)

    (finding,) = find(recording(orders, queries=queries), threshold=3)

    assert (finding.count, finding.saved_queries) == (6, 4)


def test_same_parameters_without_a_loop_of_the_user_are_silent() -> None:
    """What a library asks of the user again and again has one answer each time: that is a repeat."""
    assert not _count(*(select(is_in_user_loop=False, params_hash=7) for _ in range(3)))


def test_parts_of_a_write_are_silent() -> None:
    """What get_or_create() reads belongs to the rule for writes."""
    assert not _count(*(select(verb="get_or_create") for _ in range(3)))


def test_other_parameters_without_a_loop_of_the_user_are_a_loop() -> None:
    """A library's loop over rows asks for another row each time."""
    queries = tuple(select(is_in_user_loop=False, params_hash=number) for number in range(3))

    (finding,) = find(recording(queries=queries), threshold=3)

    assert (finding.kind, finding.code) == ("query_in_loop", "Q102")


def test_what_django_keeps_for_itself_is_silent() -> None:
    """Sessions, logins, content types and sites."""
    assert not find(recording(queries=tuple(select(is_internal=True) for _ in range(5))), threshold=3)
