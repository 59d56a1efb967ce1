"""Several groupings in one statement."""

import pickle
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Length, Lower
from django.test.utils import CaptureQueriesContext

from quell import collect
from quell.aggregation import Avg, Count, Exists, Groups, Max, Min, Ratio, Statistics, Sum
from quell.exceptions import UsageError
from tests.planapp.models import Comment, Ticket
from tests.planapp.rows import make_tickets

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

NUMBERS: dict[str, Any] = {
    "n": Count("pk"),
    "ones": Count("pk", subject="1"),
    "comments": Count("comments"),
    "authors": Count("comments__author", distinct=True),
    "any_public": Exists("comments", comments__is_public=True),
    "lines": Sum("lines__number", default=0),
    "most": Max("lines__number"),
    "least": Min("lines__number"),
    "share": Ratio("ones", "n"),
}


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets with comments, topics and lines; one has no organization."""
    return make_tickets()


def _values(groups: Groups) -> list[dict[str, Any]]:
    return [dict(group) for group in groups]


@pytest.mark.parametrize("average", [{}, {"average": Avg("customer_id")}])
def test_each_grouping_is_that_of_by_alone(
    tickets: QuerySet[Ticket, Ticket], average: dict[str, Any], django_assert_num_queries: Any
) -> None:
    """Prefixes, parts and further groupings have the numbers of a statement of their own, NULL groups among them."""
    grouped = Statistics.of(tickets, **NUMBERS, **average)
    with django_assert_num_queries(1):
        found = grouped.by(
            "organization",
            "customer__name",
            totals=True,
            cube=True,
            sets=["subject", ("subject", "customer__name")],
        ).fetch()

    assert _values(found) == _values(grouped.by("organization", "customer__name").fetch())
    for names in (("organization",), ("customer__name",), ("subject",), ("subject", "customer__name")):
        assert _values(found.of(*names)) == _values(grouped.by(*names).fetch())
    assert dict(found.of()[()]) == dict(found.total) == dict(grouped.fetch())


@pytest.mark.parametrize("average", [{}, {"average": Avg("pk")}])
def test_null_is_a_group_and_no_total(tickets: QuerySet[Ticket, Ticket], average: dict[str, Any]) -> None:
    """The group of rows without a value and the total of a prefix are told apart."""
    found = Statistics.of(tickets, n=Count("pk"), **average).by("organization", "customer__name", cube=True)
    groups = found.fetch()

    assert (groups[None, "Bob"].n, groups.totals[None,].n, groups.total.n) == (1, 1, 3)
    assert [group.n for group in groups.of("organization")] == [1, 1, 1]
    assert [group.n for group in groups.of("customer__name")] == [2, 1]


def test_counts_of_totals_read_the_table_once(tickets: QuerySet[Ticket, Ticket]) -> None:
    """What the groups add up to is asked for by the groups alone; an average is asked for each grouping."""
    with CaptureQueriesContext(connection) as folded:
        Statistics.of(tickets, n=Count("pk"), s=Sum("lines__number")).by("subject", totals=True).fetch()
    with CaptureQueriesContext(connection) as computed:
        Statistics.of(tickets, a=Avg("pk")).by("subject", totals=True).fetch()

    table = connection.ops.quote_name(Ticket._meta.db_table)
    assert folded[0]["sql"].count(f"FROM {table}") == 2
    assert computed[0]["sql"].count(f"FROM {table}") == (1 if connection.vendor == "postgresql" else 2)


def test_groupings_of_choices_are_filled(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Each grouping whose names have known values has all of them, unless that is not wanted; so has an empty set."""
    nobody = Statistics.of(Comment.everything.none(), n=Count("pk"), a=Avg("pk"))
    groups = nobody.by("is_public", "is_deleted", totals=True).fetch()

    assert [group.n for group in groups] == [0] * 4
    assert [(group.is_public, group.n, group.a) for group in groups.of("is_public")] == [
        (True, 0, None),
        (False, 0, None),
    ]
    assert (groups.totals[True,].n, groups.total.n) == (0, 0)
    bare = nobody.by("is_public", totals=True, fill=False).fetch()
    assert (len(bare), bare.total.n) == (0, 0)


def test_groupings_take_expressions_and_annotations(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A further grouping may name what rows are grouped by already, and an annotation of the queryset."""
    rows = tickets.annotate(low=Lower("subject"))
    grouped = Statistics.of(rows, n=Count("pk"), a=Avg("pk"))
    groups = grouped.by("customer", size=Length("subject"), sets=["size", "low", ()]).fetch()

    assert [(group.size, group.n) for group in groups.of("size")] == [(1, 3)]
    assert [(group.low, group.n) for group in groups.of("low")] == [("0", 1), ("1", 1), ("2", 1)]
    assert groups.of("size", "customer") is groups
    assert groups.total.n == 3


def test_groupings_of_one_expression_twice(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Two names of one expression are two keys."""
    grouped = Statistics.of(tickets, n=Count("pk"), a=Avg("pk"))
    groups = grouped.by(
        "subject", same=Lower("subject"), other=Lower("subject"), sets=["same", "other"]
    ).fetch()

    assert [group.n for group in groups] == [1, 1, 1]
    assert [group.same for group in groups.of("same")] == [group.other for group in groups.of("other")]


def test_groupings_are_collected_and_pickled(
    tickets: QuerySet[Ticket, Ticket], django_assert_num_queries: Any
) -> None:
    """collect() takes several groupings beside other parts; results survive a pickle."""
    grouped = Statistics.of(tickets, n=Count("pk"), a=Avg("pk")).by("subject", sets=["customer"], totals=True)
    with django_assert_num_queries(1):
        found = collect(all=tickets, groups=grouped)

    copy = pickle.loads(pickle.dumps(found.groups))
    assert found.all == copy.total.n == 3
    assert [group.n for group in copy.of("customer")] == [2, 1]


def test_folded_sums_have_the_type_of_plain_django(tickets: QuerySet[Ticket, Ticket]) -> None:
    """MariaDB adds integers as decimals, and Django leaves the sum of a key as it is."""
    plain = Ticket.objects.aggregate(key=Sum("pk")) | Ticket.objects.aggregate(number=Sum("lines__number"))
    found = Statistics.of(Ticket, key=Sum("pk"), number=Sum("lines__number")).by("subject", totals=True)
    total = found.fetch().total

    assert {name: (type(total[name]), total[name]) for name in plain} == {
        name: (type(value), value) for name, value in plain.items()
    }


def test_folded_sums_of_no_rows_have_their_default() -> None:
    """There is no group to fold."""
    found = Statistics.of(Ticket, s=Sum("lines__number", default=0)).by("subject", totals=True)
    assert found.fetch().total.s == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sets": "subject"}, r'by\(sets=\["subject"\]\)'),
        ({"sets": ["subjekt"]}, 'did you mean "subject"'),
        ({"sets": [3]}, "takes names"),
        ({"sets": [("subject", "subject")]}, "each once"),
        ({"sets": ["n"]}, "is a number already"),
        ({"sets": ["comments__author"]}, "several rows"),
    ],
)
def test_wrong_groupings_are_refused(options: dict[str, Any], message: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(UsageError, match=message):
        Statistics.of(Ticket, n=Count("pk")).by("customer", **options)


def test_a_large_cube_is_refused() -> None:
    """A cube doubles with each name."""
    names = ("subject", "customer", "organization", "pk", "customer__name", "customer__pk", "customer__id")
    with pytest.raises(UsageError, match="use sets="):
        Statistics.of(Ticket, n=Count("pk")).by(*names, cube=True)


def test_unknown_grouping_is_refused(tickets: QuerySet[Ticket, Ticket]) -> None:
    """of() names those that are there."""
    groups = Statistics.of(tickets, n=Count("pk")).by("subject", sets=["customer"]).fetch()

    with pytest.raises(UsageError, match=r"of\('subject'\), of\('customer'\)"):
        groups.of("organization")
