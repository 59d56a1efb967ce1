"""The plan that a serializer implies: the same output, in few statements, with few columns."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext, isolate_apps
from rest_framework import serializers

from quell import FetchPlan, needs
from quell.exceptions import UsageError
from quell.loading import inferring
from tests.contrib import serializers as kinds
from tests.cost.counting import calls_of
from tests.planapp.models import Customer, Label, Organization, Story, Ticket
from tests.planapp.rows import loaded, make_tickets

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

STATEMENTS: dict[type, int] = {
    kinds.NestedSerializer: 2,
    kinds.KeySerializer: 1,
    kinds.SlugSerializer: 4,
    kinds.WholeSerializer: 2,
    kinds.DeclaredSerializer: 3,
    kinds.UndeclaredSerializer: 1,
    kinds.ContextSerializer: 1,
    kinds.PickingSerializer: 1,
    kinds.MappingSerializer: 2,
    kinds.WritingSerializer: 1,
}


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets whose relations hold some, one and no rows."""
    return make_tickets()


def _serialize(kind: Any, rows: Any, **context: object) -> tuple[Any, int]:
    with CaptureQueriesContext(connection) as captured:
        data = kind(rows, many=True, context=context).data
    return data, len(captured)


@pytest.mark.parametrize("kind", kinds.EVERY)
def test_inferred_plan_serves_a_serializer(tickets: QuerySet[Ticket, Ticket], kind: type) -> None:
    """With the output that it has without a plan, and no statement per row."""
    plan = FetchPlan.from_serializer(kind, model=Ticket)

    assert _serialize(kind, plan.apply(tickets)) == (_serialize(kind, tickets.all())[0], STATEMENTS[kind])


@pytest.mark.parametrize(
    ("kind", "only"),
    [
        (kinds.KeySerializer, ("customer", "hidden", "id", "organization__code")),
        (kinds.WritingSerializer, ("id", "subject")),
        (
            kinds.NestedSerializer,
            (
                "comments__author__name",
                "comments__author__organization__code",
                "comments__body",
                "customer__name",
                "customer__organization__name",
                "subject",
            ),
        ),
        (kinds.UndeclaredSerializer, ("*", "customer__name", "customer__organization__name")),
        (kinds.WholeSerializer, ("comments__pk", "customer__name", "subject")),
        (
            kinds.SlugSerializer,
            (
                "blocks__*",
                "comments__pk",
                "customer__pk",
                "customer__referrer__organization__name",
                "customer__referrer__pk",
                "organization__name",
                "pk",
                "topics__name",
            ),
        ),
        (
            kinds.DeclaredSerializer,
            (
                "comments__author__name",
                "comments__pk",
                "customer__*",
                "customer__organization__*",
                "id",
                "subject",
            ),
        ),
    ],
)
def test_inferred_plan_narrows_every_level(kind: type, only: tuple[str, ...]) -> None:
    """To what is read; all columns where nobody can see what is."""
    assert FetchPlan.from_serializer(kind, model=Ticket).only == only


def test_inferred_plan_joins_behind_a_prefetch() -> None:
    """In the query of the prefetch, which saves one."""
    assert FetchPlan.from_serializer(kinds.NestedSerializer).join == (
        "comments__author",
        "comments__author__organization",
    )


def test_inferred_plan_depends_on_the_context(tickets: QuerySet[Ticket, Ticket]) -> None:
    """A field that one request has and another has not."""
    plain = FetchPlan.from_serializer(kinds.ContextSerializer, context={})
    staff = FetchPlan.from_serializer(kinds.ContextSerializer, context={"is_staff": True})

    assert plain.only == ("id", "subject")
    assert staff.only == ("customer__name", "customer__organization__name", "id", "subject")
    assert _serialize(kinds.ContextSerializer, staff.apply(tickets), is_staff=True)[1] == 1
    assert plain == FetchPlan.from_serializer(kinds.ContextSerializer, context={})


def test_inferred_plan_ends_a_recursion(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Five levels deep, as hierarchies are; prefetches that find nothing cost nothing."""
    ann = Customer.objects.get(name="Ann")
    plan = FetchPlan.from_serializer(kinds.TreeSerializer)
    roots = Customer.objects.filter(pk=ann.pk)

    assert plan.paths == ("__".join(["referred"] * 5),)
    assert (
        _serialize(kinds.TreeSerializer, plan.apply(roots))[0] == _serialize(kinds.TreeSerializer, roots)[0]
    )


@isolate_apps("tests.planapp")
def test_inferred_plan_reads_properties() -> None:
    """Those that declare what they read, and those that do not."""

    class Shown(Story):
        class Meta:
            proxy = True
            app_label = "planapp"

        @property
        @needs("customer__organization__name", "title")
        def place(self) -> str:
            return f"{self.title} {self.customer.organization.name}"

        @property
        def anything(self) -> str:
            return self.text

    class Declared(serializers.Serializer[Any]):
        place = serializers.CharField()

    class Undeclared(serializers.Serializer[Any]):
        place = serializers.CharField()
        anything = serializers.CharField()

    declared = FetchPlan.from_serializer(Declared, model=Shown)

    assert declared.only == ("customer__organization__name", "customer__pk", "title")
    assert FetchPlan.from_serializer(Undeclared, model=Shown).only == (
        "*",
        "customer__organization__name",
        "customer__pk",
    )


def test_inferred_plan_reads_texts_of_rows_as_code() -> None:
    """A __str__ may read anything, unless it says what."""

    class Person(serializers.ModelSerializer[Ticket]):
        customer: Any = serializers.StringRelatedField()
        loose = serializers.CharField()

        class Meta:
            model = Ticket
            fields = ("customer", "loose")

    assert FetchPlan.from_serializer(Person).only == ("customer__*", "loose__*", "pk")


def test_inferred_plan_follows_generic_keys(tickets: QuerySet[Ticket, Ticket]) -> None:
    """What is behind is loaded in full, as its model is another one for each row."""

    class Shown(serializers.ModelSerializer[Label]):
        target = serializers.CharField(source="target.pk")

        class Meta:
            model = Label
            fields = ("text", "target")

    plan = FetchPlan.from_serializer(Shown)
    labels = Label.objects.order_by("pk")

    assert plan.paths == ("target",)
    assert _serialize(Shown, plan.apply(labels))[0] == _serialize(Shown, labels.all())[0]


def test_inferred_plan_takes_own_fields_and_lists_as_code() -> None:
    """What they read is declared, or keeps all columns."""

    class Loud(serializers.Field[Any, Any, Any, Any]):
        def get_attribute(self, instance: Any) -> str:
            return str(instance.subject)

        def to_representation(self, value: str) -> str:
            return value.upper()

    class Quiet(serializers.Field[Any, Any, Any, Any]):
        @needs("subject")
        def to_representation(self, value: Any) -> str:
            return str(value.subject)

    class Rows(serializers.ListSerializer[Any]):
        def to_representation(self, data: Any) -> Any:
            return super().to_representation(data)

    def make(field: Any, rows: Any = serializers.ListSerializer) -> Any:
        meta = type("Meta", (), {"model": Ticket, "fields": ["field"], "list_serializer_class": rows})
        return type("Made", (serializers.ModelSerializer,), {"field": field, "Meta": meta})

    assert FetchPlan.from_serializer(make(Loud(read_only=True))).only == ("*",)
    assert FetchPlan.from_serializer(make(Quiet(read_only=True, source="*"))).only == ("subject",)
    assert FetchPlan.from_serializer(make(serializers.CharField(source="subject"), Rows)).only == ("*",)


def test_inferred_plan_ignores_what_the_model_has_not() -> None:
    """Such as a number that the queryset annotates; the text of a choice is its column."""

    class Numbers(serializers.Serializer[Any]):
        n = serializers.IntegerField()
        subject = serializers.CharField(source="get_subject_display")
        body = serializers.CharField(source="comments.first.body")

    assert FetchPlan.from_serializer(Numbers, model=Ticket).only == ("comments__pk", "subject")


def test_inferred_plan_says_what_it_cannot_read() -> None:
    """A class that is none, names no model, or needs more than a context."""

    class Needy(serializers.ModelSerializer[Ticket]):
        def __init__(self, user: object, **kwargs: Any) -> None:
            super().__init__(**kwargs)

    class Asking(serializers.ModelSerializer[Ticket]):
        class Meta:
            model = Ticket
            fields = ("id",)

        def get_fields(self) -> Any:
            return {str(self.context["request"]): None}

    with pytest.raises(UsageError, match="takes a serializer class"):
        FetchPlan.from_serializer(Ticket)
    with pytest.raises(UsageError, match=r"model=Ticket"):
        FetchPlan.from_serializer(kinds.InnerSerializer)
    with pytest.raises(UsageError, match="cannot be made without arguments"):
        FetchPlan.from_serializer(Needy)
    with pytest.raises(UsageError, match="depend on its context"):
        FetchPlan.from_serializer(Asking)
    with pytest.raises(UsageError, match=r"needs\(\) cannot be declared"):
        needs("subject")(3)


def test_inferred_plan_is_found_again_without_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once per class and model: finding it reads no serializer."""
    first = FetchPlan.from_serializer(kinds.NestedSerializer, context={"request": None})
    monkeypatch.setattr(inferring, "_Reader", None)

    assert FetchPlan.from_serializer(kinds.NestedSerializer, context={}) is first


def test_inferred_plan_is_found_again_in_a_few_calls() -> None:
    """At most twenty microseconds may go by, which a few calls cannot reach."""

    def find() -> None:
        FetchPlan.from_serializer(kinds.NestedSerializer, context={})

    find()

    assert 0 < calls_of(find).total() <= 2


def test_inferred_plan_loads_narrow_rows(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Only what is read crosses the wire."""
    row: Any = FetchPlan.from_serializer(kinds.NestedSerializer).apply(tickets)[0]

    assert loaded(row) == {"id", "subject", "customer_id"}
    assert loaded(row.customer.organization) == {"id", "name"}
    assert loaded(row.comments.all()[0]) == {"id", "body", "author_id", "ticket_id"}
    assert Organization.objects.count() == 2
