"""A plan on any queryset: the same rows and values as without it, or an error that says what to do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count, FilteredRelation, Prefetch, Q, QuerySet, Value

from quell.exceptions import PlanConflict, UsageError
from quell.loading import FetchPlan, Limit
from tests.planapp.models import Comment, Customer, Organization, Ticket
from tests.planapp.rows import make_tickets

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

Rows = QuerySet[Ticket, Ticket]


@pytest.fixture
def tickets() -> Rows:
    """Three tickets whose relations hold some, one and no rows."""
    return make_tickets()


CHANGES: dict[str, Callable[[Any], Any]] = {
    "sliced": lambda rows: rows[:2],
    "sliced behind": lambda rows: rows[1:],
    "reversed": lambda rows: rows.reverse(),
    "empty": lambda rows: rows.none(),
    "distinct": lambda rows: rows.filter(comments__isnull=False).distinct(),
    "grouped": lambda rows: rows.annotate(number=Count("topics")),
    "annotated": lambda rows: rows.annotate(one=Value(1)),
    "alias": lambda rows: rows.alias(number=Count("topics")).filter(number__gt=0),
    "extra": lambda rows: rows.extra(select={"one": "1"}),
    "only": lambda rows: rows.only("subject"),
    "only of a join": lambda rows: rows.select_related("customer").only("subject", "customer__name"),
    "defer": lambda rows: rows.defer("customer", "organization"),
    "joined": lambda rows: rows.select_related("customer__referrer", "loose"),
    "joined by nothing": lambda rows: rows.select_related(None),
    "prefetched": lambda rows: rows.prefetch_related("comments__author__organization", "topics"),
    "prefetched behind": lambda rows: rows.prefetch_related(
        Prefetch("comments__author", Customer.objects.order_by("pk"))
    ),
    "prefetched by itself": lambda rows: rows.prefetch_related(
        Prefetch("comments", Comment.objects.order_by("pk"))
    ),
    "prefetched to a list": lambda rows: rows.prefetch_related(
        Prefetch("comments", Comment.objects.order_by("-pk"), to_attr="newest"), "newest__author"
    ),
    "filtered relation": lambda rows: rows.annotate(
        other=FilteredRelation("organization", condition=Q(organization__name="one"))
    ).select_related("other"),
    "locked": lambda rows: rows.select_for_update(),
    "locked by itself": lambda rows: rows.select_for_update(of=("self",)),
    "locked and joined": lambda rows: rows.select_related("customer").select_for_update(),
    "filtered by many": lambda rows: rows.filter(comments__is_public=True),
    "another database": lambda rows: rows.using("default"),
}
PLANS = {
    "joins": FetchPlan("customer__organization", "organization", "customer__profile"),
    "prefetches": FetchPlan("comments__author", "topics", "labels", "blocks"),
    "joins in prefetches": FetchPlan(join=("comments__author__organization",), separate=("customer",)),
    "columns": FetchPlan(
        "organization", only=("subject", "customer__name", "comments__body", "comments__author__name")
    ),
    "columns of joins in prefetches": FetchPlan(
        join=("comments__author",), only=("subject", "comments__author__name")
    ),
    "left out": FetchPlan("customer", "comments", defer=("subject", "customer__name", "comments__body")),
    "results": FetchPlan(
        counts={"n": "comments"},
        exists={"e": "organization__code_tickets"},
        filters={"public": ("comments", Q(is_public=True))},
        limits={"first": Limit("comments", 2, "-pk"), "others": Limit("customer__tickets", 1)},
    ),
}


def _read(row: Any) -> list[object]:
    """Read the columns, and whatever a plan may load."""
    profile = getattr(row.customer, "profile", None)
    return [
        *(getattr(row, field.attname) for field in row._meta.concrete_fields),
        (row.customer.name, row.customer.organization.name, row.customer.organization.code),
        row.organization and row.organization.name,
        profile and profile.text,
        sorted((item.body, item.author.name, item.author.organization.code) for item in row.comments.all()),
        sorted(item.name for item in row.topics.all()),
        sorted(item.text for item in row.labels.all()),
        sorted(item.pk for item in row.blocks.all()),
        [getattr(row, name, None) for name in ("number", "one")],
        [item.author_id for item in getattr(row, "newest", ())],
    ]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", PLANS)
def test_apply_is_legal_on_any_queryset(tickets: Rows, name: str, change: str) -> None:
    """Rows and values are those of the queryset without a plan."""
    if (
        change == "locked by itself"
        and not connection.features.has_select_for_update_of
        and connection.vendor == "mysql"
    ):
        pytest.skip("MariaDB locks no single tables")
    with transaction.atomic():
        rows = CHANGES[change](tickets)
        expected = [_read(row) for row in rows.all()]

        assert [_read(row) for row in PLANS[name].apply(rows)] == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.values("pk"), "apply the plan before them"),
        (lambda rows: rows.values_list("pk"), "apply the plan before them"),
        (lambda rows: rows.values("pk").annotate(n=Count("pk")), "before"),
        (lambda rows: rows.union(rows.all()), "apply the plan to each of its querysets"),
        (lambda rows: rows.intersection(rows.all()), "apply the plan to each of its querysets"),
    ],
)
@pytest.mark.parametrize("name", PLANS)
def test_apply_says_what_to_do_instead(
    tickets: Rows, name: str, change: Callable[[Any], Any], message: str
) -> None:
    """Where there are no instances, or Django allows no change."""
    with pytest.raises(UsageError, match=message):
        PLANS[name].apply(change(tickets))


@pytest.mark.parametrize(
    ("change", "plan"),
    [
        (lambda rows: rows.annotate(n=Value(1)), FetchPlan(filters={"n": ("comments", Q())})),
        (lambda rows: rows.annotate(n=Value(1)), FetchPlan(limits={"n": Limit("comments", 1)})),
        (lambda rows: rows.annotate(n=Value(1)), FetchPlan(exists={"n": "comments"})),
        (lambda rows: rows.extra(select={"n": "1"}), FetchPlan(counts={"n": "comments"})),
        (
            lambda rows: rows.prefetch_related(Prefetch("topics", to_attr="n")),
            FetchPlan(counts={"n": "comments"}),
        ),
        (
            lambda rows: rows.prefetch_related(Prefetch("topics", to_attr="n")),
            FetchPlan(limits={"n": Limit("comments", 1)}),
        ),
    ],
)
def test_apply_refuses_a_name_with_two_meanings(
    tickets: Rows, change: Callable[[Any], Any], plan: FetchPlan
) -> None:
    """The name is in the message."""
    with pytest.raises(PlanConflict, match='"n"'):
        plan.apply(change(tickets))


@pytest.mark.parametrize(
    ("plan", "close"),
    [
        (FetchPlan("custmer"), "customer"),
        (FetchPlan("comments__autor"), "author"),
        (FetchPlan(join=("organisation",)), "organization"),
        (FetchPlan(counts={"n": "comment"}), "comments"),
        (FetchPlan(exists={"n": "label"}), "labels"),
        (FetchPlan(filters={"n": ("topic", Q())}), "topics"),
        (FetchPlan(limits={"n": Limit("stikers", 1)}), "stickers"),
        (FetchPlan(only=("subjet",)), "subject"),
        (FetchPlan(defer=("subjet",)), "subject"),
        (FetchPlan(limits={"n": Limit("comments", 1, plan=FetchPlan("autor"))}), "author"),
    ],
)
def test_a_wrong_path_names_the_closest_match(tickets: Rows, plan: FetchPlan, close: str) -> None:
    """Each part of a plan does."""
    with pytest.raises(UsageError, match=f'did you mean "{close}"'):
        plan.apply(tickets)


@pytest.mark.parametrize("name", PLANS)
def test_apply_locks_only_the_rows_of_the_queryset(tickets: Rows, name: str) -> None:
    """PostgreSQL refuses to lock the rows of an outer join, and nobody asked to lock those of others."""
    with transaction.atomic():
        planned = PLANS[name].apply(tickets.select_for_update())

        assert not planned.query.select_related
        assert len(planned) == 3


def test_apply_takes_chunks_with_a_size(tickets: Rows) -> None:
    """Django prefetches for chunks, and asks for their size."""
    planned = PLANS["prefetches"].apply(tickets)

    assert len(list(planned.iterator(chunk_size=2))) == 3
    with pytest.raises(ValueError, match="chunk_size"):
        planned.iterator()
    assert len(list(PLANS["joins"].apply(tickets).iterator())) == 3
    assert Organization.objects.count() == 2
