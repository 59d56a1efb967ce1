"""Two or more instances that hold the rows of a relation, each asking the database for them again."""

from typing import Any

import pytest

from quell.analysis import n_plus_one
from quell.analysis.climbing import MAX_HOPS
from quell.analysis.defeated_prefetch import find
from quell.events import Fetch, Location
from quell.findings import Finding
from tests.analysis.records import ORIGIN, TRIGGER, lazy, orphan, prefetch, recording, root

LINE = Location("/project/rows.py", 3, "row")


def _find(*fetches: Fetch, threshold: int = 2) -> tuple[Finding, ...]:
    return find(recording(*fetches), threshold=threshold, loop_threshold=3)


def _call(parent: Fetch, **changes: Any) -> Fetch:
    facts = {"was_prefetched": True, "variant": ("filter",), "is_single": False, "can_join": False}
    return lazy(parent, "items", **{**facts, **changes})


def test_call_on_prefetched_rows_is_found() -> None:
    """The rule fires, and names the queryset, the path, both lines, and that no query was needed."""
    orders = root()

    (finding,) = _find(orders, prefetch(orders, "items"), _call(orders), _call(orders))

    assert (finding.kind, finding.code, finding.level) == ("defeated_prefetch", "Q103", "problem")
    assert (finding.model, finding.path, finding.count, finding.saved_queries) == (
        "shop.Order",
        "items",
        2,
        2,
    )
    assert (finding.origin, finding.trigger) == (ORIGIN, TRIGGER)


def test_call_on_prefetched_rows_is_no_n_plus_one() -> None:
    """One cause is one finding."""
    orders = root()
    seen = recording(orders, _call(orders), _call(orders))

    assert not n_plus_one.find(seen, threshold=2, loop_threshold=3)


def test_call_on_rows_that_were_not_prefetched_is_silent() -> None:
    """Without a prefetch the rule for N+1 knows."""
    orders = root()

    assert not _find(orders, _call(orders, was_prefetched=False), _call(orders, was_prefetched=False))


def test_one_instance_is_silent() -> None:
    """What counts is instances, not queries."""
    orders = root()

    assert not _find(orders, _call(orders, owner=7), _call(orders, owner=7))


def test_threshold_is_the_least_number_of_instances_that_held_rows() -> None:
    """With a threshold of three, two are silent and three are found; those without rows do not count."""
    orders = root()
    calls = [_call(orders) for _ in range(3)]
    other = _call(orders, was_prefetched=False)

    assert not _find(orders, *calls[:2], other, threshold=3)
    assert len(_find(orders, *calls, other, threshold=3)) == 1


@pytest.mark.parametrize("method", ["update", "delete", "set", "get_or_create", "update_or_create"])
def test_write_is_silent(method: str) -> None:
    """Who writes passes by the cache on purpose."""
    orders = root()

    assert not _find(orders, *(_call(orders, method=method) for _ in range(2)))


def test_no_fetches_give_no_findings() -> None:
    """An empty recording is fine."""
    assert not _find()


def test_path_leads_through_the_prefetch_above() -> None:
    """The root is the queryset that the whole prefetch was declared on."""
    shops = root("shop.Shop")
    orders = prefetch(shops, "orders")

    (finding,) = _find(shops, orders, _call(orders), _call(orders))

    assert (finding.model, finding.path) == ("shop.Shop", "orders__items")


def test_two_lines_are_two_findings() -> None:
    """Each line is a call to change."""
    orders = root()
    calls = [_call(orders, trigger=line) for line in (TRIGGER, LINE) for _ in range(2)]

    assert {finding.trigger for finding in _find(orders, *calls)} == {TRIGGER, LINE}


def test_path_without_an_end_is_silent() -> None:
    """A path that walks up a tree is no path to write."""
    orders = root()
    hops = ("parent",) * (MAX_HOPS + 1)

    assert not _find(orders, *(lazy(orders, *hops, was_prefetched=True) for _ in range(2)))


@pytest.mark.parametrize(("count", "found"), [(2, 0), (3, 1)])
def test_rows_without_a_queryset_are_judged_by_the_loop(count: int, found: int) -> None:
    """Rows out of a cache hold their prefetched rows, too; the line is all that can be named."""
    calls = [orphan("items", was_prefetched=True, variant=("filter",)) for _ in range(count)]

    findings = _find(*calls)

    assert [(item.model, item.origin, item.trigger) for item in findings] == [
        ("shop.Order", TRIGGER, TRIGGER)
    ] * found
