"""Several statistics in one round trip."""

import copy
import pickle
from typing import Any

import pytest

from quell import Statistics, acollect, collect
from quell.aggregation import Count, Sum
from quell.exceptions import UsageError
from tests.aggregation.test_statistics import TicketStatistics
from tests.planapp.models import Customer, Label, Line, Ticket
from tests.planapp.rows import make_tickets

pytestmark = pytest.mark.databases


@pytest.mark.django_db
def test_models_share_one_statement(django_assert_num_queries: Any) -> None:
    """A class, bound statistics, a queryset and a manager are parts of one statement, each over its own model."""
    tickets = make_tickets()
    lines = Statistics.of(Line.objects.filter(number__gte=0), total=Sum("number"), rows=Count("pk"))

    with django_assert_num_queries(1):
        found = collect(
            tickets=TicketStatistics,
            some=TicketStatistics(tickets.filter(subject="1")),
            lines=lines,
            people=Customer.objects.filter(name="Ann"),
            labels=Label.objects,
            nobody=Customer.objects.none(),
        )

    assert (found.tickets.total, found.some.total, found.some.comments) == (3, 1, 1)
    assert dict(found.lines) == {"total": 1, "rows": 2}
    assert (found.people, found["labels"], found.nobody) == (1, 2, 0)
    assert list(found) == ["tickets", "some", "lines", "people", "labels", "nobody"]
    assert len(found) == 6
    assert found.tickets == TicketStatistics().fetch()


@pytest.mark.django_db(databases=["default", "other"])
def test_each_database_gets_one_statement(django_assert_num_queries: Any) -> None:
    """Parts on two databases are one statement each, and results keep the order of the parts."""
    make_tickets()
    elsewhere = Ticket.objects.using("other")

    with django_assert_num_queries(1), django_assert_num_queries(1, using="other"):
        found = collect(here=Ticket.objects, there=elsewhere, also=TicketStatistics(elsewhere))

    assert (found.here, found.there, found.also.total) == (3, 0, 0)
    assert list(found) == ["here", "there", "also"]


@pytest.mark.django_db(databases=["default", "other"])
def test_routers_choose_the_database(settings: Any, django_assert_num_queries: Any) -> None:
    """Where a router reads elsewhere, so do statistics."""
    settings.DATABASE_ROUTERS = ["tests.aggregation.test_collecting.ReadsElsewhere"]

    with django_assert_num_queries(0), django_assert_num_queries(1, using="other"):
        assert TicketStatistics().fetch().total == 0


class ReadsElsewhere:
    """A router for one model."""

    def db_for_read(self, model: type[Any], **hints: object) -> str | None:
        """Return the other database for tickets."""
        return "other" if model is Ticket else None


@pytest.mark.django_db
def test_collected_results_are_frozen_values() -> None:
    """Results cannot be set, name those that exist, and survive a copy and a pickle."""
    found = collect(tickets=Ticket.objects, people=TicketStatistics)

    with pytest.raises(AttributeError, match="frozen"):
        found.tickets = 3
    with pytest.raises(AttributeError, match="there are tickets, people"):
        _ = found.ticket
    assert pickle.loads(pickle.dumps(found)) == found == copy.deepcopy(found)
    assert repr(found).startswith("<Collected: tickets=0, people=<TicketStatistics: total=0")


def test_parts_are_statistics_or_querysets() -> None:
    """Anything else is an error that says what to give."""
    wrong: Any = Ticket
    with pytest.raises(UsageError, match=r"collect\(tickets=...\) takes statistics"):
        collect(tickets=wrong)
    with pytest.raises(UsageError, match="by name"):
        collect()


@pytest.mark.django_db(transaction=True)
async def test_async_collect_returns_the_same() -> None:
    """In async code acollect() is awaited."""
    assert (await acollect(tickets=Ticket.objects)).tickets == 0
