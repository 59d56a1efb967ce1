"""Counts, existence and filtered rows: the same numbers as the relation's own managers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Cast

from quell.exceptions import UsageError
from quell.loading import FetchPlan
from tests import planapp
from tests.planapp.models import Organization, Ticket, Vip
from tests.planapp.rows import make_tickets, run

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets whose relations hold some, one and no rows."""
    return make_tickets()


COUNTED: dict[str, Callable[[Any], int]] = {
    "comments": lambda row: len(row.comments.all()),
    "topics": lambda row: len(row.topics.all()),
    "labels": lambda row: row.labels.count(),
    "stickers": lambda row: row.stickers.count(),
    "duplicates": lambda row: row.duplicates.count(),
    "blocks": lambda row: row.blocks.count(),
    "blocked_by": lambda row: row.blocked_by.count(),
    "followup_set": lambda row: row.followup_set.count(),
    "marked": lambda row: row.marked.count(),
    "lines": lambda row: row.lines.count(),
    "customer__tickets": lambda row: row.customer.tickets.count(),
    "customer__referred": lambda row: row.customer.referred.count(),
}


def test_counts_equal_those_of_the_managers(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Every kind of relation is counted in the statement of the rows, whatever else is counted there."""
    expected = [[read(row) for read in COUNTED.values()] for row in tickets]
    counts = {f"n_{position}": path for position, path in enumerate(COUNTED)}
    exists = {f"e_{position}": path for position, path in enumerate(COUNTED)}
    plan = FetchPlan(counts=counts, exists=exists)

    found, statements = run(plan.apply(tickets), lambda row: row)

    assert [[getattr(row, name) for name in counts] for row in found] == expected
    assert [[getattr(row, name) for name in exists] for row in found] == [
        [number > 0 for number in row] for row in expected
    ]
    assert statements == 1


def test_counts_follow_other_keys_and_parents(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A key that is no primary key, and a relation of the parent's table, are followed as well."""
    plan = FetchPlan(counts={"n": "code_tickets"})
    on_child = FetchPlan(counts={"n": "tickets"})

    assert [row.n for row in plan.apply(Organization.objects.order_by("pk"))] == [1, 1]  # type: ignore[attr-defined]
    assert [row.n for row in on_child.apply(Vip.objects.all())] == [1]  # type: ignore[attr-defined]
    assert tickets.count() == 3


def test_counts_leave_sliced_and_aggregated_rows_alone(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A joined count beside the planned one neither changes it nor is changed."""
    plan = FetchPlan("customer", counts={"n": "comments"})

    rows = plan.apply(tickets.annotate(joined=Count("topics"))[:2])

    assert [(row.n, row.joined) for row in rows] == [(3, 3), (1, 0)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["customer", "comments__author", "loose__customers", "hidden__ticket_set"])
def test_counts_refuse_what_would_be_wrong(tickets: QuerySet[Ticket, Ticket], path: str) -> None:
    """A number per row needs one to-many relation, reached without losing rows."""
    with pytest.raises(UsageError, match=f'"n" over "{path}" on planapp.Ticket'):
        FetchPlan(counts={"n": path}).apply(tickets)


def test_filters_hold_rows_beside_the_relation(tickets: QuerySet[Ticket, Ticket]) -> None:
    """The attribute is filtered and ordered, the relation's own rows are all there, hidden ones never."""
    plan = FetchPlan("comments", filters={"public": ("comments", Q(is_public=True), ("-pk",))})

    row = plan.apply(tickets)[0]

    assert [item.is_public for item in row.public] == [True]  # type: ignore[attr-defined]
    assert len(row.comments.all()) == 3


def test_filters_sit_on_the_rows_that_hold_the_relation(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Behind a join the list is an attribute of the joined row."""
    plan = FetchPlan(filters={"open": ("tickets", Q(subject="0"))}).under("customer")

    found, statements = run(plan.apply(tickets), lambda row: [item.subject for item in row.customer.open])

    assert (found, statements) == ([["0"], [], ["0"]], 2)


@pytest.mark.parametrize("path", COUNTED)
def test_the_code_to_write_returns_the_same(tickets: QuerySet[Ticket, Ticket], path: str) -> None:
    """What advice prints can be pasted behind a queryset, alone and beside other columns."""
    names = {**vars(models), **vars(planapp.models), "Cast": Cast, "rows": tickets}
    alone, beside = (
        FetchPlan(counts={"n": path}),
        FetchPlan(counts={"n": path, "m": "topics"}, exists={"e": path}),
    )

    for plan in (alone, beside):
        written = eval(f"rows{plan.as_code(Ticket)}", names)
        assert [vars_of(row) for row in written] == [vars_of(row) for row in plan.apply(tickets)]


def vars_of(row: Ticket) -> dict[str, object]:
    """Return what a row holds beside its columns."""
    return {name: getattr(row, name) for name in ("n", "m", "e") if hasattr(row, name)}


@pytest.mark.parametrize("name", ["subject", "customer_id", "comments", "save"])
def test_results_never_hide_what_the_model_has(tickets: QuerySet[Ticket, Ticket], name: str) -> None:
    """A taken name is refused before the database is asked."""
    with pytest.raises(UsageError, match=f'"{name}" already'):
        FetchPlan(counts={name: "topics"}).apply(tickets)
    with pytest.raises(UsageError, match=f'"{name}" already'):
        FetchPlan(filters={name: ("topics", Q())}).apply(tickets)
