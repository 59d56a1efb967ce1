"""Columns that a plan names, and those that its joins and prefetches need beside them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Prefetch, QuerySet

from quell.exceptions import UsageError
from quell.loading import FetchPlan
from tests.planapp.models import Customer, Label, Organization, Profile, Ticket, Vip
from tests.planapp.rows import loaded, make_tickets, names, run

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets whose relations hold some, one and no rows."""
    return make_tickets()


def test_only_loads_the_named_columns(tickets: QuerySet[Ticket, Ticket]) -> None:
    """And the key."""
    row = FetchPlan(only=("subject",)).apply(tickets)[0]

    assert loaded(row) == {"id", "subject"}


def test_only_narrows_each_joined_row(tickets: QuerySet[Ticket, Ticket]) -> None:
    """The keys of the joins are loaded as well, whole relations stay whole."""
    plan = FetchPlan("organization", only=("subject", "customer__name", "customer__organization__name"))

    found, statements = run(plan.apply(tickets), lambda row: row)

    row: Any = found[0]
    assert statements == 1
    assert loaded(row) == {"id", "subject", "customer_id", "organization_id"}
    assert loaded(row.customer) == {"id", "name", "organization_id"}
    assert loaded(row.customer.organization) == {"id", "name"}
    assert loaded(row.organization) == {"id", "name", "code"}


def test_only_narrows_behind_a_whole_relation(tickets: QuerySet[Ticket, Ticket]) -> None:
    """What lies on the way and has no column named keeps all of them."""
    row: Any = FetchPlan(only=("customer__organization__name",)).apply(tickets)[0]

    assert loaded(row) == loaded(tickets[0])
    assert loaded(row.customer) == {"id", "name", "organization_id", "referrer_id"}
    assert loaded(row.customer.organization) == {"id", "name"}


# The path of what is loaded, how it is read, and the number of statements.
NEEDED: dict[str, tuple[FetchPlan, Callable[[Any], object], int]] = {
    "foreign key": (FetchPlan("customer", only=("subject",)), lambda row: row.customer.name, 1),
    "to_field": (
        FetchPlan(separate=("organization",), only=("subject", "organization__name")),
        lambda row: row.organization and row.organization.name,
        2,
    ),
    "joined to_field": (
        FetchPlan(only=("subject", "organization__name")),
        lambda row: row.organization and (row.organization.name, row.organization.pk),
        1,
    ),
    "reverse": (
        FetchPlan(only=("subject", "comments__body")),
        lambda row: [item.body for item in row.comments.all()],
        2,
    ),
    "reverse of to_field": (
        FetchPlan(only=("subject", "organization__name", "organization__code_tickets__subject")),
        lambda row: row.organization and sorted(item.subject for item in row.organization.code_tickets.all()),
        2,
    ),
    "join in a prefetch": (
        FetchPlan(join=("comments__author",), only=("subject", "comments__body", "comments__author__name")),
        lambda row: sorted((item.body, item.author.name) for item in row.comments.all()),
        2,
    ),
    "prefetch in a prefetch": (
        FetchPlan(only=("subject", "comments__body", "comments__author__name")),
        lambda row: sorted((item.body, item.author.name) for item in row.comments.all()),
        3,
    ),
    "many-to-many": (
        FetchPlan(only=("subject", "topics__name")),
        lambda row: sorted(item.name for item in row.topics.all()),
        2,
    ),
    "generic relation": (
        FetchPlan(only=("subject", "labels__text")),
        lambda row: [item.text for item in row.labels.all()],
        2,
    ),
    "reverse one-to-one": (
        FetchPlan(only=("subject", "customer__profile__text")),
        lambda row: row.customer.profile.text if hasattr(row.customer, "profile") else "",
        1,
    ),
    "child of a parent": (
        FetchPlan(only=("subject", "customer__vip__level")),
        lambda row: row.customer.vip.level if hasattr(row.customer, "vip") else 0,
        1,
    ),
    "manager that hides": (
        FetchPlan(only=("subject", "hidden__is_deleted")),
        lambda row: row.hidden and row.hidden.is_deleted,
        2,
    ),
    "counts beside": (
        FetchPlan(only=("subject",), counts={"n": "organization__code_tickets"}),
        lambda row: row.organization_id and row.pk,
        4,
    ),
}


@pytest.mark.parametrize("case", NEEDED)
def test_only_keeps_what_joins_and_prefetches_need(tickets: QuerySet[Ticket, Ticket], case: str) -> None:
    """Nothing that a relation is found by is loaded row by row."""
    plan, read, count = NEEDED[case]
    Label(target=tickets[0]).content_type  # the content types are cached from here on  # noqa: B018
    plain, _ = run(tickets, read)

    assert run(plan.apply(tickets), read) == (plain, count)


def test_only_keeps_the_keys_of_a_generic_foreign_key(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Both of its columns."""
    read = lambda row: row.target.pk  # noqa: E731
    labels = Label.objects.order_by("pk")

    assert run(FetchPlan("target", only=("text",)).apply(labels), read)[0] == run(labels, read)[0]
    assert loaded(FetchPlan("target", only=("text",)).apply(labels)[0]) == {
        "id",
        "text",
        "content_type_id",
        "object_id",
    }
    assert loaded(FetchPlan(only=("target",)).apply(labels)[0]) == {"id", "content_type_id", "object_id"}


def test_only_follows_the_relations_of_a_parent(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A multi-table child reads the columns that it names from both tables, and finds the relations of both."""
    plan = FetchPlan(only=("level", "name", "tickets__subject", "concierge__name", "organization__code"))
    read = lambda row: (  # noqa: E731
        row.level,
        row.name,
        row.id,
        row.concierge.name,
        row.organization.code,
        [item.subject for item in row.tickets.all()],
    )

    assert run(plan.apply(Vip.objects.all()), read) == (run(Vip.objects.all(), read)[0], 2)


def test_only_takes_names_as_django_does(tickets: QuerySet[Ticket, Ticket]) -> None:
    """The key by either name, and a foreign key as a column."""
    assert loaded(FetchPlan(only=("pk",)).apply(tickets)[0]) == {"id"}
    assert loaded(FetchPlan(only=("customer_id",)).apply(tickets)[0]) == {"id", "customer_id"}
    assert loaded(FetchPlan(only=("customer",)).apply(tickets)[0]) == {"id", "customer_id"}
    assert loaded(FetchPlan(only=("*",)).apply(tickets)[0]) == loaded(tickets[0])


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("subjct", 'planapp.Ticket has no column "subjct"; did you mean "subject"'),
        ("customer__nam", 'planapp.Customer has no column "nam"; did you mean "name"'),
        ("custmer__name", 'no relation "custmer".*did you mean "customer"'),
        ("comments", 'no column "comments"'),
    ],
)
def test_only_names_the_closest_match(tickets: QuerySet[Ticket, Ticket], path: str, message: str) -> None:
    """A typing error is told before the database is asked."""
    with pytest.raises(UsageError, match=message):
        FetchPlan(only=(path,)).apply(tickets)


def test_only_refuses_columns_of_several_tables() -> None:
    """Behind a generic foreign key each row may have others."""
    with pytest.raises(UsageError, match='"target" leads to several tables'):
        FetchPlan(only=("target__name",)).apply(Label.objects.all())


@pytest.mark.parametrize("case", NEEDED)
def test_the_code_of_columns_loads_the_same(tickets: QuerySet[Ticket, Ticket], case: str) -> None:
    """What is printed can be pasted behind a queryset."""
    plan, read, _ = NEEDED[case]
    Label(target=tickets[0]).content_type  # the content types are cached from here on  # noqa: B018
    scope = {"rows": tickets, "Prefetch": Prefetch, **_models()}
    if plan.counts:
        return

    written = eval(f"rows{plan.as_code(Ticket)}", scope)

    assert run(written, read) == run(plan.apply(tickets), read)
    assert [loaded(row) for row in written] == [loaded(row) for row in plan.apply(tickets)]


def _models() -> dict[str, object]:
    from tests.planapp import models

    return vars(models)


def test_only_narrows_what_raw_sql_prefetches(tickets: QuerySet[Ticket, Ticket]) -> None:
    """The SQL has the columns that somebody wrote, the prefetches those of the plan."""
    raw = Ticket.objects.raw("SELECT * FROM planapp_ticket ORDER BY id")

    row = FetchPlan(only=("subject", "customer__name")).apply(raw)[0]

    assert loaded(row) == loaded(tickets[0])
    assert loaded(row.customer) == {"id", "name"}


def test_only_reaches_the_other_side_of_a_one_to_one(tickets: QuerySet[Ticket, Ticket]) -> None:
    """From either side, prefetched as well."""
    profiles = Profile.objects.all()
    read = lambda row: (row.customer.name, names(row.customer.tickets))  # noqa: E731

    for plan in (
        FetchPlan(only=("text", "customer__name", "customer__tickets__subject")),
        FetchPlan(separate=("customer",), only=("text", "customer__name", "customer__tickets__subject")),
    ):
        assert run(plan.apply(profiles), read)[0] == run(profiles, read)[0]
    assert (
        run(FetchPlan(separate=("profile",), only=("profile__text",)).apply(Customer.objects.all()), str)[1]
        == 2
    )
    assert Organization.objects.count() == 2
