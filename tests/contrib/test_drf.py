"""Plans for views of REST framework: per action, per method, beside what the queryset has."""

from typing import Any, ClassVar, cast

import pytest
from django.db import connection
from django.db.models import Prefetch
from django.test.utils import CaptureQueriesContext
from rest_framework import filters, generics, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from quell import FetchPlan
from quell.contrib.drf import FetchPlanViewSetMixin
from quell.exceptions import UsageError
from tests.planapp.models import Chapter, Customer, Organization, Story
from tests.planapp.rows import loaded

pytestmark = pytest.mark.django_db


class StorySerializer(serializers.ModelSerializer[Story]):
    """A story with its customer and its chapters."""

    customer = serializers.CharField(source="customer.name")
    chapters: Any = serializers.SlugRelatedField(slug_field="number", many=True, read_only=True)

    class Meta:
        model = Story
        fields: ClassVar[list[str]] = ["id", "title", "customer", "chapters"]


class StoryViewSet(FetchPlanViewSetMixin, viewsets.ModelViewSet[Story]):
    """Everything that a view does."""

    queryset = Story.objects.order_by("pk")
    serializer_class = StorySerializer
    filter_backends: Any = (filters.SearchFilter,)
    search_fields: Any = ("title",)
    fetch_plans: Any = "infer"

    @action(detail=False)
    def titles(self, request: Any) -> Response:
        """Answer without a serializer, but with filters."""
        return Response([sorted(loaded(row)) for row in self.filter_queryset(self.get_queryset())])


@pytest.fixture(autouse=True)
def stories() -> list[Story]:
    """Three stories of two chapters."""
    organization = Organization.objects.create(name="o", code="o")
    customer = Customer.objects.create(name="Ann", organization=organization)
    found = [Story.objects.create(title=title, customer=customer) for title in "abc"]
    Chapter.objects.bulk_create([Chapter(story=story, number=number) for story in found for number in (1, 2)])
    return found


def _visit(
    view: Any, method: str = "get", query: str = "", data: Any = None, **arguments: object
) -> tuple[Any, int]:
    request = getattr(APIRequestFactory(), method)(f"/{query}", data, format="json")
    with CaptureQueriesContext(connection) as captured:
        response = view(request, **arguments)
        response.render() if hasattr(response, "render") and response.accepted_renderer else None
    return response.data, len(captured)


def _view(plans: Any, actions: Any = None, **changes: Any) -> Any:
    made = cast("Any", type("Changed", (StoryViewSet,), {"fetch_plans": plans, **changes}))
    return made.as_view(actions or {"get": "list"})


@pytest.mark.parametrize(
    "plans", ["infer", {"list": "infer"}, {"list": FetchPlan("customer", "chapters")}, {"list": "detail"}]
)
def test_list_runs_as_many_statements_as_the_plan(plans: Any) -> None:
    """Whether it is inferred, named or written there, and the output is that without one."""
    plain, many = _visit(_view({}))
    data, few = _visit(_view(plans))

    assert data == plain
    assert (many, few) == (7, 2)


def test_plans_are_of_actions() -> None:
    """Those that are not listed get none; inferring is for list and retrieve."""
    assert _visit(_view({"retrieve": "infer"}))[1] == 7
    assert _visit(_view({"list": "infer"}, {"get": "retrieve"}), pk=Story.objects.latest("pk").pk)[1] == 3
    assert _visit(_view("infer", {"get": "retrieve"}), pk=Story.objects.latest("pk").pk)[1] == 2
    assert (
        _visit(_view("infer", {"get": "titles"}))[0]
        == [["customer_id", "editor_id", "id", "text", "title"]] * 3
    )
    assert (
        _visit(_view({"titles": FetchPlan(only=("title",))}, {"get": "titles"}))[0] == [["id", "title"]] * 3
    )


def test_plans_are_for_reading(stories: list[Story]) -> None:
    """Unsafe methods run what they run without a plan."""
    actions = {"patch": "partial_update", "delete": "destroy", "put": "update"}
    for plans in ("infer", {"partial_update": "detail", "destroy": "detail"}):
        counts = [
            _visit(_view(chosen, actions), "patch", data={"title": "x"}, pk=stories[0].pk)[1]
            for chosen in ({}, plans)
        ]
        assert counts[0] == counts[1]
    counts = [
        _visit(_view(chosen, actions), "delete", pk=row.pk)[1]
        for chosen, row in zip(({}, "infer"), stories, strict=False)
    ]
    assert counts[0] == counts[1]


def test_head_is_answered_with_a_plan() -> None:
    """It is as safe as GET."""
    assert _visit(_view("infer", {"head": "list"}), "head")[1] == 2


def test_plan_composes_with_queryset_and_filters() -> None:
    """What the view loads itself stays, and rows are filtered first."""
    own = Story.objects.order_by("-pk").prefetch_related(
        Prefetch("chapters", Chapter.objects.order_by("-number"))
    )
    view = _view("infer", queryset=own.defer("text"))

    data, statements = _visit(view, query="?search=b")

    assert [(row["title"], row["chapters"]) for row in data] == [("b", [2, 1])]
    assert statements == 2


def test_plan_may_be_chosen_per_request() -> None:
    """By the view's own method."""

    def choose(view: Any, queryset: Any) -> FetchPlan | None:
        return FetchPlan("customer", "chapters") if "full" in view.request.query_params else None

    view = _view({}, get_fetch_plan=choose)

    assert _visit(view)[1] == 7
    assert _visit(view, query="?full=1")[1] == 2


@pytest.mark.parametrize(
    ("base", "arguments"),
    [
        (generics.ListAPIView, False),
        (generics.ListCreateAPIView, False),
        (generics.RetrieveAPIView, True),
        (generics.RetrieveUpdateDestroyAPIView, True),
    ],
)
def test_generic_views_list_and_retrieve(base: type, arguments: bool, stories: list[Story]) -> None:
    """They have the same actions, without naming them."""
    parts = {"queryset": Story.objects.order_by("pk"), "serializer_class": StorySerializer}
    plain = cast("Any", type("Plain", (base,), parts)).as_view()
    planned = cast(
        "Any", type("Planned", (FetchPlanViewSetMixin, base), {**parts, "fetch_plans": "infer"})
    ).as_view()
    given: Any = {"pk": stories[0].pk} if arguments else {}

    expected, many = _visit(plain, **given)
    data, few = _visit(planned, **given)

    assert data == expected
    assert few == 2 < many


def test_wrong_plans_say_what_is_wrong() -> None:
    """An unknown name, and a word that is none."""
    with pytest.raises(UsageError, match='did you mean "list"'):
        _visit(_view({"list": "lst"}))
    with pytest.raises(UsageError, match='write "infer"'):
        _visit(_view("list"))
