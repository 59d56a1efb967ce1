"""Types of statistics, as users see them; checked by mypy, never run."""

from typing import Any, assert_type

from quell import Statistics, acollect, collect
from quell.aggregation import Avg, Collected, Count, Ratio
from quell.aggregation.explaining import Explanation
from tests.planapp.models import Ticket


class TicketStatistics(Statistics):
    """Numbers of tickets."""

    total = Count("pk")
    mean = Avg("lines__number")
    share = Ratio("total", "total")

    class Meta:
        model = Ticket


assert_type(TicketStatistics.total, Count)
assert_type(TicketStatistics().fetch(), TicketStatistics)
assert_type(TicketStatistics(Ticket.objects.all()).fetch().total, int)
assert_type(TicketStatistics().fetch()["mean"], Any)
assert_type(TicketStatistics().explain(), Explanation)
assert_type(TicketStatistics().keys(), tuple[str, ...])
assert_type(Statistics.of(Ticket, total=Count("pk")).fetch().total, Any)
assert_type(collect(tickets=TicketStatistics, count=Ticket.objects.all()), Collected)


async def _in_async_code() -> None:
    assert_type(await TicketStatistics().afetch(), TicketStatistics)
    assert_type(await acollect(tickets=TicketStatistics), Collected)
