"""Values that are picked from rows: the first and the last, all in order, and the most frequent."""

import pickle
from typing import Any

import django
import pytest
from django.db import connection
from django.db.models import Count as PlainCount
from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Length

from quell import collect
from quell.aggregation import Count, First, Frequent, Last, Ratio, Statistics, StringAgg, Top, Values
from quell.exceptions import UsageError
from tests.aggregation.drawing import names_of
from tests.planapp.models import Comment, Customer, Ticket
from tests.planapp.rows import make_tickets
from tests.planapp.shapes import SHAPES, fill

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

NUMBERS: dict[str, Any] = {
    "n": Count("pk"),
    "first": First("subject", order_by="subject"),
    "last": Last("subject", order_by=["customer__name", "subject"]),
    "by_organization": First("subject", order_by="organization__name"),
    "subjects": Values("subject", order_by="-subject"),
    "two": Values("subject", order_by="-subject", limit=2),
    "authors": Top("comments__author__name", 2),
    "public_bodies": Values("comments__is_public", comments__is_deleted=False),
    "of_public": First("subject", order_by="-subject", comments__is_public=True),
    "no_one": First("subject", order_by="subject", subject="x"),
}


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets; the first has four comments of Bob, the second one of Ann."""
    return make_tickets()


def test_values_are_picked_in_one_statement(
    tickets: QuerySet[Ticket, Ticket], django_assert_num_queries: Any
) -> None:
    """Picked values stand beside numbers; what has nothing to be ordered by comes last."""
    with django_assert_num_queries(1):
        found = Statistics.of(tickets, **NUMBERS).fetch()

    assert found.n == 3
    assert (found.first, found.last, found.by_organization) == ("0", "1", "0")
    assert (found.subjects, found.two) == (("2", "1", "0"), ("2", "1"))
    assert found.authors == (Frequent("Bob", 4), Frequent("Ann", 1))
    assert found.authors[0].row_count == 4
    assert found.public_bodies == (False, False, True, True)
    assert (found.of_public, found.no_one) == ("1", None)


def test_single_values_are_subqueries(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Without lists the statement is one row, whose ordered subqueries an index may serve."""
    numbers = Statistics.of(tickets, n=Count("pk"), first=First("subject", order_by="pk"))

    assert "UNION" not in numbers.explain().sql
    assert "LIMIT 1" in numbers.explain().sql
    assert "picked from rows in order" in str(numbers.explain())
    assert "ROW_NUMBER" in Statistics.of(tickets, top=Top("subject", 3)).explain().sql


def test_a_single_pick_of_no_rows(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Of nothing nothing is picked, also where nothing else is asked for."""
    nobody = Ticket.objects.none()

    assert Statistics.of(nobody, a=First("subject", order_by="pk")).fetch().a is None
    assert dict(Statistics.of(nobody, a=Top("subject", 2), b=Values("subject")).fetch()) == {"a": (), "b": ()}
    assert Statistics.of(tickets, a=Top("subject", 2, pk__in=[])).fetch().a == ()


def test_groups_have_picked_values(tickets: QuerySet[Ticket, Ticket], django_assert_num_queries: Any) -> None:
    """Each group, prefix and further grouping has what its rows have."""
    grouped = Statistics.of(tickets, **NUMBERS).by("customer__name", totals=True, sets=["organization"])
    with django_assert_num_queries(1):
        groups = grouped.fetch()

    for group in groups:
        own = Statistics.of(tickets.filter(customer__name=group["customer__name"]), **NUMBERS).fetch()
        assert {name: group[name] for name in NUMBERS} == dict(own)
    for group in groups.of("organization"):
        own = Statistics.of(tickets.filter(Q(organization=group.organization)), **NUMBERS).fetch()
        if group.organization is not None:
            assert {name: group[name] for name in NUMBERS} == dict(own)
    assert {name: groups.total[name] for name in NUMBERS} == dict(Statistics.of(tickets, **NUMBERS).fetch())


def test_groups_of_picked_values_alone(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A group without anything to pick is a group, also where nothing is counted."""
    picked = Statistics.of(tickets, x=First("subject", order_by="pk", subject="1"), y=Top("lines__number", 1))

    assert [(group.x, group.y) for group in picked.by("customer__name").fetch()] == [
        (None, (Frequent(0, 1),)),
        ("1", ()),
    ]
    assert picked.by("customer__name", totals=True).fetch().total.x == "1"
    filled = Statistics.of(Comment.everything.none(), top=Top("body", 2)).by("is_public").fetch()
    assert [group.top for group in filled] == [(), ()]


def test_picked_values_are_collected(
    tickets: QuerySet[Ticket, Ticket], django_assert_num_queries: Any
) -> None:
    """collect() takes them, alone and in groups, beside anything else."""
    with django_assert_num_queries(1):
        found = collect(
            tickets=Statistics.of(tickets, **NUMBERS),
            people=Customer.objects,
            names=Statistics.of(Customer, names=Values("name")),
            groups=Statistics.of(tickets, top=Top("subject", 1)).by("customer__name"),
        )

    assert found.tickets.two == ("2", "1")
    assert (found.people, found.names.names) == (2, ("Ann", "Bob"))
    assert found.groups["Bob"].top == (Frequent("1", 1),)
    assert pickle.loads(pickle.dumps(found.tickets))["authors"][1] == Frequent("Ann", 1)


def test_rows_have_picked_values(tickets: QuerySet[Ticket, Ticket], django_assert_num_queries: Any) -> None:
    """Single values are annotations; several are attached."""
    latest = Statistics.of(
        Ticket,
        latest=Last("comments__is_deleted", order_by="comments__pk"),
        author=First("comments__author__name", order_by=F("comments__pk").desc()),
        count_=Count("comments"),
    )
    with django_assert_num_queries(1):
        rows = [(row.latest, row.author, row.count_) for row in latest.annotate(tickets)]
    assert rows == [(True, "Bob", 4), (False, "Ann", 1), (None, None, 0)]
    assert latest.annotate(tickets).filter(author="Ann").get().subject == "1"
    assert [row.subject for row in latest.annotate(tickets).order_by(F("author").asc(nulls_last=True))] == [
        "1",
        "0",
        "2",
    ]

    several = Statistics.of(
        Ticket, bodies=Values("comments__pk", limit=2), top=Top("comments__author__name", 1)
    )
    with django_assert_num_queries(2):
        batched = list(several.annotate(tickets, batched=True))
    assert [len(row.bodies) for row in batched] == [2, 1, 0]
    assert [row.top for row in batched] == [(Frequent("Bob", 4),), (Frequent("Ann", 1),), ()]
    with pytest.raises(UsageError, match="batched=True"):
        several.annotate(tickets)


@pytest.mark.parametrize("model", SHAPES)
def test_picks_of_any_model_are_those_of_django(model: type[Model]) -> None:
    """Over every kind of model and of column, the values are those of the ordered rows."""
    fill(62)
    rows: QuerySet[Any, Any] = QuerySet(model)
    keys = [field.attname for field in model._meta.pk_fields]
    for name in names_of(model):
        ordered = rows.order_by(F(name).asc(nulls_last=True), *keys)
        column = model._meta.get_field(name).attname  # type: ignore[union-attr]  # of concrete fields
        expected = list(ordered.values_list(column, flat=True))
        counts = list(
            rows.filter(**{f"{name}__isnull": False})
            .order_by()
            .values_list(column)
            .annotate(n=PlainCount("*"))
            .order_by("-n", column)
        )
        numbers = {
            "first": First(name, order_by=name),
            "all": Values(name, order_by=name),
            "top": Top(name, 2),
        }
        found = Statistics.of(rows, **numbers).fetch()
        assert found.first == next(iter(expected), None)
        assert found.all == tuple(value for value in expected if value is not None)
        assert found.top == tuple(counts[:2])
        groups = Statistics.of(rows, **numbers).by(name, fill=False).fetch()
        assert {group.first for group in groups} == set(expected)


def test_slices_and_annotations_are_picked_from(tickets: QuerySet[Ticket, Ticket]) -> None:
    """The rows are those of the queryset, and its annotations can be picked and ordered by."""
    rows = tickets.annotate(size=Length("subject"), name=F("customer__name"))

    found = Statistics.of(rows, name=Last("name", order_by=["size", "name"]), top=Top("name", 1)).fetch()
    assert (found.name, found.top) == ("Bob", (Frequent("Ann", 2),))
    assert Statistics.of(tickets[1:], a=Values("subject")).fetch().a == ("1", "2")


@pytest.mark.parametrize(
    ("pick", "message"),
    [
        (lambda: Top("subjekt", 3), 'did you mean "subject"'),
        (lambda: Top("subject", 0), "1 or more"),
        (lambda: First("subject", order_by=()), "takes what comes first"),
        (lambda: First("subject", order_by="?"), "has no field"),
        (lambda: Values("comments__body", order_by="lines__number"), "order by the relation"),
        (lambda: Values(PlainCount("pk")), "picks an aggregate"),
    ],
)
def test_wrong_picks_are_refused(pick: Any, message: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(UsageError, match=message):
        Statistics.of(Ticket, x=pick()).fetch()


@pytest.mark.skipif(django.VERSION < (6, 0), reason="Django has none")
def test_texts_are_put_together(tickets: QuerySet[Ticket, Ticket]) -> None:
    """StringAgg takes conditions as keywords; an order is an error that says what to do where there is none."""
    numbers = Statistics.of(
        tickets, one=StringAgg("subject", subject__gt="1"), no=StringAgg("subject", subject="x")
    )
    assert dict(numbers.fetch()) == {"one": "2", "no": None}

    ordered = Statistics.of(tickets, all=StringAgg("subject", "; ", order_by="-subject"))
    if connection.features.supports_aggregate_order_by_clause:
        assert ordered.fetch().all == "2; 1; 0"
        assert [group.all for group in ordered.by("customer__name").fetch()] == ["2; 0", "1"]
    else:
        with pytest.raises(UsageError, match="order"):
            ordered.fetch()


@pytest.mark.skipif(django.VERSION >= (6, 0), reason="Django has one")
def test_texts_need_a_later_django() -> None:
    """Where Django has no such aggregate, the error names what works."""
    with pytest.raises(UsageError, match="Values"):
        StringAgg("subject")


def test_picks_are_declared(tickets: QuerySet[Ticket, Ticket]) -> None:
    """They are numbers of a class like any others, and of a ratio."""

    class Picked(Statistics):
        newest = Last("pk", order_by="pk")
        total = Count("pk")
        share = Ratio("total", "newest")

        class Meta:
            model = Ticket

    found = Picked(tickets).fetch()
    assert found.newest == max(tickets.values_list("pk", flat=True))
    assert found.share == 3 / found.newest
