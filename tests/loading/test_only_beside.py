"""Columns of a plan beside those that a queryset, or another plan, loads already."""

from typing import Any

import pytest
from django.db.models import FilteredRelation, Prefetch, Q, QuerySet

from quell.loading import FetchPlan
from tests.planapp.models import Comment, Ticket
from tests.planapp.rows import loaded, make_tickets, run

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets whose relations hold some, one and no rows."""
    return make_tickets()


def test_only_adds_to_the_columns_of_the_queryset(tickets: QuerySet[Ticket, Ticket]) -> None:
    """What the queryset names stays; what it leaves out is loaded where the plan names it."""
    plan = FetchPlan(only=("subject",))

    assert loaded(plan.apply(tickets.only("loose"))[0]) == {"id", "subject", "loose_id"}
    assert loaded(plan.apply(tickets.defer("subject"))[0]) == {"id", "subject"}
    assert loaded(FetchPlan("customer", only=("customer__name",)).apply(tickets.defer("subject"))[0]) == (
        loaded(tickets[0]) - {"subject"}
    )


def test_only_keeps_the_joins_and_prefetches_of_the_queryset(tickets: QuerySet[Ticket, Ticket]) -> None:
    """They need keys as well."""
    own = tickets.select_related("customer__organization").prefetch_related(
        Prefetch("organization__code_tickets", Ticket.objects.order_by("-pk"), to_attr="newest"),
        "comments__author",
    )
    read = lambda row: (  # noqa: E731
        row.customer.organization.name,
        row.organization and [item.pk for item in row.organization.newest],
        [item.author.name for item in row.comments.all()],
    )

    planned = FetchPlan(only=("subject", "comments__body")).apply(own)

    assert run(planned, read) == run(own, read)
    assert loaded(planned[0]) == {"id", "subject", "customer_id", "organization_id"}
    assert loaded(planned[0].comments.all()[0]) == {"id", "body", "author_id", "ticket_id"}


def test_only_leaves_a_queryset_of_somebody_else_alone(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A Prefetch has the columns that it was given."""
    own = tickets.prefetch_related(Prefetch("comments", Comment.everything.order_by("-pk")))

    row = FetchPlan(only=("subject", "comments__body")).apply(own)[0]

    assert len(row.comments.all()) == 4
    assert row.comments.all()[0].get_deferred_fields() == set()


def test_only_applied_twice_is_applied_once(tickets: QuerySet[Ticket, Ticket]) -> None:
    """And another plan adds its columns, in joins and in prefetches."""
    one = FetchPlan(only=("subject", "comments__body", "customer__name"))
    two = FetchPlan(
        join=("comments__author",), only=("loose", "comments__is_public", "comments__author__name")
    )
    once = one.apply(tickets)

    assert str(one.apply(once).query) == str(once.query)
    found, statements = run(two.apply(once), lambda row: row)
    row: Any = found[0]
    assert statements == 2
    assert loaded(row) == {"id", "subject", "loose_id", "customer_id"}
    assert loaded(row.comments.all()[0]) == {"id", "body", "is_public", "author_id", "ticket_id"}
    assert loaded(row.comments.all()[0].author) == {"id", "name"}


def test_only_wins_over_defer(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A merged plan loads what one of its parts names; the rest of what is left out is left out."""
    plan = FetchPlan(only=("subject", "comments__*"), defer=("subject", "comments__body"))

    row = plan.apply(tickets)[0]

    assert loaded(row) == {"id", "subject"}
    assert "body" not in loaded(row.comments.all()[0])


def test_only_leaves_a_filtered_relation_whole(tickets: QuerySet[Ticket, Ticket]) -> None:
    """It has a name of the queryset's own, of which a plan knows no columns."""
    annotated: Any = tickets.annotate(ann=FilteredRelation("customer", condition=Q(customer__name="Ann")))
    own = annotated.select_related("ann")

    row: Any = FetchPlan(only=("subject",)).apply(own)[0]

    assert loaded(row) == {"id", "subject"}
    assert row.ann.name == "Ann"


def test_only_names_nothing_behind_a_bare_select_related(tickets: QuerySet[Ticket, Ticket]) -> None:
    """What it joins has no names, and keeps all columns."""
    own = tickets.all()
    own.query.select_related = True

    row: Any = FetchPlan(only=("subject",), defer=("loose__name",)).apply(own)[0]

    assert loaded(row) == loaded(tickets[0])
    assert row.customer.name == "Ann"
