"""What a loop repeats for a reason."""

import pytest

from quell.analysis.needed import is_asked_anew, is_chunked
from quell.events import QueryEvent, Schema
from tests.analysis.records import recording, select

SCHEMA = Schema(models={"a": "shop.A"}, keys={"a": "id"})
RANGE = 'SELECT "a"."x" FROM "a" WHERE ("a"."id" > %s AND "a"."id" <= %s)'


def _chunk(*values: int) -> QueryEvent:
    keys = ", ".join(["%s"] * len(values))
    return select(
        f'SELECT x FROM "a" WHERE "a"."id" IN ({keys})', params_hash=hash(values), value_hashes=values
    )


@pytest.mark.parametrize("last", [(5, 6), (5,)])
def test_lists_of_one_length_are_chunks(last: tuple[int, ...]) -> None:
    """The last chunk may be what is left."""
    assert is_chunked([_chunk(1, 2), _chunk(3, 4), _chunk(*last)], SCHEMA)


@pytest.mark.parametrize("other", [(2, 3), (3, 4, 5), (3,)])
def test_lists_of_rows_are_no_chunks(other: tuple[int, ...]) -> None:
    """Lists that share a value or differ in length are brought along by rows."""
    assert not is_chunked([_chunk(1, 2), _chunk(*other), _chunk(6, 7)], SCHEMA)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM a WHERE (a.b_id = %s AND a.status IN (%s, %s))",
        "SELECT 1 FROM a WHERE (a.status IN (%s, %s) AND NOT (a.x LIKE '%%s' OR a.b_id = %s))",
    ],
)
def test_list_that_all_statements_share_is_no_chunk(sql: str) -> None:
    """The rows of the loop differ in another value: the list is a condition like any other."""
    orders = [(row, 1, 2) if "COUNT" in sql else (1, 2, row) for row in (7, 8, 9)]
    events = [select(sql, params_hash=hash(values), value_hashes=values) for values in orders]

    assert not is_chunked(events, SCHEMA)


def test_list_of_keys_beside_another_list_is_a_chunk() -> None:
    """One of the lists walks through keys, the other is a condition."""
    sql = "SELECT x FROM a WHERE (a.status IN (%s, %s) AND a.id IN (%s, %s))"
    keys = [(1, 2), (3, 4), (5, 6)]
    events = [select(sql, params_hash=hash(pair), value_hashes=(8, 9, *pair)) for pair in keys]

    assert is_chunked(events, SCHEMA)


def test_lists_without_values_are_no_chunks() -> None:
    """What cannot be told apart is a loop."""
    assert not is_chunked([select("SELECT x FROM a WHERE id IN (%s, %s)")] * 3, SCHEMA)


@pytest.mark.parametrize(
    ("sql", "is_range"),
    [
        (RANGE, True),
        ('SELECT "a"."x" FROM "a" WHERE "a"."id" BETWEEN %s AND %s', True),
        (RANGE.replace("id", "at"), False),
        (RANGE.replace('"a"."x"', "COUNT(*)"), False),
        ('SELECT "a"."x" FROM "a" WHERE "a"."id" > %s', False),
    ],
)
def test_rows_by_ranges_of_the_key_are_chunks(sql: str, is_range: bool) -> None:
    """Other columns, numbers and open ranges are not."""
    assert is_chunked([select(sql)] * 3, SCHEMA) is is_range


def test_question_after_each_write_is_asked_anew() -> None:
    """A write to the table lies between all of the reads."""
    reads = [select("SELECT x FROM a") for _ in range(3)]
    writes = [select("DELETE FROM a", operation="delete") for _ in range(2)]
    every = (reads[0], writes[0], reads[1], writes[1], reads[2])

    assert is_asked_anew(reads, recording(queries=every, schema=SCHEMA))
    assert not is_asked_anew(reads, recording(queries=(*reads, *writes), schema=SCHEMA))


def test_question_after_each_rollback_is_asked_anew() -> None:
    """So is a retry."""
    reads = [select("SELECT x FROM a") for _ in range(3)]

    assert is_asked_anew(reads, recording(queries=tuple(reads), schema=SCHEMA, breaks=(1, 2)))


def test_different_questions_are_not_asked_anew() -> None:
    """Other parameters are other rows, whatever was written in between."""
    reads = [select("SELECT x FROM a", params_hash=number) for number in range(3)]

    assert not is_asked_anew(reads, recording(queries=tuple(reads), schema=SCHEMA, breaks=(1, 2)))
