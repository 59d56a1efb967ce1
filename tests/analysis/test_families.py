"""Fetches that one change at one queryset would replace."""

from quell.analysis.families import group
from quell.events import Location
from tests.analysis.records import TRIGGER, lazy, prefetch, root


def test_fetches_of_one_loop_are_one_family() -> None:
    """The same path and the same origin."""
    families = group([root(), root(), root()])

    assert [len(family.fetches) for family in families.values()] == [3]


def test_parents_come_before_children() -> None:
    """Also where the records do not."""
    orders = root()
    customer = lazy(orders, "customer")
    country = lazy(customer, "country")

    families = list(group([country, customer, orders]).values())

    assert [family.hops for family in families] == [(), ("customer",), ("country",)]
    assert [family.parent for family in families] == [None, families[0], families[1]]


def test_children_of_one_family_are_one_family() -> None:
    """Whichever row of whichever fetch asked."""
    orders = [root(), root()]

    families = list(group([*orders, *(lazy(order, "customer") for order in orders)]).values())

    assert [len(family.fetches) for family in families] == [2, 2]


def test_lazy_and_prefetched_loads_are_two_families() -> None:
    """A list that is read by both ways has two causes."""
    orders = root()

    assert len(group([orders, lazy(orders, "items"), prefetch(orders, "items")])) == 3


def test_owners_are_counted_once() -> None:
    """An instance that asks twice is one."""
    orders = root()
    loads = [lazy(orders, "items", owner=owner) for owner in (1, 1, 2)]

    family = list(group([orders, *loads]).values())[1]

    assert (len(family.fetches), family.owner_count) == (3, 2)


def test_trigger_is_the_line_of_most_fetches() -> None:
    """One line among many may come first."""
    orders = root()
    other = Location("/project/other.py", 1)
    loads = [lazy(orders, "items", trigger=spot) for spot in (other, TRIGGER, TRIGGER)]

    assert list(group([orders, *loads]).values())[1].trigger == TRIGGER
