"""The first rows of a relation for each parent, against slices in Python."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Prefetch, QuerySet, Window
from django.db.models.functions import RowNumber
from django.test.utils import CaptureQueriesContext

from quell.exceptions import PlanConflict, UsageError
from quell.loading import FetchPlan, Limit
from tests.planapp import models
from tests.planapp.models import Comment, Label, Ticket, Topic
from tests.planapp.rows import make_tickets, run

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets whose relations hold several, one and no rows."""
    first, second, _ = make_tickets()
    author = first.customer
    for number in range(5):
        Comment.objects.create(ticket=first, author=author, body=f"{number % 2}")
        Label.objects.create(target=first, text=f"{number % 2}")
        topic = Topic.objects.create(name=f"{number % 2}")
        first.topics.add(topic)
        second.topics.add(topic)
        first.duplicates.add(
            Ticket.objects.create(subject=f"{number}", customer=author, loose_id=author.organization_id)
        )
    return Ticket.objects.order_by("pk")


# Path, ordering, how a relation is read.
RELATIONS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "foreign key": ("comments", lambda row: row.comments),
    "many-to-many": ("topics", lambda row: row.topics),
    "itself": ("duplicates", lambda row: row.duplicates),
    "generic": ("labels", lambda row: row.labels),
    "to_field": (
        "organization__code_tickets",
        lambda row: row.organization and row.organization.code_tickets,
    ),
    "behind a join": ("customer__tickets", lambda row: row.customer.tickets),
}
ORDERINGS = [("-pk",), ("pk",), ()]


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("case", RELATIONS)
def test_limits_hold_the_first_rows_of_each_parent(
    tickets: QuerySet[Ticket, Ticket], case: str, ordering: tuple[str, ...]
) -> None:
    """Three, in order, on every database; the relation itself keeps all of its rows."""
    path, manager = RELATIONS[case]
    plan = FetchPlan(path, limits={"first": Limit(path, 3, *ordering)})
    by = ordering or ("pk",)
    managers = [manager(row) for row in tickets]
    expected = [(list(item.order_by(*by)[:3]), set(item.all())) for item in managers if item is not None]

    planned = [manager(row) for row in plan.apply(tickets)]

    assert [(item.instance.first, set(item.all())) for item in planned if item is not None] == expected


def test_limits_break_ties_by_the_key(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Every database picks the same rows."""
    plan = FetchPlan(limits={"first": Limit("comments", 3, "-body")})

    row: Any = plan.apply(tickets)[0]

    assert row.first == list(row.comments.order_by("-body", "pk")[:3])


def test_limits_never_shrink_the_relation(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Whatever else is loaded of it, in one statement each."""
    plan = FetchPlan(
        "comments",
        limits={"latest": Limit("comments", 1, "-pk"), "oldest": Limit("comments", 2, "pk")},
        counts={"n": "comments"},
    )

    found, statements = run(
        plan.apply(tickets), lambda row: (len(row.latest), len(row.oldest), len(row.comments.all()), row.n)
    )

    assert found[:3] == [(1, 2, 8, 8), (1, 1, 1, 1), (0, 0, 0, 0)]
    assert statements == 4


def test_limits_load_what_their_own_plan_says(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Relations of the limited rows, and their columns with the keys that are needed."""
    nested = FetchPlan(only=("body", "author__name"), counts={"n": "author__tickets"})
    plan = FetchPlan(only=("subject",), limits={"latest": Limit("comments", 3, "-pk", plan=nested)})
    expected = [
        [(item.author.name, item.author.tickets.count()) for item in row.comments.order_by("-pk")[:3]]
        for row in tickets
    ]

    found, statements = run(
        plan.apply(tickets), lambda row: [(item.author.name, item.n) for item in row.latest]
    )

    assert (found, statements) == (expected, 2)


def test_limits_are_the_same_after_pickling(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A pickled query has nothing of quell in it."""
    planned = FetchPlan(limits={"latest": Limit("comments", 2, "-pk")}).apply(tickets)

    text = pickle.dumps(planned.query), pickle.dumps(planned._prefetch_related_lookups)  # type: ignore[attr-defined]

    assert b"quell" not in b"".join(text)
    again = tickets.prefetch_related(*pickle.loads(text[1]))
    assert [row.latest for row in again] == [row.latest for row in planned]  # type: ignore[attr-defined]


def test_limits_scan_no_rows_in_vain_on_postgresql(tickets: QuerySet[Ticket, Ticket]) -> None:
    """There, each parent has a subquery of its own; elsewhere, rows are numbered by a window function."""
    planned = FetchPlan(limits={"latest": Limit("comments", 2, "-pk")}).apply(tickets)

    with CaptureQueriesContext(connection) as captured:
        list(planned)

    sql = captured.captured_queries[1]["sql"]
    assert ("unnest(ARRAY(SELECT" in sql) == (connection.vendor == "postgresql")
    assert ("ROW_NUMBER" in sql) == (connection.vendor != "postgresql")


def test_limits_applied_twice_are_applied_once(tickets: QuerySet[Ticket, Ticket]) -> None:
    """And one name never means two things."""
    plan = FetchPlan(limits={"latest": Limit("comments", 2, "-pk")})

    assert len(plan.apply(plan.apply(tickets))._prefetch_related_lookups) == 1  # type: ignore[attr-defined]
    with pytest.raises(PlanConflict, match="prefetches something else"):
        FetchPlan(limits={"latest": Limit("comments", 3, "-pk")}).apply(plan.apply(tickets))
    with pytest.raises(UsageError, match='"subject" already'):
        FetchPlan(limits={"subject": Limit("comments", 3)}).apply(tickets)


@pytest.mark.parametrize("path", ["customer", "comments__author"])
def test_limits_refuse_what_is_to_one(tickets: QuerySet[Ticket, Ticket], path: str) -> None:
    """There is one row at most."""
    with pytest.raises(UsageError, match="is to-one"):
        FetchPlan(limits={"first": Limit(path, 1)}).apply(tickets)


def test_limits_move_with_their_relation(tickets: QuerySet[Ticket, Ticket]) -> None:
    """The attribute stays on the rows that hold the relation."""
    plan = FetchPlan(limits={"newest": Limit("tickets", 1, "-pk")}).under("customer")

    found, statements = run(plan.apply(tickets), lambda row: row.customer.newest)

    assert found == [[Ticket.objects.filter(customer=row.customer).latest("pk")] for row in tickets]
    assert statements == 2


@pytest.mark.parametrize("case", RELATIONS)
def test_the_code_of_limits_loads_the_same(tickets: QuerySet[Ticket, Ticket], case: str) -> None:
    """What is printed can be pasted behind a queryset."""
    path, _ = RELATIONS[case]
    plan = FetchPlan(limits={"first": Limit(path, 2, "-pk")})
    scope = {**vars(models), "Prefetch": Prefetch, "Window": Window, "RowNumber": RowNumber, "rows": tickets}
    holder = path.rpartition("__")[0]
    read = lambda row: getattr(getattr(row, holder) if holder else row, "first", None)  # noqa: E731

    written = eval(f"rows{plan.as_code(Ticket)}", scope)

    assert run(written, read) == run(plan.apply(tickets), read)


def test_limits_know_no_rows_that_a_manager_hides(tickets: QuerySet[Ticket, Ticket]) -> None:
    """The rows are those of the relation."""
    plan = FetchPlan(limits={"first": Limit("comments", 9)})

    assert [len(row.first) for row in plan.apply(tickets)][:3] == [8, 1, 0]  # type: ignore[attr-defined]
    assert Comment.everything.count() == 10
