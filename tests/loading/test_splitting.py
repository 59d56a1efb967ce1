"""Which path is joined and which prefetched, and the code that a developer writes for it."""

import pytest
from django.db.models import Model, Q

from quell.exceptions import UsageError
from quell.introspection.relations import resolve_path
from quell.loading import FetchPlan
from tests.planapp.models import (
    Comment,
    Customer,
    CustomerProxy,
    Label,
    Organization,
    Profile,
    Ticket,
    Topic,
    Vip,
)


@pytest.mark.parametrize(
    ("model", "plan", "joins", "prefetches"),
    [
        (Ticket, FetchPlan("customer__organization", "customer"), ["customer__organization"], []),
        (Ticket, FetchPlan("comments", "comments__author"), [], ["comments__author"]),
        (Ticket, FetchPlan("customer__tickets__topics"), ["customer"], ["customer__tickets__topics"]),
        (Ticket, FetchPlan("followup_set", "organization"), ["organization"], ["followup_set"]),
        (Ticket, FetchPlan("customer__profile"), ["customer__customer_profile"], []),
        # Its base manager hides rows, so a join would show more.
        (Ticket, FetchPlan("hidden"), [], ["hidden"]),
        # Without a constraint, an inner join may drop the row.
        (Ticket, FetchPlan("loose__customers"), [], ["loose__customers"]),
        (Ticket, FetchPlan(separate=("customer",)), [], ["customer"]),
        (Ticket, FetchPlan("customer__organization", separate=("customer",)), [], ["customer__organization"]),
        (
            Ticket,
            FetchPlan("customer__organization__code_tickets", separate=("customer__organization",)),
            ["customer"],
            ["customer__organization__code_tickets"],
        ),
        (Ticket, FetchPlan(join=("comments__author",)), [], ["comments__author"]),
        (Ticket, FetchPlan(filters={"x": ("customer__tickets", Q(pk=1))}), ["customer"], []),
        (Label, FetchPlan("target__customer"), [], ["target__customer"]),
        (Vip, FetchPlan("organization", "tickets", "concierge"), ["concierge", "organization"], ["tickets"]),
        (Vip, FetchPlan("customer_ptr__organization"), [], ["customer_ptr__organization"]),
        (Customer, FetchPlan("vip__concierge"), ["vip__concierge"], []),
        (
            CustomerProxy,
            FetchPlan("organization", "tickets", "referrer"),
            ["organization", "referrer"],
            ["tickets"],
        ),
        (Topic, FetchPlan("tickets__duplicates"), [], ["tickets__duplicates"]),
        (Ticket, FetchPlan(), [], []),
    ],
)
def test_split_joins_what_is_to_one(
    model: type[Model], plan: FetchPlan, joins: list[str], prefetches: list[str]
) -> None:
    """Leading to-one hops are joined, everything from the first to-many hop on is prefetched."""
    assert plan.split(model) == (tuple(joins), tuple(prefetches))


@pytest.mark.parametrize(
    ("model", "plan", "message"),
    [
        (Ticket, FetchPlan("comment"), 'planapp.Ticket has no relation "comment"; did you mean "comments"?'),
        (
            Ticket,
            FetchPlan("comments__autor"),
            'planapp.Comment has no relation "autor" .in "comments__autor".; did',
        ),
        (Ticket, FetchPlan("followup"), 'did you mean "followup_set"'),
        (Ticket, FetchPlan("subject"), "no relation"),
        (Organization, FetchPlan("vip"), "its relations are code_tickets, customers"),
        (Ticket, FetchPlan(join=("comments",)), "to-many relation"),
        (Ticket, FetchPlan(join=("hidden",)), "would show or drop rows"),
        (Ticket, FetchPlan(join=("loose",)), "would show or drop rows"),
        (Label, FetchPlan(join=("target__customer",)), "generic foreign key"),
        (Vip, FetchPlan(join=("customer_ptr",)), "parent"),
    ],
)
def test_split_refuses_what_is_no_relation(model: type[Model], plan: FetchPlan, message: str) -> None:
    """The message names the model and the closest match."""
    with pytest.raises(UsageError, match=message):
        plan.split(model)


@pytest.mark.parametrize(
    ("model", "plan", "code"),
    [
        (Ticket, FetchPlan(), ""),
        (
            Ticket,
            FetchPlan("customer", "organization", "comments__author"),
            '.select_related("customer", "organization").prefetch_related("comments__author")',
        ),
        (Ticket, FetchPlan(counts={"n": "topics"}), '.annotate(n=Count("topics"))'),
        (Ticket, FetchPlan(counts={"n": "followup_set"}), '.annotate(n=Count("followup"))'),
        (
            Ticket,
            FetchPlan(counts={"n": "comments"}),
            '.annotate(n=Subquery(Comment.objects.filter(ticket=OuterRef("pk"))'
            '.order_by().values(n=Func("pk", function="COUNT"))))',
        ),
        (
            Ticket,
            FetchPlan(exists={"e": "topics"}),
            '.annotate(e=Exists(Topic.objects.filter(tickets=OuterRef("pk"))))',
        ),
        (
            Ticket,
            FetchPlan(filters={"public": ("comments", Q(is_public=True), ("-pk",))}),
            '.prefetch_related(Prefetch("comments", queryset=Comment.objects.filter(is_public=True)'
            '.order_by("-pk"), to_attr="public"))',
        ),
        (
            Ticket,
            FetchPlan(join=("comments__author",)),
            '.prefetch_related(Prefetch("comments", queryset=Comment.objects.select_related("author")))',
        ),
    ],
)
def test_as_code_is_what_a_developer_writes(model: type[Model], plan: FetchPlan, code: str) -> None:
    """One line, sorted and minimal, with a count that is right."""
    assert plan.as_code(model) == code


def test_resolve_path_tells_what_each_hop_is() -> None:
    """The facts of a hop are plain values."""
    hops = resolve_path(Ticket, "comments__author__profile")

    assert [(hop.name, hop.kind, hop.model) for hop in hops] == [
        ("comments", "reverse_many", "planapp.Comment"),
        ("author", "forward", "planapp.Customer"),
        ("profile", "reverse_one", "planapp.Profile"),
    ]
    assert [hop.is_single for hop in hops] == [False, True, True]
    assert [hop.is_nullable for hop in hops] == [False, False, True]
    assert [hop.query_name for hop in hops] == ["comments", "author", "customer_profile"]


@pytest.mark.parametrize(
    ("model", "name", "kind"),
    [
        (Ticket, "topics", "many_to_many"),
        (Topic, "tickets", "many_to_many"),
        (Ticket, "labels", "generic_relation"),
        (Label, "target", "generic"),
        (Profile, "customer", "forward"),
        (Customer, "vip", "reverse_one"),
        (Vip, "customer_ptr", "forward"),
        (Comment, "ticket", "forward"),
    ],
)
def test_resolve_path_knows_each_kind(model: type[Model], name: str, kind: str) -> None:
    """Each kind of relation has its own word."""
    assert resolve_path(model, name)[0].kind == kind


def test_resolve_path_knows_parent_links() -> None:
    """Both sides of the link between a child and its parent are marked."""
    assert resolve_path(Vip, "customer_ptr")[0].is_parent_link
    assert resolve_path(Customer, "vip")[0].is_parent_link
    assert not resolve_path(Customer, "profile")[0].is_parent_link


def test_code_of_a_count_keeps_the_order_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A joined Count would drop ``Meta.ordering``, so a model that has one gets a subquery."""
    monkeypatch.setattr(Ticket._meta, "ordering", ["pk"])
    code = FetchPlan(counts={"n": "topics"}).as_code(Ticket)
    assert code.startswith(".annotate(n=Subquery(")


@pytest.mark.parametrize(
    ("model", "plan", "joins", "prefetches"),
    [
        (Ticket, FetchPlan("comments__ticket__customer"), ["customer"], ["comments"]),
        (
            Customer,
            FetchPlan(join=("profile__customer__organization",)),
            ["customer_profile", "organization"],
            [],
        ),
        (Customer, FetchPlan(join=("tickets__customer",)), [], ["tickets"]),
        (Profile, FetchPlan("customer__profile__customer__tickets"), ["customer"], ["customer__tickets"]),
        (Vip, FetchPlan("comment_set__author__vip"), [], ["comment_set__author__vip"]),
        # A row of a child has no name for itself.
        (Vip, FetchPlan(join=("profile__customer__vip",)), ["customer_profile"], ["profile__customer__vip"]),
    ],
)
def test_ways_back_lead_to_the_same_rows(
    model: type[Model], plan: FetchPlan, joins: list[str], prefetches: list[str]
) -> None:
    """Django sets them by itself, so what is named behind them is loaded where it came from."""
    assert plan.split(model) == (tuple(joins), tuple(prefetches))
