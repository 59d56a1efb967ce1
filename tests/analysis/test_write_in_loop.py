"""The same write again and again, by one path."""

from typing import Any

import pytest

from quell.analysis.write_in_loop import MIN_CHUNK, find, row_count
from quell.events import Fetch, Location, QueryEvent, Schema
from quell.findings import Finding
from tests.analysis.records import ORIGIN, TRIGGER, recording, root, select, write

SCHEMA = Schema(
    models={"a": "shop.A", "b": "shop.B", "child": "shop.Child"}, parents={"shop.Child": ("shop.A",)}
)


def _find(*queries: QueryEvent, fetches: tuple[Fetch, ...] = (), threshold: int = 3) -> tuple[Finding, ...]:
    return find(recording(*fetches, queries=queries, schema=SCHEMA), threshold=threshold)


def _times(count: int, *sqls: str, **facts: Any) -> list[QueryEvent]:
    return [
        write(sql, path=path, **facts)
        for _ in range(count)
        for path, sql in enumerate(sqls or ("INSERT INTO a",))
    ]


def test_three_writes_are_found() -> None:
    """The rule fires, and names model and line."""
    (finding,) = _find(*_times(3))

    assert (finding.kind, finding.code, finding.count, finding.saved_queries) == (
        "write_in_loop",
        "Q105",
        3,
        2,
    )
    assert (finding.model, finding.path, finding.origin, finding.trigger) == ("shop.A", "", TRIGGER, TRIGGER)


@pytest.mark.parametrize(("threshold", "findings"), [(4, 1), (5, 0)])
def test_threshold_is_the_least_number_of_writes(threshold: int, findings: int) -> None:
    """With a threshold of five, four are silent."""
    assert len(_find(*_times(4), threshold=threshold)) == findings


def test_writes_of_different_lines_are_silent() -> None:
    """Three lines are no loop."""
    assert not _find(*(write(path=path, action=path) for path in (1, 2, 3)))


def test_reads_alone_are_silent() -> None:
    """They belong to other rules."""
    assert not _find(*(select(action=1, action_line=TRIGGER) for _ in range(3)))


def test_reads_of_a_write_belong_to_it() -> None:
    """The test of get_or_create() and its INSERT are one finding."""
    queries = [
        event
        for _ in range(3)
        for event in (
            write("SELECT id FROM a", path=1, verb="get_or_create"),
            write("INSERT INTO a (x) VALUES (%s)", path=2, verb="get_or_create"),
        )
    ]

    (finding,) = _find(*queries)

    assert (finding.count, finding.saved_queries, finding.model) == (6, 4, "shop.A")


def test_raw_statements_are_found() -> None:
    """Without a method of the ORM, and of a table that no model has."""
    (finding,) = _find(*_times(3, "UPDATE elsewhere SET x = %s", verb=""))

    assert finding.model == ""


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("INSERT INTO a (x) VALUES (%s), (%s)", id="rows"),
        pytest.param("INSERT INTO a (x) SELECT * FROM UNNEST((%s)::int[])", id="arrays"),
        pytest.param("UPDATE a SET x = %s WHERE id IN (%s, %s)", id="keys"),
        pytest.param("DELETE FROM a WHERE id IN (%s, %s, %s)", id="deleted keys"),
    ],
)
def test_batches_are_silent(sql: str) -> None:
    """Several rows per statement."""
    assert row_count(sql) > 1
    assert not _find(*_times(5, sql))


def test_last_batch_may_be_a_single_row() -> None:
    """What is left over at the end."""
    batch, single = "INSERT INTO a (x) VALUES (%s), (%s)", "INSERT INTO a (x) VALUES (%s)"

    assert not _find(*(write(sql) for sql in [*[batch] * 9, *[single] * 4]))


def test_executemany_is_silent() -> None:
    """Many rows in one call."""
    assert not _find(*_times(5, many=True))


def test_rows_of_a_relation_are_no_batch() -> None:
    """A few rows per call of add() are still one call per object."""
    rows = "INSERT INTO a (x) VALUES (%s), (%s)"

    assert len(_find(*_times(3, rows, verb="add"))) == 1
    assert not _find(
        *_times(3, f"DELETE FROM a WHERE id IN ({', '.join(['%s'] * MIN_CHUNK)})", verb="remove")
    )


@pytest.mark.parametrize("facts", [{"is_housekeeping": True}, {"is_looped_by_library": True}, {"action": 0}])
def test_writes_of_libraries_are_silent(facts: dict[str, Any]) -> None:
    """There is nothing for the user to change."""
    assert not _find(*_times(3, **facts))


def test_child_of_two_tables_is_the_model() -> None:
    """Whichever part of its row comes first."""
    insert, delete = ("INSERT INTO a", "INSERT INTO child"), ("DELETE FROM child", "DELETE FROM a")

    assert _find(*_times(3, *insert))[0].model == "shop.Child"
    assert _find(*_times(3, *delete, verb="delete"))[0].model == "shop.Child"


def test_model_of_a_delete_is_the_last() -> None:
    """What hangs on a row goes before it."""
    (finding,) = _find(
        *_times(3, "DELETE FROM b WHERE a_id = %s", "DELETE FROM a WHERE id = %s", verb="delete")
    )

    assert finding.model == "shop.A"


def test_queryset_built_elsewhere_is_the_origin() -> None:
    """Where a queryset ran the statement, its line is known."""
    orders = [root(call_path=7) for _ in range(3)]
    queries = [write("UPDATE a SET x = %s", path=7, fetch=order.number, verb="update") for order in orders]

    (finding,) = _find(*queries, fetches=tuple(orders))

    assert (finding.origin, finding.trigger) == (ORIGIN, TRIGGER)


def test_two_models_of_one_line_are_two_findings() -> None:
    """Two calls on one line."""
    queries = [
        *_times(3, action=1),
        *_times(3, "INSERT INTO b", action=2, action_line=Location("/project/views.py", 12, "view")),
    ]

    assert sorted(finding.model for finding in _find(*queries)) == ["shop.A", "shop.B"]


def _saves(*operations: str, **facts: Any) -> tuple[QueryEvent, ...]:
    sqls = {"insert": "INSERT INTO a (x) VALUES (%s)", "update": "UPDATE a SET x = %s WHERE id = %s"}
    paths = {"insert": 1, "update": 2}
    return tuple(write(sqls[item], path=paths[item], **facts) for item in operations)


def test_new_and_old_rows_are_counted_together() -> None:
    """Two rows by INSERT and one by UPDATE are three rows of one line."""
    (finding,) = _find(*_saves("insert", "update", "insert"))

    assert (finding.count, finding.saved_queries, finding.model) == (3, 1, "shop.A")
    assert not _find(*_saves("insert", "update"))


def test_update_that_finds_no_row_is_not_a_row_of_its_own() -> None:
    """Django tries an UPDATE before the INSERT of a row that has a key."""
    tried = _saves("update", row_count=0)

    assert not _find(*tried, *_saves("insert"), *tried, *_saves("insert"))


def test_two_saves_of_one_row_are_not_two_rows() -> None:
    """A save() of the user's may save twice, on two lines."""
    again = Location("/project/models.py", 9, "save")

    assert not _find(*(_saves("insert") + _saves("update", trigger=again)) * 2)
