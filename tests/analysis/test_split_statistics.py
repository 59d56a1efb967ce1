"""Several counts and aggregates of one model, asked one by one."""

from dataclasses import replace
from typing import Any

import pytest

from quell.analysis import query_in_loop
from quell.analysis.split_statistics import find
from quell.events import Fetch, Location, QueryEvent
from quell.findings import Finding
from tests.analysis.records import TRIGGER, recording, repeat, root, write

COUNT = 'SELECT COUNT(*) AS "__count" FROM "a"'
LINES = [Location("/project/views.py", number, "view") for number in range(20, 30)]


def _number(position: int, **changes: Any) -> tuple[QueryEvent, Fetch]:
    """Return a count with a condition of its own."""
    facts = {"method": "count", "trigger": LINES[position], **changes.pop("fetch", {})}
    fetch = replace(root(), **facts)
    sql = changes.pop("sql", f'{COUNT} WHERE "a"."c{position}" = %s')
    event = repeat(sql, fetch=fetch.number, trigger=LINES[position], **changes)
    return event, fetch


def _find(*numbers: tuple[QueryEvent, Fetch], **facts: Any) -> tuple[Finding, ...]:
    queries = tuple(event for event, _ in numbers)
    return find(recording(*(fetch for _, fetch in numbers), queries=queries), **facts)


def test_three_numbers_of_one_model_are_found() -> None:
    """The rule fires as an advice, and names each line."""
    (finding,) = _find(_number(0), _number(1, fetch={"method": "aggregate"}), _number(2))

    assert (finding.kind, finding.code, finding.level) == ("split_statistics", "Q110", "advice")
    assert (finding.model, finding.count, finding.saved_queries) == ("shop.Order", 3, 2)
    assert (finding.origin, finding.triggers) == (LINES[0], tuple(LINES[:3]))


def test_two_numbers_are_silent() -> None:
    """A list's count and one more are no dashboard."""
    assert not _find(_number(0), _number(1))


@pytest.mark.parametrize(
    "third",
    [
        pytest.param({"alias": "other"}, id="database"),
        pytest.param({"unit": 7}, id="request"),
        pytest.param({"is_in_user_loop": True}, id="loop"),
        pytest.param({"is_looped_by_library": True}, id="loop of a library"),
        pytest.param({"is_housekeeping": True}, id="framework"),
        pytest.param({"fetch": {"method": "exists"}}, id="existence"),
        pytest.param({"fetch": {"model": "shop.Customer"}}, id="model"),
        pytest.param({"fetch": {"kind": "lazy", "owner": 1, "hops": ("orders",)}}, id="relation of a row"),
    ],
)
def test_other_numbers_are_silent(third: dict[str, Any]) -> None:
    """They are of one model and database, asked in one request by the user's code, and in no loop."""
    assert not _find(_number(0), _number(1), _number(2, **third))


def test_numbers_of_another_function_are_silent() -> None:
    """Each function asks what it needs; the methods of one class belong together."""
    events = [_number(position) for position in range(3)]
    elsewhere = Location("/project/views.py", 22, "other")
    apart = (repeat(f"{COUNT} WHERE c2 = %s", fetch=events[2][1].number, trigger=elsewhere), events[2][1])

    assert not _find(*events[:2], apart)
    methods = [Location("/project/views.py", n, f"Board.{name}") for n, name in enumerate(("a", "b", "c"))]
    of_class = [
        (repeat(f"{COUNT} WHERE c{n} = %s", fetch=fetch.number, trigger=methods[n]), fetch)
        for n, (_, fetch) in enumerate(events)
    ]
    assert len(_find(*of_class)) == 1


def test_a_write_in_between_separates() -> None:
    """What was changed meanwhile is another number; a write to another table is not."""
    first, second, third = (_number(position) for position in range(3))
    fetches = [fetch for _, fetch in (first, second, third)]

    def found(between: str) -> tuple[Finding, ...]:
        return find(recording(*fetches, queries=(first[0], second[0], write(between), third[0])))

    assert not found('INSERT INTO "a" (x) VALUES (%s)')
    assert found('INSERT INTO "b" (x) VALUES (%s)')


def test_the_count_of_a_list_is_no_number() -> None:
    """A paginator counts the rows that it shows a page of."""
    page = root("shop.Order", sql='SELECT * FROM "a" WHERE "a"."c0" = %s ORDER BY "a"."id" LIMIT 20')
    numbers = [_number(position) for position in range(4)]
    queries = tuple(event for event, _ in numbers)
    fetches = [fetch for _, fetch in numbers]

    (finding,) = find(recording(page, *fetches, queries=queries))
    assert finding.count == 3
    assert not find(recording(page, *fetches[:3], queries=queries[:3]))


def test_the_same_number_twice_counts_once() -> None:
    """What is asked again belongs to another rule."""
    same = {"sql": f"{COUNT} WHERE x = %s", "params_hash": 3}

    assert not _find(_number(0, **same), _number(1, **same), _number(2))


def test_what_a_loop_asks_belongs_to_the_loop() -> None:
    """Statements of other findings are not reported again."""
    events = [_number(position) for position in range(3)]
    loop = Finding(
        kind=query_in_loop.KIND, code=query_in_loop.CODE, trigger=TRIGGER, statements=(events[0][0],)
    )

    assert not _find(*events, others=(loop,))
