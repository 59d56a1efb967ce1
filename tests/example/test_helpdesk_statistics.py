"""All numbers of the help desk: in one round trip what took a query each."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.paginator import Paginator
from django.db import OperationalError, connection, models
from django.db.models import Model, Q
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

import quell
from billing.factories import InstallmentFactory
from fieldwork.models import WorkOrder
from organizations.models import Organization
from portal import statistics, statistics_pages
from portal.statistics import InstallmentStatistics, TicketStatistics, WorkOrderStatistics
from quell import aggregation
from seeding.data import grow
from tickets.factories import TicketFactory
from tickets.models import Ticket, TicketComment

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).resolve().parents[2] / "docs" / "statistics.md"
DECLARED = [
    found
    for found in vars(statistics).values()
    if isinstance(found, type) and issubclass(found, quell.Statistics) and found is not quell.Statistics
]


def _open(client: Client, path: str) -> tuple[bytes, int]:
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)
    assert response.status_code == 200
    return response.content, len(queries)


@pytest.mark.parametrize("count", [0, 7, 23])
def test_one_round_trip_shows_the_same_page(client: Client, count: int) -> None:
    """Both pages send the same bytes, the fast one with a single query: at least 95 % fewer."""
    if count:
        grow(count)
    slow, slow_queries = _open(client, "/slow/statistics/")
    fast, fast_queries = _open(client, "/fast/statistics/")

    assert fast == slow
    assert fast_queries == 1
    assert fast_queries <= 0.05 * slow_queries


@pytest.mark.parametrize("declared", DECLARED)
def test_each_area_is_one_query(declared: type[quell.Statistics]) -> None:
    """Each declaration can be fetched alone, with what aggregate() gives for each number."""
    grow(5)
    with CaptureQueriesContext(connection) as queries:
        result = declared().fetch()

    assert len(queries) == 1
    model: type[Model] = declared.declaration().model
    for name, expression in declared.declaration().expressions.items():
        assert result[name] == model._default_manager.aggregate(x=expression)["x"]


def test_installments_are_five_queries_in_one() -> None:
    """What is overdue depends on the day of the database; amounts stay decimals."""
    InstallmentFactory.create(amount=Decimal("10.10"), due_date=date(2000, 1, 1), is_paid=False)
    InstallmentFactory.create(amount=Decimal("20.20"), due_date=date(2999, 1, 1), is_paid=False)
    InstallmentFactory.create(amount=Decimal("30.30"), due_date=date(2000, 1, 1), is_paid=True)
    with CaptureQueriesContext(connection) as queries:
        found = InstallmentStatistics().fetch()

    assert len(queries) == 1
    assert dict(found) == {"total": 3, "paid": 1, "unpaid": 2, "overdue": 1, "due": Decimal("30.30")}
    assert isinstance(found.due, Decimal)


def test_series_of_dates_and_groups_of_choices() -> None:
    """Installments by day have days without one; tickets by status have each status, in the order of the choices."""
    InstallmentFactory.create(amount=Decimal("10.10"), due_date=date(2026, 1, 2), is_paid=False)
    TicketFactory.create(status=Ticket.Status.OPEN)
    days = InstallmentStatistics().over(
        "due_date", every="day", since=date(2026, 1, 1), until=date(2026, 1, 4)
    )
    groups = TicketStatistics().by("status", totals=True).fetch()

    assert [(day.start, day.due) for day in days.fetch()] == [
        (date(2026, 1, 1), None),
        (date(2026, 1, 2), Decimal("10.10")),
        (date(2026, 1, 3), None),
    ]
    assert [group.label for group in groups] == list(Ticket.Status.labels)
    assert (groups["open"].total, groups["closed"].total, groups.total.total) == (1, 0, 1)


def test_statistics_of_some_rows_take_a_queryset() -> None:
    """The same declaration serves one customer."""
    ticket = TicketFactory.create(sla_breach=True)
    TicketFactory.create()

    assert TicketStatistics(ticket.customer.requested_tickets).fetch().late == 1
    assert WorkOrderStatistics().fetch().average_minutes is None


def test_advice_for_the_slow_page_has_the_same_numbers(client: Client) -> None:
    """Three or more numbers of one model are found, and the code that is written for them gives what the page shows."""
    grow(9)
    with quell.watch() as watch:
        client.get("/slow/statistics/")
    shown = {
        frozenset(area.numbers): area.numbers
        for ask in (statistics_pages._support, statistics_pages._people, statistics_pages._connections)
        for area in [*ask(), statistics_pages._installments()]
    }

    assert {(finding.model, finding.count) for finding in watch.findings} == {
        ("accounts.User", 5),
        ("automation.Integration", 4),
        ("billing.Installment", 5),
        ("fieldwork.WorkOrder", 4),
        ("security.SecurityEvent", 3),
        ("tickets.Ticket", 3),
    }
    for finding in watch.findings:
        assert (finding.code, finding.level) == ("Q110", "advice")
        names = {**vars(statistics_pages), **vars(aggregation), "Q": Q}
        found = dict(eval(finding.suggestion, {**names, "quell": quell}))
        own = next(numbers for known, numbers in shown.items() if known >= found.keys())
        assert found == {name: own[name] for name in found}
        # What is overdue depends on the day on which the statement runs, so no class declares it.
        assert bool(finding.listing) == (finding.model != "billing.Installment")
        if finding.listing:
            exec(finding.listing, names)
            assert dict(names["numbers"]) == found


def test_the_fast_page_needs_no_advice(client: Client) -> None:
    """One statement is what is advised."""
    grow(5)
    with quell.watch() as watch:
        client.get("/fast/statistics/")

    assert not watch.findings


def test_advice_fails_a_profile_only_where_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """The page is reported with its advice, and is no failure by itself."""
    grow(2)
    with override_settings(DEBUG=True):
        call_command("quell", "profile", "/slow/statistics/")
        out = capsys.readouterr().out
        with pytest.raises(SystemExit):
            call_command("quell", "profile", "/slow/statistics/", "--advice")

    assert "6 pieces of advice, nothing needless" in out
    assert "class TicketStatistics(quell.Statistics):" in out
    assert "1 page; 0 findings, 6 pieces of advice" in out


def test_examples_of_the_page_run() -> None:
    """Each example of the docs runs, in the order of the page, with the numbers of the naive dashboard."""
    grow(7)
    tickets = Ticket.objects.order_by("pk")
    space: dict[str, Any] = {
        **vars(models), "Ticket": Ticket, "TicketComment": TicketComment, "WorkOrder": WorkOrder, "date": date,
        "Organization": Organization, "Exists": aggregation.Exists, "queryset": tickets, "tickets": tickets[:3],
        "organization": Organization.objects.first(), "page": Paginator(tickets, 3).page(1),
    }  # fmt: skip
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(compile(block, "statistics.md", "exec"), space)

    context, found = space["context"], space["found"]
    assert {name: found.tickets[name] for name in ("total", "open", "late", "comments")} == {
        name: context[name] for name in ("total", "open", "late", "comments")
    }
    assert found.work_orders.done == context["done"]
    assert found.work_orders.cost == (context["cost"] or 0)
    assert [row.tag_count for row in space["page"].object_list] == [row.tags.count() for row in tickets[:3]]
    assert space["groups"].of("channel")["email"].total == tickets.filter(channel="email").count()
    assert len(space["days"]) == 31


def test_command_explains_what_is_declared(capsys: pytest.CaptureFixture[str]) -> None:
    """Each class of the project is named, with its passes, and no plan of a view is judged."""
    call_command("quell", "check", "--statistics")

    lines = capsys.readouterr().out.splitlines()
    assert "portal.statistics.TicketStatistics: one statement, " in "\n".join(lines)
    assert any(line.startswith("  ") and "pass" in line for line in lines)
    assert re.fullmatch(r"\d+ declared statistics explained", lines[-1])
    assert not any("declared plans judged" in line for line in lines)


def test_command_says_that_a_database_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, with what the database said."""

    def refuse() -> None:
        msg = "connection refused"
        raise OperationalError(msg)

    monkeypatch.setattr(quell.Statistics, "explain_all", refuse)
    with pytest.raises(CommandError, match=r"could not be asked \(connection refused\)"):
        call_command("quell", "check", "--statistics")
