"""Numbers of each row: as annotations, in one statement for a page, and as attributes of rows that are loaded."""

import pickle
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count as PlainCount
from django.db.models import F, Q, QuerySet
from django.db.models import Sum as PlainSum
from django.test.utils import CaptureQueriesContext

from quell.aggregation import Avg, Count, Exists, Max, Ratio, Statistics, Sum
from quell.exceptions import UsageError
from tests.planapp.models import Chapter, Customer, CustomerProxy, Line, Story, Ticket, Vip
from tests.planapp.rows import make_tickets

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


class OfTicket(Statistics):
    """What a list of tickets shows of each."""

    comment_count = Count("comments")
    public_count = Count("comments", comments__is_public=True)
    last_comment = Max("comments")
    line_count = Count("lines")
    line_sum = Sum("lines__number", default=0)
    line_average = Avg("lines__number")
    topic_count = Count("topics", distinct=True)
    is_first = Exists("pk", subject="0")
    has_comments = Exists("comments")

    class Meta:
        model = Ticket


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets with comments, topics and lines."""
    return make_tickets()


def _read(rows: Any) -> list[dict[str, Any]]:
    return [{name: getattr(row, name) for name in OfTicket.declaration().expressions} for row in rows]


def _alone(tickets: QuerySet[Ticket, Ticket]) -> list[dict[str, Any]]:
    return [dict(OfTicket(tickets.filter(pk=pk)).fetch()) for pk in tickets.values_list("pk", flat=True)]


@pytest.mark.parametrize("batched", [False, True])
def test_each_row_has_the_numbers_of_its_own(tickets: QuerySet[Ticket, Ticket], batched: bool) -> None:
    """Any number of relations multiplies nothing: the numbers are those of the queryset of one row."""
    expected = _alone(tickets)
    with CaptureQueriesContext(connection) as captured:
        found = _read(OfTicket.annotate(tickets, batched=batched))

    assert found == expected
    assert [row["comment_count"] for row in found] == [4, 1, 0]
    assert len(captured) == (2 if batched else 1)


def test_a_join_multiplies_and_statistics_do_not(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Two lines of the numbers 0 and 1 and four comments: the joined sum is 4, and that of the lines is 1."""
    joined = tickets.annotate(s=PlainSum("lines__number"), c=PlainCount("comments"))
    assert joined.values_list("s", "c")[0] == (4, 8)
    apart = Statistics.of(Ticket, s=Sum("lines__number"), c=Count("comments")).annotate(tickets)
    assert apart.values_list("s", "c")[0] == (1, 4)


@pytest.mark.usefixtures("tickets")
def test_numbers_over_one_relation_share_a_subquery() -> None:
    """Three numbers over comments read them once where rows are made; what is ordered by reads them for itself."""
    rows = Statistics.of(
        Ticket,
        a=Count("comments"),
        b=Count("comments", comments__is_public=True),
        c=Count("comments", distinct=True),
    ).annotate(Ticket.objects.order_by("pk"))

    def read(queryset: QuerySet[Any, Any]) -> tuple[list[tuple[int, int]], int]:
        with CaptureQueriesContext(connection) as captured:
            values = [(row.a, row.b) for row in queryset]
        return values, captured[0]["sql"].count("OUTER JOIN")

    packed, ordered, apart = read(rows.all()), read(rows.order_by("-a")), read(rows.distinct())
    assert packed[0] == ordered[0] == apart[0] == [(4, 2), (1, 1), (0, 0)]
    assert [packed[1], ordered[1], apart[1]] == [1, 2, 3]
    assert not any(name.startswith("numbers_") for name in vars(rows[0]))


def test_a_number_is_an_annotation(tickets: QuerySet[Ticket, Ticket]) -> None:
    """It can be filtered, ordered, selected, aggregated, counted, combined and asked for in a subquery."""
    rows = OfTicket.annotate(tickets)
    first, second, third = tickets

    assert list(rows.filter(comment_count__gt=0, has_comments=True)) == [first, second]
    assert list(rows.exclude(public_count=F("comment_count"))) == [first]
    assert list(rows.order_by("-line_sum", "-comment_count")) == [first, second, third]
    assert list(rows.order_by(F("comment_count").asc())) == [third, second, first]
    assert list(rows.values_list("comment_count", "line_count")) == [(4, 2), (1, 0), (0, 0)]
    assert rows.values("public_count", "is_first")[0] == {"public_count": 2, "is_first": True}
    assert rows.aggregate(x=PlainSum("comment_count")) == {"x": 5}
    assert rows.filter(line_count=2).count() == 1
    assert [
        row.comment_count for row in rows.order_by().union(rows.order_by()).order_by("comment_count")
    ] == [0, 1, 4]
    assert list(tickets.filter(pk__in=rows.filter(comment_count=1))) == [second]
    assert list(rows.annotate(double=F("comment_count") * 2).values_list("double", flat=True)) == [8, 2, 0]
    assert rows.get(comment_count=4).line_average == 0.5
    assert [row.line_count for row in rows.iterator(chunk_size=1)] == [2, 0, 0]
    assert list(rows.in_bulk([first.pk])) == [first.pk]
    assert rows.reverse()[0].line_sum == 0
    assert rows.none().count() == 0


def test_rows_come_from_any_queryset(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Joins that repeat rows, slices, children, proxies, other columns and composite keys leave the numbers right."""
    assert [row.comment_count for row in OfTicket.annotate(tickets.filter(topics__name="x"))] == [4, 4]
    assert [row.comment_count for row in OfTicket.annotate(tickets[1:], batched=True)] == [1, 0]
    assert [row.comment_count for row in OfTicket.annotate(tickets.only("subject"))] == [4, 1, 0]
    for batched in (False, True):
        of_customer = Statistics.of(Customer, n=Count("tickets"), c=Count("tickets__comments"))
        of_line = Statistics.of(Line, n=Count("ticket__comments"))
        names = [
            (row.n, row.c)
            for row in of_customer.annotate(CustomerProxy.objects.order_by("pk"), batched=batched)
        ]
        assert names == [(2, 4), (1, 1)]
        assert [row.n for row in of_line.annotate(Line.objects.all(), batched=batched)] == [4, 4]
        vips = Statistics.of(Vip, n=Count("tickets"), m=Count("referred"))
        assert [(row.n, row.m) for row in vips.annotate(Vip.objects.all(), batched=batched)] == [(1, 0)]


def test_several_statistics_share_a_queryset(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Each adds its own numbers, batched or not."""
    rows = OfTicket.annotate(tickets)
    rows = Statistics.of(Ticket, labels_=Count("labels"), stickers_=Count("stickers")).annotate(rows)
    rows = Statistics.of(Ticket, share=Ratio(Count("topics"), Count("comments"))).annotate(rows, batched=True)

    with CaptureQueriesContext(connection) as captured:
        found = [(row.comment_count, row.labels_, row.stickers_, row.share) for row in rows]
    assert found == [(4, 1, 0, 0.75), (1, 0, 1, 0.0), (0, 0, 0, None)]
    assert len(captured) == 2


def test_a_page_gets_its_numbers_in_one_statement(
    tickets: QuerySet[Ticket, Ticket], django_assert_num_queries: Any
) -> None:
    """attach() takes rows that are loaded, each as often as it comes."""
    page: list[Any] = [*tickets, tickets[0]]
    with django_assert_num_queries(1):
        OfTicket.attach(page)

    assert _read(page[:3]) == _alone(tickets)
    assert page[3].comment_count == 4
    with django_assert_num_queries(0):
        OfTicket.attach([])


def test_a_row_that_was_deleted_meanwhile_has_none(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Its numbers are None, and those of the others are right."""
    page: list[Any] = list(tickets)
    Ticket.objects.filter(pk=page[2].pk).delete()
    OfTicket.attach(page)

    assert [row.comment_count for row in page] == [4, 1, None]


@pytest.mark.usefixtures("tickets")
def test_querysets_and_managers_with_plans_take_statistics() -> None:
    """with_statistics() takes a class, or numbers by name."""

    class OfStory(Statistics):
        chapter_count = Count("chapters")

        class Meta:
            model = Story

    story = Story.objects.create(title="x", customer=Customer.objects.earliest("pk"))
    Chapter.objects.create(story=story, number=7)

    for rows in (
        Story.objects.with_statistics(OfStory),
        Story.objects.with_plan("list").with_statistics(OfStory, batched=True),
        Story.objects.with_statistics(chapter_count=Count("chapters"), highest=Max("chapters__number")),
    ):
        assert [row.chapter_count for row in rows] == [1]
    wrong: Any
    for wrong in ({}, {"n": Count("pk")}):
        with pytest.raises(UsageError, match="takes a Statistics class, or numbers"):
            Story.objects.with_statistics(*([OfStory] if wrong else []), **wrong)


@pytest.mark.parametrize("batched", [False, True])
def test_pickles_keep_the_numbers(tickets: QuerySet[Ticket, Ticket], batched: bool) -> None:
    """A queryset that was evaluated comes back with them, and its rows are Django's own."""
    rows = OfTicket.annotate(tickets, batched=batched)
    assert _read(pickle.loads(pickle.dumps(rows))) == _read(rows)
    assert b"quell" not in pickle.dumps(rows[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Statistics.of(Ticket, subject=Count("comments")).annotate(Ticket.objects.all()),
            "is a field of",
        ),
        (lambda: Statistics.of(Ticket, pk=Count("comments")).attach([]), "is a field of"),
        (
            lambda: Statistics.of(Ticket, n=Ratio(Count("pk"), Count("pk"))).annotate(Ticket.objects.all()),
            "batched",
        ),
        (lambda: OfTicket.annotate(Customer.objects.all()), "queryset is one of"),
        (lambda: OfTicket.annotate(Ticket.objects.values("pk"), batched=True), "makes none"),
        (lambda: OfTicket.attach([Customer()]), "saved rows of"),
        (lambda: OfTicket.attach([Ticket()]), "saved rows of"),
        (lambda: Statistics.of(Ticket, n=Count("komments")).annotate(Ticket.objects.all()), "did you mean"),
        (
            lambda: Statistics.of(Ticket, n=Count("pk", filter=Q(pk="x"))).annotate(Ticket.objects.all()),
            "pk|id",
        ),
    ],
)
def test_wrong_use_is_refused(make: Any, message: str) -> None:
    """The message says what to do instead."""
    with pytest.raises(UsageError, match=message):
        make()
