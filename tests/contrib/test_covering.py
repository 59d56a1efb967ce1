"""Whether the plans of views load what their serializers read, told by ``quell check`` and a system check."""

from collections.abc import Callable, Iterator
from io import StringIO
from types import ModuleType
from typing import Any, ClassVar

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.urls import include, path
from rest_framework import generics, routers, serializers, viewsets

import quell
from quell import FetchPlan, Limit
from quell.checks import check_views
from quell.contrib.drf import FetchPlanViewSetMixin
from quell.exceptions import UsageError
from quell.loading.covering import coverages, missing
from tests.planapp.models import Chapter, Label, Story


class ChapterSerializer(serializers.ModelSerializer[Chapter]):
    """A chapter."""

    class Meta:
        model = Chapter
        fields: ClassVar[list[str]] = ["number"]


class StorySerializer(serializers.ModelSerializer[Story]):
    """A story with its customer and its chapters."""

    customer = serializers.CharField(source="customer.name")
    chapters: Any = ChapterSerializer(many=True)

    class Meta:
        model = Story
        fields: ClassVar[list[str]] = ["id", "title", "customer", "chapters"]


class LatestSerializer(serializers.ModelSerializer[Story]):
    """A story with its last chapter."""

    last = serializers.SerializerMethodField()

    class Meta:
        model = Story
        fields: ClassVar[list[str]] = ["last"]

    @quell.needs(FetchPlan(limits={"latest": Limit("chapters", 1, "-number")}))
    def get_last(self, story: Any) -> int:
        """Return its number."""
        return int(story.latest[0].number)


@pytest.fixture
def route() -> Iterator[Callable[..., None]]:
    """Let the project route to some views only."""
    changes = []

    def change(**views: Any) -> None:
        router = routers.SimpleRouter()
        module = ModuleType("some_routes")
        patterns = []
        for name, view in views.items():
            if issubclass(view, viewsets.ViewSetMixin):
                router.register(name, view, basename=name)
            else:
                patterns.append(path(f"{name}/", view.as_view()))
        module.urlpatterns = [path("api/", include(router.urls)), *patterns]  # type: ignore[attr-defined]
        changes.append(override_settings(ROOT_URLCONF=module))
        changes[-1].enable()

    yield change
    for item in reversed(changes):
        item.disable()


def _view(plan: Any, serializer: Any = StorySerializer, **names: Any) -> Any:
    attributes = {
        "queryset": Story.objects.all(),
        "serializer_class": serializer,
        "fetch_plans": {"list": plan},
        "__module__": __name__,
        **names,
    }
    return type("StoryViewSet", (FetchPlanViewSetMixin, viewsets.ReadOnlyModelViewSet), attributes)


COMPLETE = FetchPlan("chapters", only=["title", "customer__name", "chapters__number"])


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (COMPLETE, FetchPlan()),
        (FetchPlan("customer", "chapters"), FetchPlan()),
        (FetchPlan("customer__organization", "chapters__story"), FetchPlan()),
        (FetchPlan("chapters", join=["customer"], counts={"n": "chapters"}), FetchPlan()),
        (FetchPlan("chapters", only=["title", "customer__*"]), FetchPlan()),
        (FetchPlan("customer"), FetchPlan("chapters")),
        (FetchPlan(), FetchPlan("chapters", "customer")),
        (FetchPlan(counts={"n": "chapters"}), FetchPlan("chapters", "customer")),
        (FetchPlan("chapters", only=["customer__name", "pk"]), FetchPlan(only=["title"])),
        (FetchPlan(only=["title"]), FetchPlan(only=["chapters__number", "customer__name"])),
        (FetchPlan("chapters", only=["title", "customer__id"]), FetchPlan(only=["customer__name"])),
    ],
)
def test_missing_is_what_the_serializer_reads_and_the_plan_does_not_load(
    plan: FetchPlan, expected: FetchPlan
) -> None:
    """Relations, and columns where the plan narrows them; with it, nothing is missing any more."""
    needed = FetchPlan.from_serializer(StorySerializer)

    found = missing(plan, needed, Story.objects.all())

    assert found == expected
    assert not missing(plan | found, needed, Story.objects.all())


def test_missing_counts_what_the_queryset_loads_by_itself() -> None:
    """The plan is added to it."""
    needed = FetchPlan.from_serializer(StorySerializer)
    rows = Story.objects.select_related("customer").prefetch_related("chapters")

    assert not missing(FetchPlan(), needed, rows)
    assert not missing(FetchPlan(only=["title", "customer__name"]), needed, rows)
    assert missing(FetchPlan(), needed, rows.prefetch_related(None)) == FetchPlan("chapters")


def test_missing_names_lists_and_generic_keys() -> None:
    """What has a name of its own is missing where nothing of that name is loaded."""
    limit = Limit("chapters", 1, "-number")
    needed = FetchPlan.from_serializer(LatestSerializer)

    assert missing(FetchPlan(), needed, Story.objects.all()) == FetchPlan(limits={"latest": limit})
    assert not missing(FetchPlan(limits={"latest": limit}), needed, Story.objects.all())
    assert not missing(FetchPlan(counts={"latest": "chapters"}), needed, Story.objects.all())
    assert missing(FetchPlan(), FetchPlan("target"), Label.objects.all()) == FetchPlan("target")
    with pytest.raises(UsageError):
        missing(FetchPlan("custmer"), needed, Story.objects.all())


def test_check_reports_a_plan_that_misses_something(route: Callable[..., None]) -> None:
    """quell.W002 names view, action, serializer and what to add; a named plan is looked up."""
    route(stories=_view("list"), complete=_view(COMPLETE), inferred=_view("infer"))

    (warning,) = check_views()

    assert warning.id == "quell.W002"
    assert warning.msg == (
        "tests.contrib.test_covering.StoryViewSet, list: StorySerializer reads what its plan does not load; "
        'add FetchPlan("chapters", only=("chapters__number",)).'
    )


def test_check_reports_columns_that_a_plan_leaves_out(route: Callable[..., None]) -> None:
    """No other plan can bring them back, so the way out is another one."""
    route(stories=_view(FetchPlan("customer", "chapters", defer=["title", "text"])))

    (warning,) = check_views()

    assert warning.msg.endswith(
        "StorySerializer reads what its plan does not load; take title out of defer=."
    )


def test_check_reports_generic_views(route: Callable[..., None]) -> None:
    """They have the actions of the mixin."""

    class Stories(FetchPlanViewSetMixin, generics.ListAPIView[Story]):
        queryset = Story.objects.all()
        serializer_class = StorySerializer
        fetch_plans = {"list": FetchPlan("customer")}  # noqa: RUF012 -- as users write it

    class Plain(generics.ListAPIView[Story]):
        queryset = Story.objects.all()
        serializer_class = StorySerializer

    route(stories=Stories, plain=Plain)

    assert [(item.view, item.action, item.missing) for item in coverages()] == [
        (Stories, "list", FetchPlan("chapters"))
    ]


def test_command_says_what_it_cannot_judge(route: Callable[..., None]) -> None:
    """Views whose queryset or serializer is made by code are no problem, and no success either."""

    def needs_request(self: Any) -> Any:
        return self.request.user.serializer

    def by_action(self: Any) -> Any:
        return StorySerializer if self.action == "list" else LatestSerializer

    route(
        a=_view(COMPLETE, get_queryset=lambda self: Story.objects.all()),
        b=_view(COMPLETE, get_serializer_class=needs_request),
        c=_view("nothing"),
        d=_view(COMPLETE, get_serializer_class=by_action),
    )
    output = StringIO()

    call_command("quell", "check", stdout=output)

    assert not check_views()
    lines = output.getvalue().splitlines()
    assert [line.partition(": ")[2][:53] for line in lines[:-1]] == [
        "not judged, as it has a get_queryset() of its own",
        "not judged, as get_serializer_class() needs a request",
        "not judged, as planapp.Story has no fetch plan 'nothi",
        "loads what StorySerializer reads",
    ]
    assert lines[-1] == "1 of 4 declared plans judged, 0 of which miss something"


def test_command_exits_1_where_something_is_missing(route: Callable[..., None]) -> None:
    """As a linter does."""
    route(stories=_view(FetchPlan("customer")))
    output = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("quell", "check", stdout=output)

    assert ended.value.code == 1
    assert 'add FetchPlan("chapters")' in output.getvalue()
