"""Numbers for each group of rows."""

import copy
import pickle
from collections import Counter
from typing import Any

import pytest
from django.db.models import Count as PlainCount
from django.db.models import Q, QuerySet
from django.db.models.functions import Length

from quell import collect
from quell.aggregation import Count, Group, Ratio, Statistics, Sum
from quell.exceptions import UsageError
from tests.aggregation.test_statistics import TicketStatistics
from tests.planapp.models import Comment, Customer, Line, Ticket
from tests.planapp.rows import make_tickets

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets with comments, topics and lines."""
    return make_tickets()


def test_groups_have_the_numbers_of_their_rows(
    tickets: QuerySet[Ticket, Ticket], django_assert_num_queries: Any
) -> None:
    """Each group has what the statistics of its rows have, over relations as well, in one statement."""
    with django_assert_num_queries(1):
        groups = TicketStatistics().by("customer__name").fetch()

    assert [group.customer__name for group in groups] == ["Ann", "Bob"]
    for group in groups:
        rows = tickets.filter(customer__name=group["customer__name"])
        assert {name: group[name] for name in TicketStatistics()} == dict(TicketStatistics(rows).fetch())
    assert groups["Ann"].total == 2
    assert len(groups) == 2
    assert "Ann" in groups
    assert "Eve" not in groups
    with pytest.raises(KeyError):
        _ = groups["Eve"]


def test_null_is_the_last_group(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Rows without a value are a group; a number that is a key goes before a position."""
    groups = Statistics.of(tickets, n=Count("pk")).by("organization").fetch()

    assert [(group.organization, group.n) for group in groups] == [("one", 1), ("two", 1), (None, 1)]
    assert groups[None].label == "None"
    assert "None" in repr(groups)


def test_several_names_and_totals_are_one_statement(
    tickets: QuerySet[Ticket, Ticket], django_assert_num_queries: Any
) -> None:
    """Each pair is a group; totals are those of each prefix, and of all rows, whatever is over a relation."""
    grouped = Statistics.of(tickets, n=Count("pk"), c=Count("comments"), share=Ratio("c", "n"))
    with django_assert_num_queries(1):
        groups = grouped.by("customer__name", "subject", totals=True).fetch()

    assert {(group["customer__name"], group.subject): (group.n, group.c) for group in groups} == {
        ("Ann", "0"): (1, 4),
        ("Ann", "2"): (1, 0),
        ("Bob", "1"): (1, 1),
    }
    assert groups["Ann", "0"].label == "Ann / 0"
    assert (groups.totals["Ann",].n, groups.totals["Ann",].c, groups.totals["Bob",].share) == (2, 4, 1.0)
    assert (groups.total.n, groups.total.c) == (3, 5)
    with pytest.raises(UsageError, match="totals=True"):
        _ = grouped.by("subject").fetch().total


def test_values_without_rows_are_groups_of_zero(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Booleans and choices are known beforehand; they are filled in unless that is not wanted."""
    comments = Statistics.of(
        Comment.everything.filter(is_deleted=True), n=Count("pk"), s=Sum(Length("body"), default=0)
    )

    filled = comments.by("is_public").fetch()
    assert [(group.is_public, group.n) for group in filled] == [(True, 1), (False, 0)]
    assert filled[False].s == 0
    assert [group.is_public for group in comments.by("is_public", fill=False).fetch()] == [True]


def test_expressions_and_annotations_group(tickets: QuerySet[Ticket, Ticket]) -> None:
    """What the database computes for each row can be grouped by."""
    by_call = Statistics.of(tickets, n=Count("pk")).by(size=Length("subject")).fetch()
    by_name = Statistics.of(tickets.annotate(size=Length("subject")), n=Count("pk")).by("size").fetch()

    assert (
        [(group.size, group.n) for group in by_call]
        == [(group.size, group.n) for group in by_name]
        == [(1, 3)]
    )


def test_groups_of_any_queryset_are_those_of_its_rows(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Slices, joins that multiply and conditions of all numbers leave the groups right."""
    rows = tickets.filter(comments__is_public=True)[:5]
    groups = Statistics.of(rows, n=Count("pk"), x=Count("pk", subject="1")).by("customer__name").fetch()

    assert {group["customer__name"]: (group.n, group.x) for group in groups} == {"Ann": (1, 0), "Bob": (1, 1)}
    only = Statistics.of(tickets, x=Count("pk", subject="1")).by("customer__name").fetch()
    assert [group.x for group in only] == [0, 1]
    assert list(Statistics.of(Line.objects.none(), n=Count("pk")).by("number").fetch()) == []


def test_impossible_conditions_leave_types_alone(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A number that no row can have beside numbers over other relations is that of an empty set."""
    numbers = Statistics.of(
        tickets,
        n=Count("pk"),
        s=Sum("comments__author", filter=Q(pk__in=[])),
        c=Count("topics", filter=Q(pk__in=[])),
    )

    assert [(group.n, group.s, group.c) for group in numbers.by("subject").fetch()] == [(1, None, 0)] * 3


def test_groups_and_rows_share_one_statement(
    tickets: QuerySet[Ticket, Ticket], django_assert_num_queries: Any
) -> None:
    """collect() takes groups beside single rows."""
    with django_assert_num_queries(1):
        found = collect(
            all=TicketStatistics,
            people=Customer.objects,
            by_customer=TicketStatistics(tickets).by("customer", totals=True),
            by_name=Statistics.of(Customer, n=Count("pk"), deep=Count("tickets")).by("name"),
        )

    assert found.all == TicketStatistics().fetch()
    assert found.people == 2
    assert Counter({group.customer: group.total for group in found.by_customer}) == Counter(
        tickets.values_list("customer", flat=True)
    )
    assert found.by_customer.total.comments == 5
    assert {group.name: group.deep for group in found.by_name} == {"Ann": 2, "Bob": 1}


def test_groups_are_frozen_values(tickets: QuerySet[Ticket, Ticket]) -> None:
    """They can be copied and pickled, and not be changed."""
    groups = TicketStatistics(tickets).by("subject").fetch()

    assert [dict(group) for group in pickle.loads(pickle.dumps(groups))] == [dict(group) for group in groups]
    assert isinstance(copy.copy(groups["0"]), Group)
    with pytest.raises(AttributeError, match="frozen"):
        groups["0"].total = 3


@pytest.mark.parametrize(
    ("names", "expressions", "message"),
    [
        ((), {}, "takes what to group by"),
        (("subjekt",), {}, 'did you mean "subject"'),
        (("comments__is_public",), {}, "several rows"),
        ((), {"x": PlainCount("pk")}, "aggregate"),
        (("total",), {}, "is a number already"),
    ],
)
def test_wrong_groupings_are_refused(names: Any, expressions: Any, message: str) -> None:
    """The message says what to group by instead."""
    with pytest.raises(UsageError, match=message):
        TicketStatistics().by(*names, **expressions).fetch()


@pytest.mark.django_db(transaction=True)
async def test_async_groups_are_the_same() -> None:
    """In async code afetch() is awaited."""
    assert list(await TicketStatistics(Ticket.objects.none()).by("subject").afetch()) == []
