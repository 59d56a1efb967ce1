"""What a plan does to a queryset, against the same queryset on plain Django."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Prefetch, Q, QuerySet
from django.test.utils import CaptureQueriesContext

from quell.exceptions import PlanConflict, UsageError
from quell.loading import FetchPlan
from tests.planapp.models import Comment, Label, Organization, Ticket
from tests.planapp.rows import make_tickets, names, run

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets whose relations hold some, one and no rows."""
    return make_tickets()


@pytest.mark.parametrize(
    ("path", "read", "count"),
    [
        ("customer__organization", lambda row: row.customer.organization.name, 1),
        ("organization", lambda row: row.organization and row.organization.name, 1),
        ("loose", lambda row: row.loose.name, 2),
        ("hidden", lambda row: row.hidden.pk, 2),
        ("customer__profile", lambda row: getattr(row.customer, "profile", None), 1),
        ("customer__vip", lambda row: getattr(row.customer, "vip", None), 1),
        ("comments__author", lambda row: sorted(item.author.name for item in row.comments.all()), 3),
        ("topics", lambda row: names(row.topics), 2),
        ("labels", lambda row: names(row.labels), 2),
        ("stickers", lambda row: names(row.stickers), 2),
        ("duplicates", lambda row: names(row.duplicates), 2),
        ("blocks", lambda row: names(row.blocks), 2),
        ("blocked_by", lambda row: names(row.blocked_by), 2),
        ("followup_set", lambda row: names(row.followup_set), 2),
        ("marked", lambda row: names(row.marked), 2),
        ("customer__tickets", lambda row: names(row.customer.tickets), 2),
        (
            "organization__code_tickets",
            lambda row: row.organization and names(row.organization.code_tickets),
            2,
        ),
    ],
)
def test_apply_loads_what_plain_django_loads(
    tickets: QuerySet[Ticket, Ticket], path: str, read: Callable[[Any], object], count: int
) -> None:
    """The result is the same, in a fixed number of statements."""
    Label(target=tickets[0]).content_type  # the content types are cached from here on  # noqa: B018
    plain, _ = run(tickets, read)

    planned, statements = run(FetchPlan(path).apply(tickets), read)

    assert planned == plain
    assert statements == count


def test_apply_keeps_rows_that_point_nowhere(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A key without a constraint never drops its row."""
    tickets.update(loose_id=10**6)

    assert len(FetchPlan("loose").apply(tickets)) == 3


def test_join_behind_a_prefetch_saves_a_statement(tickets: QuerySet[Ticket, Ticket]) -> None:
    """The join is made in the query of the prefetch."""
    read = lambda row: sorted(item.author.name for item in row.comments.all())  # noqa: E731
    plan = FetchPlan("comments__author__organization", join=("comments__author",))

    assert run(plan.apply(tickets), read) == (run(tickets, read)[0], 3)


def test_apply_twice_is_apply_once(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Nothing is added a second time."""
    plan = FetchPlan(
        "customer",
        "topics",
        join=("comments__author",),
        counts={"n": "topics"},
        exists={"e": "topics"},
        filters={"public": ("comments", Q(is_public=True))},
    )
    once = plan.apply(tickets)
    twice = plan.apply(once)

    assert str(twice.query) == str(once.query)
    assert run(twice, lambda row: (row.n, row.e, row.public)) == run(
        once, lambda row: (row.n, row.e, row.public)
    )
    assert b"quell" not in pickle.dumps(once)


def test_apply_refuses_names_that_the_queryset_uses(tickets: QuerySet[Ticket, Ticket]) -> None:
    """An annotation or a list of the queryset's own stays what it is."""
    taken = Prefetch("comments", Comment.objects.all(), to_attr="n")

    with pytest.raises(PlanConflict, match="annotates something else"):
        FetchPlan(counts={"n": "topics"}).apply(tickets.annotate(n=Count("topics")))
    with pytest.raises(PlanConflict, match="prefetches something else"):
        FetchPlan(filters={"n": ("comments", Q())}).apply(tickets.prefetch_related(taken))


def test_apply_keeps_the_prefetches_of_the_queryset(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A custom queryset stays, and the plan goes on behind it."""
    own = tickets.prefetch_related(Prefetch("comments", Comment.objects.filter(is_public=True)), "topics")
    plan = FetchPlan("comments", "comments__author__organization", "topics", join=("comments__author",))

    found, statements = run(
        plan.apply(own), lambda row: [item.author.organization.pk for item in row.comments.all()]
    )

    assert [len(item) for item in found] == [1, 1, 0]  # type: ignore[arg-type]
    assert statements == 5


def test_apply_keeps_a_bare_select_related(tickets: QuerySet[Ticket, Ticket]) -> None:
    """What it joins stays joined, and the rest is prefetched."""
    own = tickets.all()
    own.query.select_related = True

    planned = FetchPlan("customer__organization", "organization").apply(own)

    assert planned.query.select_related is True
    assert run(planned, lambda row: (row.customer.organization, row.organization))[1] == 2


@pytest.mark.parametrize(
    ("narrow", "path", "read", "count"),
    [
        (
            lambda rows: rows.only("subject"),
            "customer__organization",
            lambda row: row.customer.organization.name,
            3,
        ),
        (lambda rows: rows.defer("customer"), "customer", lambda row: row.customer.name, 2),
        (lambda rows: rows.defer("customer_id", "subject"), "customer", lambda row: row.customer.name, 2),
        (lambda rows: rows.only("subject"), "comments", lambda row: len(row.comments.all()), 2),
        (lambda rows: rows.only("customer__name"), "customer", lambda row: row.customer.name, 1),
        (
            lambda rows: rows.only("customer__name").select_related("customer"),
            "customer__organization",
            lambda row: row.customer.organization.name,
            2,
        ),
        (
            lambda rows: rows.select_related("customer").defer("customer__organization"),
            "customer__organization",
            lambda row: row.customer.organization.name,
            2,
        ),
        (
            lambda rows: rows.only("subject"),
            "customer__profile",
            lambda row: hasattr(row.customer, "profile"),
            3,
        ),
    ],
)
def test_apply_loads_the_keys_that_were_left_out(
    tickets: QuerySet[Ticket, Ticket],
    narrow: Callable[[Any], Any],
    path: str,
    read: Callable[[Any], object],
    count: int,
) -> None:
    """A narrowed queryset neither fails nor loads a key row by row."""
    assert run(FetchPlan(path).apply(narrow(tickets)), read) == (run(tickets, read)[0], count)


def test_apply_keeps_other_columns_left_out(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Only the key is loaded again."""
    row = FetchPlan("customer").apply(tickets.only("organization"))[0]

    assert row.get_deferred_fields() == {"subject", "loose_id", "hidden_id"}


def test_apply_loads_the_key_of_a_reverse_relation() -> None:
    """A relation may hang on a column that is no primary key."""
    for code in ("a", "b"):
        Organization.objects.create(name=code, code=code)

    rows = FetchPlan("code_tickets").apply(Organization.objects.only("name"))

    assert run(rows, lambda row: len(row.code_tickets.all())) == ([0, 0], 2)


def test_apply_never_locks_more_rows(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Under a lock without tables nothing is joined; with tables the rest is free to be joined."""
    plan = FetchPlan("customer", "organization")

    assert plan.apply(tickets.select_for_update()).query.select_related is False
    assert plan.apply(tickets.select_for_update(of=("self",))).query.select_related == {
        "customer": {},
        "organization": {},
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.values("pk"), "return no instances"),
        (lambda rows: rows.values_list("pk", flat=True), "return no instances"),
        (lambda rows: rows.union(rows), r"a union\(\) of planapp.Ticket"),
    ],
)
def test_apply_refuses_what_holds_no_related_rows(
    tickets: QuerySet[Ticket, Ticket], change: Callable[[Any], Any], message: str
) -> None:
    """The message says what to do instead."""
    with pytest.raises(UsageError, match=message):
        FetchPlan("customer").apply(change(tickets))


def test_apply_refuses_a_manager() -> None:
    """A manager is not a queryset."""
    with pytest.raises(UsageError, match=r"take \.all\(\)"):
        FetchPlan("customer").apply(Ticket.objects)  # type: ignore[call-overload]  # that is what the test is about


def test_empty_plan_returns_an_equal_queryset(tickets: QuerySet[Ticket, Ticket]) -> None:
    """It is a clone, even where no plan can be applied."""
    clone = FetchPlan().apply(tickets)

    assert clone is not tickets
    assert str(clone.query) == str(tickets.query)
    assert list(FetchPlan().apply(tickets.values("pk"))) == list(tickets.values("pk"))  # type: ignore[type-var]


def test_apply_prefetches_for_raw_sql(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Raw SQL takes no join, and refuses columns."""
    raw = Ticket.objects.raw("SELECT * FROM planapp_ticket ORDER BY id")
    read = lambda row: (row.customer.name, names(row.topics))  # noqa: E731

    assert run(FetchPlan("customer", "topics").apply(raw), read) == (run(tickets, read)[0], 3)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"raw SQL of planapp.Ticket"):
        FetchPlan(counts={"n": "topics"}).apply(raw)


def test_apply_neither_queries_nor_picks_a_database(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Building is free of queries; the alias is the queryset's own."""
    plan = FetchPlan("customer", "labels", counts={"n": "labels"}, filters={"f": ("labels", Q(text="x"))})

    with CaptureQueriesContext(connection) as captured:
        planned = plan.apply(tickets.using("other"))

    assert len(captured) == 0
    assert planned.db == "other"
    assert plan.apply(tickets).db == "default"
