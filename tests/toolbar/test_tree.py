"""The tree of the panel: any recording becomes a bounded list."""

from quell.contrib.debug_toolbar.tree import Node, Tree, grow, rows_of
from quell.events import Fetch, FetchKind, Location, QueryEvent, Recording


def _event(number: int, ms: float = 1.0) -> QueryEvent:
    return QueryEvent(
        sql="SELECT 1 FROM t WHERE id = 5",
        alias="default",
        duration_ms=ms,
        row_count=1,
        operation="select",
        trigger=Location("a.py", number),
        many=False,
        fetch=number,
    )


def _fetch(number: int, parent: int) -> Fetch:
    kind: FetchKind = "lazy" if parent else "root"
    return Fetch(number=number, kind=kind, model="a.Node", parent=parent, hops=("parent",) if parent else ())


def _chain(length: int) -> Tree:
    return grow(
        Recording(
            queries=tuple(_event(number) for number in range(1, length + 1)),
            fetches=tuple(_fetch(number, number - 1) for number in range(1, length + 1)),
        ),
        (),
    )


def test_lists_end_where_they_began() -> None:
    """Each list that a row opens is ended once, whatever the shape."""
    leaf, twig = Node("leaf", ""), Node("twig", "")
    branch = Node("branch", "", children={1: twig, 2: Node("second", "")})
    rows = list(rows_of([Node("root", "", children={1: branch}), leaf]))

    assert [(row.node.name, bool(row.node.children), row.closed_count) for row in rows] == [
        ("root", True, 0),
        ("branch", True, 0),
        ("twig", False, 0),
        ("second", False, 2),
        ("leaf", False, 0),
    ]


def test_chain_longer_than_the_stack_is_a_tree_with_an_end() -> None:
    """A chain of thousands of rows is cut off at a bound, and the rest is counted."""
    tree = _chain(5000)

    assert len(list(rows_of(tree.roots))) == 300
    assert tree.left_out_count == 4700


def test_literals_are_not_shown() -> None:
    """A statement is shown without its literals."""
    assert _chain(1).roots[0].sql == "SELECT ? FROM t WHERE id = ?"


def test_bars_follow_the_order_of_execution() -> None:
    """Two statements of the same length share the axis, one behind the other."""
    tree = _chain(2)
    first = tree.roots[0]
    (second,) = first.children.values()

    assert (first.bars(), second.bars()) == ([(0.0, 50.0)], [(50.0, 50.0)])


def test_recording_without_time_has_bars() -> None:
    """Statements that took no time at all do not divide by it."""
    tree = grow(Recording(queries=(_event(1, 0.0),), fetches=(_fetch(1, 0),)), ())

    assert len(tree.roots[0].bars()) == 1


def test_fetch_that_ran_before_is_a_node_without_statements() -> None:
    """The queryset of rows that were loaded before the request is there, and counts nothing."""
    tree = grow(Recording(queries=(_event(2),), fetches=(_fetch(1, 0), _fetch(2, 1))), ())

    assert [(row.node.name, row.node.count) for row in rows_of(tree.roots)] == [("a.Node", 0), ("parent", 1)]
