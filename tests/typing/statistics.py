"""Types of statistics, as users see them; checked by mypy, never run."""

from datetime import date
from typing import Any, assert_type

from django.db.models import QuerySet

from quell import Statistics, acollect, collect
from quell.aggregation import (
    Avg,
    Buckets,
    Collected,
    Count,
    First,
    Frequent,
    Group,
    Grouped,
    Groups,
    Median,
    Ratio,
    Series,
    StringAgg,
    Top,
    Values,
)
from quell.aggregation.explaining import Explanation
from tests.planapp.models import Ticket


class TicketStatistics(Statistics):
    """Numbers of tickets."""

    total = Count("pk")
    mean = Avg("lines__number")
    share = Ratio("total", "total")
    middle = Median("lines__number")
    top = Top("subject", 3)
    subjects = Values("subject", order_by="-subject")
    text = StringAgg("subject", "; ")
    first = First("subject", order_by="pk")

    class Meta:
        model = Ticket


assert_type(TicketStatistics.total, Count)
assert_type(TicketStatistics().fetch(), TicketStatistics)
assert_type(TicketStatistics(Ticket.objects.all()).fetch().total, int)
assert_type(TicketStatistics().fetch().middle, float | None)
assert_type(TicketStatistics().fetch()["mean"], Any)
assert_type(TicketStatistics().fetch().top, tuple[Frequent, ...])
assert_type(TicketStatistics().fetch().top[0].row_count, int)
assert_type(TicketStatistics().fetch().subjects, tuple[Any, ...])
assert_type(TicketStatistics().fetch().text, str | None)
assert_type(TicketStatistics().fetch().first, Any)
assert_type(TicketStatistics().explain(), Explanation)
assert_type(TicketStatistics().keys(), tuple[str, ...])
assert_type(Statistics.of(Ticket, total=Count("pk")).fetch().total, Any)
assert_type(collect(tickets=TicketStatistics, count=Ticket.objects.all()), Collected)

assert_type(TicketStatistics().by("subject"), Grouped)
assert_type(TicketStatistics().by("subject").fetch(), Groups)
assert_type(TicketStatistics().by("subject").fetch()["x"], Group)
assert_type(TicketStatistics().by("subject", sets=["customer", ()], cube=True).fetch().of("customer"), Groups)
assert_type(TicketStatistics().by("subject", totals=True).fetch().totals, dict[tuple[Any, ...], Group])

assert_type(TicketStatistics.annotate(Ticket.objects.all(), batched=True), QuerySet[Any, Any])
TicketStatistics.attach(Ticket.objects.all())


def _over_time(since: date) -> None:
    series = TicketStatistics().over("created", every="day", since=since, until=since)
    assert_type(series, Series)
    assert_type(series.fetch(), Buckets)


async def _in_async_code() -> None:
    assert_type(await TicketStatistics().afetch(), TicketStatistics)
    assert_type(await acollect(tickets=TicketStatistics), Collected)
