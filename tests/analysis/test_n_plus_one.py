"""Two or more instances of one root, each loading the same relation on its own."""

from dataclasses import replace

from quell.analysis.climbing import MAX_HOPS
from quell.analysis.n_plus_one import find, with_labels
from quell.events import Fetch, Location
from quell.findings import Finding
from tests.analysis.records import ORIGIN, TRIGGER, lazy, orphan, prefetch, recording, root

LINE = Location("/project/rows.py", 3, "row")


def _find(*fetches: Fetch, threshold: int = 2) -> tuple[Finding, ...]:
    return find(recording(*fetches), threshold=threshold, loop_threshold=3)


def _paths(*fetches: Fetch) -> list[tuple[str, str]]:
    return sorted((finding.model, finding.path) for finding in _find(*fetches))


def test_relation_of_two_rows_is_found() -> None:
    """The rule fires, and names the queryset, the path and both lines."""
    orders = root()

    (finding,) = _find(orders, lazy(orders, "customer"), lazy(orders, "customer"))

    assert (finding.kind, finding.code, finding.level) == ("n_plus_one", "Q101", "problem")
    assert (finding.model, finding.path, finding.count) == ("shop.Order", "customer", 2)
    assert (finding.origin, finding.trigger) == (ORIGIN, TRIGGER)


def test_relation_of_one_row_is_silent() -> None:
    """One row is below the threshold."""
    orders = root()

    assert not _find(orders, lazy(orders, "customer"))


def test_one_row_that_loads_twice_is_silent() -> None:
    """What counts is instances, not queries."""
    orders = root()

    assert not _find(orders, lazy(orders, "customer", owner=7), lazy(orders, "customer", owner=7))


def test_threshold_is_the_least_number_of_rows() -> None:
    """With a threshold of three, two rows are silent and three are found."""
    orders = root()
    loads = [lazy(orders, "customer") for _ in range(3)]

    assert not _find(orders, *loads[:2], threshold=3)
    assert len(_find(orders, *loads, threshold=3)) == 1


def test_no_fetches_give_no_findings() -> None:
    """An empty recording is fine."""
    assert not _find()


def test_two_relations_are_two_findings() -> None:
    """Each relation is a cause of its own."""
    orders = root()
    loads = [lazy(orders, name) for name in ("customer", "shop") for _ in range(2)]

    assert _paths(orders, *loads) == [("shop.Order", "customer"), ("shop.Order", "shop")]


def _calls(orders: Fetch, *methods: str) -> list[Fetch]:
    return [lazy(orders, "lines", method=method, is_single=False) for method in methods for _ in range(2)]


def test_two_calls_of_one_line_are_two_identities() -> None:
    """One of them, whichever runs first, keeps the identity that it has alone."""
    orders = root()
    (alone,) = _find(orders, *_calls(orders, "count"))

    found = _find(orders, *_calls(orders, "count", "last"))
    other = _find(orders, *_calls(orders, "last", "count"))

    assert [finding.asked for finding in found] == ["count", "last"]
    assert found[0].fingerprint == alone.fingerprint != found[1].fingerprint
    assert found[0] != replace(found[1], count=found[0].count)
    assert {finding.fingerprint for finding in other} == {finding.fingerprint for finding in found}


def test_two_querysets_are_silent() -> None:
    """One row each of two querysets that different lines evaluate."""
    one, other = root(call_path=1), root(call_path=5)

    assert not _find(one, other, lazy(one, "customer"), lazy(other, "customer"))


def test_two_origins_of_one_loop_are_silent() -> None:
    """One row each of two querysets that one line evaluates."""
    one, other = root(), root(origin=LINE)

    assert not _find(one, other, lazy(one, "customer"), lazy(other, "customer"))


def test_querysets_of_one_loop_are_one_root() -> None:
    """Rows that a loop got one by one are peers."""
    one, other = root(), root()

    assert _paths(one, other, lazy(one, "customer"), lazy(other, "customer")) == [("shop.Order", "customer")]


def test_hops_of_one_line_are_one_finding() -> None:
    """The longest path stands for all of them, with all their queries."""
    orders = root()
    customers = [lazy(orders, "customer") for _ in range(2)]

    (finding,) = _find(orders, *customers, *(lazy(customer, "country") for customer in customers))

    assert (finding.path, finding.count, finding.saved_queries) == ("customer__country", 4, 4)


def test_hops_of_two_lines_are_two_findings() -> None:
    """Each line is a finding, with the whole path from the root."""
    orders = root()
    customers = [lazy(orders, "customer") for _ in range(2)]
    countries = [lazy(customer, "country", trigger=LINE) for customer in customers]

    assert _paths(orders, *customers, *countries) == [
        ("shop.Order", "customer"),
        ("shop.Order", "customer__country"),
    ]


def test_path_goes_through_a_prefetch() -> None:
    """Rows that were prefetched hang on the queryset that declared it."""
    orders = root()
    items = prefetch(orders, "items")

    assert _paths(orders, items, lazy(items, "product"), lazy(items, "product")) == [
        ("shop.Order", "items__product")
    ]


def test_path_stops_at_a_list_of_its_own() -> None:
    """No path leads through to_attr: the queryset of the prefetch is the one to change."""
    orders = root()
    items = prefetch(orders, "chosen", model="shop.Item", variant=("to_attr",), built_by="user", origin=LINE)

    (finding,) = _find(orders, items, lazy(items, "product"), lazy(items, "product"))

    assert (finding.model, finding.path, finding.origin) == ("shop.Item", "product", LINE)


def test_prefetches_are_silent() -> None:
    """Prefetching again and again is no load of single rows."""
    orders = [root() for _ in range(3)]

    assert not _find(*orders, *(prefetch(order, "items") for order in orders))


def test_list_of_one_row_that_user_code_built_is_the_root() -> None:
    """The related manager of one object is the queryset to change."""
    order = root()
    items = lazy(order, "items", model="shop.Item", is_single=False, built_by="user", origin=LINE)

    (finding,) = _find(order, items, lazy(items, "product"), lazy(items, "product"))

    assert (finding.model, finding.path, finding.origin) == ("shop.Item", "product", LINE)


def test_list_of_one_row_that_a_template_built_belongs_to_the_view() -> None:
    """A template has no place for a fix, the queryset of its object has."""
    order = root()
    items = lazy(order, "items", is_single=False, built_by="template", origin=LINE)

    (finding,) = _find(order, items, lazy(items, "product"), lazy(items, "product"))

    assert (finding.model, finding.path, finding.origin) == ("shop.Order", "items__product", ORIGIN)


def test_lists_of_many_rows_belong_to_the_outer_queryset() -> None:
    """A list per row is itself the first finding."""
    orders = root()
    items = [
        lazy(orders, "items", is_single=False, can_join=False, built_by="user", trigger=LINE)
        for _ in range(2)
    ]

    assert _paths(orders, *items, *(lazy(item, "product") for item in items)) == [
        ("shop.Order", "items"),
        ("shop.Order", "items__product"),
    ]


def test_relation_to_many_rows_still_costs_one_query() -> None:
    """A prefetch is one query, a join is none."""
    orders = root()

    (finding,) = _find(orders, *(lazy(orders, "items", is_single=False, can_join=False) for _ in range(5)))

    assert (finding.count, finding.saved_queries) == (5, 4)


def test_count_and_rows_of_a_relation_are_two_findings() -> None:
    """What a call asks of a relation is a cause of its own."""
    orders = root()
    loads = [lazy(orders, "items", method=method) for method in ("", "count") for _ in range(2)]

    assert _paths(orders, *loads) == [("shop.Order", "items")] * 2


def test_rows_without_a_queryset_need_a_loop() -> None:
    """Rows that nobody saw being loaded are judged by their call path, at the threshold of a loop."""
    loads = [orphan("customer") for _ in range(3)]

    assert not _find(*loads[:2])
    assert _paths(*loads) == [("shop.Order", "customer")]


def test_rows_without_a_queryset_on_different_paths_are_silent() -> None:
    """Three lines are no loop."""
    assert not _find(*(orphan("customer", call_path=path) for path in range(3)))


def test_endless_path_is_cut() -> None:
    """A walk up a tree gives findings of bounded length."""
    parents = [root(), root()]
    fetches = list(parents)
    for _ in range(MAX_HOPS + 4):
        parents = [lazy(parent, "parent", trigger=LINE) for parent in parents]
        fetches += parents

    findings = _find(*fetches)

    assert findings
    assert all(finding.path.count("__") < MAX_HOPS for finding in findings)


def test_labels_are_added() -> None:
    """The page that a finding was seen on is part of it."""
    orders = root()

    labelled = with_labels(_find(orders, lazy(orders, "customer"), lazy(orders, "customer")), "GET /orders/")

    assert [finding.labels for finding in labelled] == [("GET /orders/",)]


def _list_of(order: Fetch, call_path: int) -> Fetch:
    facts = {"owner": 7, "call_path": call_path, "is_single": False, "can_join": False, "built_by": "user"}
    return lazy(order, "lines", model="shop.Line", **facts)


def test_one_list_read_on_two_paths_is_two_querysets() -> None:
    """Each reading holds one row, so that no load is saved by a change of either."""
    order = root()
    readings = [_list_of(order, 11), _list_of(order, 12)]

    assert not _find(order, *readings, *(lazy(each, "product") for each in readings))


def test_one_list_read_on_two_paths_is_found_where_one_reading_is_enough() -> None:
    """Two rows of one reading are an N+1, and those of the other reading belong to its cause."""
    order = root()
    readings = [_list_of(order, 11), _list_of(order, 12)]

    (finding,) = _find(order, *readings, *(lazy(each, "product") for each in readings for _ in range(2)))

    assert (finding.model, finding.path, finding.count) == ("shop.Line", "product", 4)


def test_lists_of_one_loop_are_one_root() -> None:
    """Each reading holds one row, and one call path reads them all."""
    order = root()
    readings = [_list_of(order, 11) for _ in range(2)]

    assert len(_find(order, *readings, *(lazy(each, "product") for each in readings))) == 1


def test_one_cause_is_one_finding_for_all_querysets_of_a_line() -> None:
    """A helper that two places call is one line to change; a rerun needs the fetches of both."""
    one, other = root(call_path=1), root(call_path=2)
    loads = [lazy(each, "customer") for each in (one, other) for _ in range(2)]

    (finding,) = _find(one, other, *loads)

    assert (finding.count, finding.saved_queries) == (4, 4)
    assert finding.fetches == (one.number, loads[0].number, other.number, loads[2].number)
