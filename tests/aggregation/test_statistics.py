"""Declared statistics: what they return, what they run, and what they refuse."""

import copy
import pickle
from typing import Any

import pytest
from django.db import connection
from django.db.models import Avg as PlainAvg
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models import Count as PlainCount
from django.db.models.functions import Coalesce, Length

from quell import Statistics
from quell.aggregation import Avg, Count, Max, Min, Ratio, StdDev, Sum, Variance
from quell.exceptions import UsageError
from tests.planapp.models import Comment, CustomerProxy, Label, Line, Ticket, Vip
from tests.planapp.rows import make_tickets

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


class TicketStatistics(Statistics):
    """What a help desk asks about its tickets."""

    total = Count("pk")
    first = Count("pk", subject="0")
    same = PlainCount("pk", filter=Q(subject="0"))
    comments = Count("comments")
    public = Count("comments", comments__is_public=True)
    with_public = Count("pk", comments__is_public=True)
    public_share = Ratio("public", "comments")

    class Meta:
        model = Ticket


class MoreStatistics(TicketStatistics):
    """A class that inherits numbers, changes one, and adds one."""

    first = Count("pk", subject__in=["0", "1"])
    lines = Sum("lines__number", default=0)


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets with comments, topics and lines."""
    return make_tickets()


@pytest.mark.usefixtures("tickets")
def test_result_has_each_name_as_attribute_and_as_key(django_assert_num_queries: Any) -> None:
    """One statement gives all numbers of all rows, those over relations without a multiplication."""
    with django_assert_num_queries(1):
        result = TicketStatistics().fetch()

    assert (result.total, result.first, result["same"]) == (3, 1, 1)
    assert (result.comments, result.public, result.with_public) == (5, 3, 2)
    assert result["public_share"] == 3 / 5
    assert dict(result) == {name: getattr(result, name) for name in TicketStatistics()}
    assert (len(result), list(result)) == (7, list(TicketStatistics().keys()))


def test_result_is_frozen(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A value cannot be set, and equal values make equal results."""
    result = TicketStatistics(tickets).fetch()

    with pytest.raises(AttributeError, match="frozen"):
        result.total = 7
    assert result == TicketStatistics(tickets).fetch()
    assert result != TicketStatistics(tickets.none()).fetch()
    assert "total=3" in repr(result)


def test_result_survives_pickle_and_copy(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A result that was cached has its values; one of statistics at hand comes back as values by name."""
    at_hand = Statistics.of(tickets, total=Count("pk")).fetch()
    assert pickle.loads(pickle.dumps(at_hand)).total == 3
    result = TicketStatistics(tickets).fetch()

    for other in (pickle.loads(pickle.dumps(result)), copy.copy(result), copy.deepcopy(result)):
        assert other == result
        assert other.total == 3


def test_values_exist_only_after_fetch() -> None:
    """Before fetch() a number is no value, and the class gives the declaration."""
    with pytest.raises(UsageError, match=r"fetch\(\)"):
        _ = TicketStatistics().total
    assert isinstance(TicketStatistics.total, Count)
    assert "not fetched" in repr(TicketStatistics())


@pytest.mark.usefixtures("tickets")
def test_subclass_inherits_numbers_and_model() -> None:
    """A subclass has the numbers of its base, its own in their place."""
    result = MoreStatistics().fetch()

    assert (result.total, result.first, result.lines) == (3, 2, 1)
    assert TicketStatistics().fetch().first == 1


def test_subclass_can_drop_a_number() -> None:
    """A name that is set to nothing is no number any more."""
    fewer: Any = type("Fewer", (TicketStatistics,), {"same": None, "public_share": None})

    assert set(TicketStatistics()) - set(fewer()) == {"same", "public_share"}


def test_statistics_at_hand_need_no_class(tickets: QuerySet[Ticket, Ticket]) -> None:
    """The same numbers can be asked for by call, for a queryset, a manager or a model."""
    for rows in (tickets, Ticket.objects, Ticket):
        assert Statistics.of(rows, total=Count("*"), names=Count("subject", distinct=True)).fetch().names == 3


@pytest.mark.parametrize(
    ("change", "total", "comments"),
    [
        (lambda rows: rows, 3, 5),
        (lambda rows: rows.none(), 0, 0),
        (lambda rows: rows.filter(pk__in=[]), 0, 0),
        (lambda rows: rows[:1], 1, 4),
        (lambda rows: rows.filter(comments__is_public=True), 2, 5),
        (lambda rows: rows.filter(comments__is_public=True).distinct(), 2, 5),
        (lambda rows: rows.filter(comments__is_public=True).distinct()[:1], 1, 4),
        (lambda rows: rows.filter(topics__name="x"), 1, 4),
        (lambda rows: rows.exclude(comments__is_public=True), 1, 0),
        (lambda rows: rows.values("customer"), 3, 5),
        (lambda rows: rows.values("pk").distinct(), 3, 5),
        (lambda rows: rows.filter(customer__name="Ann").select_related("customer"), 2, 4),
        (lambda rows: rows.annotate(n=PlainCount("comments")).filter(n__gt=1), 1, 4),
        (lambda rows: rows.order_by().filter(subject="0").union(rows.order_by().filter(subject="1")), 2, 5),
        (lambda rows: rows.only("subject").prefetch_related("comments"), 3, 5),
        (lambda rows: rows.extra(where=["subject = %s"], params=["0"]), 1, 4),
    ],
)
def test_each_row_of_the_queryset_counts_once(
    tickets: QuerySet[Ticket, Ticket], change: Any, total: int, comments: int, django_assert_num_queries: Any
) -> None:
    """However a queryset came about, numbers are those of its set of rows, with all that is related to them."""
    with django_assert_num_queries(1):
        result = TicketStatistics(change(tickets)).fetch()

    assert (result.total, result.comments) == (total, comments)


def test_one_shape_with_other_values_gives_other_numbers(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A plan that is used again takes the parameters of its queryset, and those of the class stay."""
    for subject, count in (("0", 1), ("none", 0), ("0", 1), ("é'%s", 0)):
        result = TicketStatistics(tickets.filter(subject=subject)).fetch()
        assert (result.total, result.first) == (count, count)


def test_aggregates_may_name_annotations_of_the_queryset(tickets: QuerySet[Ticket, Ticket]) -> None:
    """What the queryset computes for each row can be aggregated."""
    rows = tickets.annotate(length=Length("subject"))

    assert Statistics.of(rows, longest=Max("length"), some=Count("pk", length__gt=0)).fetch().longest == 1


def test_annotations_of_one_name_are_told_apart(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A plan holds the SQL of an annotation, so another one is another shape; constants of conditions are, too."""
    declared: Any = type(
        "Declared", (Statistics,), {"most": Max("x"), "Meta": type("Meta", (), {"model": Ticket})}
    )
    found = [
        declared(tickets.annotate(x=expression)).fetch().most
        for expression in (Value(3), Value(4), Length("subject"), Value(3))
    ]

    assert found == [3, 4, 1, 3]
    assert declared(tickets.annotate(x=Value(5)).none()).fetch().most is None
    nothing = ExpressionWrapper(Q(pk__in=[]), output_field=BooleanField())
    assert Statistics.of(tickets.annotate(x=nothing), n=Count("pk", x=True), m=Count("pk")).fetch()["m"] == 3


def test_empty_sets_give_what_django_gives(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A count is 0, other numbers are None or what was declared."""
    result = Statistics.of(
        tickets.filter(pk=0),
        count=Count("pk"),
        total=Sum("lines__number"),
        zero=Sum("lines__number", default=0),
        mean=Avg("lines__number"),
        low=Min("subject"),
        spread=StdDev("lines__number"),
        variance=Variance("lines__number", sample=True),
        share=Ratio(Count("pk", subject="0"), Count("pk"), default=0.0),
        nothing=Ratio("total", "count"),
    ).fetch()

    assert dict(result) == {
        "count": 0,
        "total": None,
        "zero": 0,
        "mean": None,
        "low": None,
        "spread": None,
        "variance": None,
        "share": 0.0,
        "nothing": None,
    }


def test_expressions_around_aggregates_are_numbers(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Arithmetic and functions of aggregates work as in aggregate(), with conditions over relations."""
    result = Statistics.of(
        tickets,
        more=Count("pk", comments__is_public=True) + Count("pk"),
        mean=Coalesce(PlainAvg("lines__number"), 0.0),
        product=Sum(F("lines__number") * 2),
    ).fetch()

    assert dict(result) == {"more": 5, "mean": 0.5, "product": 2}


def test_conditions_over_relations_never_multiply(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A condition over another relation has to be true of some row, and every one that is negated of none."""
    result = Statistics.of(
        tickets,
        lines=Count("lines", topics__name="x"),
        negated=Count("pk", filter=~Q(comments__is_public=True)),
        either=Count("pk", filter=Q(comments__is_public=False) | Q(subject="1")),
        compared=Count("pk", filter=Q(comments__body=F("topics__name"))),
        both=Count("pk", filter=Q(comments__is_public=True, comments__author__name="Ann")),
        deep=Count("comments", comments__author__referred__isnull=False),
        mixed=Count("comments", filter=Q(comments__is_public=True) | Q(topics__name="y")),
        behind=Count("comments", filter=~Q(comments__author__referred__name="Bob", topics__name="none")),
    ).fetch()

    assert dict(result) == {
        "lines": 2,
        "negated": 1,
        "either": 2,
        "compared": 0,
        "both": 1,
        "deep": 1,
        "mixed": 5,
        "behind": 5,
    }


def test_proxies_children_and_composite_keys_are_counted() -> None:
    """Rows of a proxy, of a multi-table child, and of a table whose key has two columns."""
    make_tickets()

    assert Statistics.of(CustomerProxy, n=Count("pk"), t=Count("tickets")).fetch()["t"] == 3
    assert Statistics.of(Vip.objects.all()[:5], n=Count("pk"), m=Max("level")).fetch()["n"] == 1
    assert dict(Statistics.of(Line.objects.all()[:1], n=Count("pk"), m=Sum("number")).fetch()) == {
        "n": 1,
        "m": 0,
    }
    assert Statistics.of(Label, n=Count("pk"), t=Count("ticket")).fetch()["t"] == 1


@pytest.mark.skipif(
    connection.vendor == "mysql", reason="plain Django cannot order distinct rows by two columns there"
)
def test_distinct_rows_of_a_composite_key_may_be_sliced() -> None:
    """What orders them is selected beside their keys, under the same names."""
    make_tickets()
    lines = [tuple(key) for key in Line.objects.order_by("pk").values_list("pk", flat=True)]

    found = Statistics.of(
        Line.objects.distinct().order_by("pk")[:1], total=Count("pk"), greatest=Max("number")
    ).fetch()

    assert len(lines) > 1
    assert dict(found) == {"total": 1, "greatest": lines[0][1]}


def test_manager_of_a_relation_is_a_queryset(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Rows of a related manager are taken as its queryset, with the filter of the default manager."""
    first = tickets[0]

    assert Statistics.of(first.comments, n=Count("pk")).fetch()["n"] == 3
    assert Statistics.of(Comment.everything.all(), n=Count("pk")).fetch()["n"] == 5


@pytest.mark.django_db(transaction=True)
async def test_async_fetch_returns_the_same() -> None:
    """In async code afetch() is awaited."""
    assert (await TicketStatistics(Ticket.objects.none()).afetch()).total == 0


def test_a_many_to_many_field_counts_related_rows(tickets: QuerySet[Ticket, Ticket]) -> None:
    """It is none of the model's own columns, whatever Django says of it."""
    assert Statistics.of(tickets, n=Count("topics"), m=Count("blocks")).fetch()["n"] == 3


def test_rows_of_a_model_that_has_an_order(
    tickets: QuerySet[Ticket, Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of a model says which rows a slice has, and is no part of the statement about them."""
    monkeypatch.setattr(Ticket._meta, "ordering", ["-subject"])
    rows = Statistics.of(Ticket.objects.all()[:2], n=Count("pk"), least=Min("subject"))

    assert dict(rows.fetch()) == {"n": 2, "least": "1"}
    assert [group.n for group in rows.by("subject").fetch()] == [1, 1]
