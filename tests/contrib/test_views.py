"""Plans for the generic views of Django, and for changelists of the admin."""

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.views.generic import DetailView, ListView

from quell import FetchPlan
from quell.contrib.admin import FetchPlanAdminMixin
from quell.contrib.views import FetchPlanMixin
from quell.exceptions import UsageError
from tests.planapp.models import Chapter, Customer, Organization, Story
from tests.planapp.rows import loaded

pytestmark = pytest.mark.django_db

if TYPE_CHECKING:

    class _List(ListView[Story]): ...

    class _Detail(DetailView[Story]): ...

    class _Admin(admin.ModelAdmin[Story]): ...
else:
    _List, _Detail, _Admin = ListView, DetailView, admin.ModelAdmin


@pytest.fixture(autouse=True)
def stories() -> list[Story]:
    """Three stories of one customer."""
    organization = Organization.objects.create(name="o", code="o")
    customer = Customer.objects.create(name="Ann", organization=organization)
    found = [Story.objects.create(title=title, customer=customer) for title in "abc"]
    Chapter.objects.bulk_create([Chapter(story=story, number=1) for story in found])
    return found


class StoryList(FetchPlanMixin, _List):
    """A list by a plan with a name."""

    model = Story
    fetch_plan: Any = "list"


class StoryDetail(FetchPlanMixin, _Detail):
    """A page by a plan."""

    queryset = Story.objects.select_related("editor")
    fetch_plan = FetchPlan("customer__organization")


def _rows(view: type[Any], **arguments: object) -> Any:
    made = view()
    made.setup(RequestFactory().get("/"), **arguments)
    return made


def test_list_view_loads_its_plan() -> None:
    """By name, from the manager of the model."""
    rows = _rows(StoryList).get_queryset()

    assert [(row.customer.name, row.chapter_count) for row in rows] == [("Ann", 1)] * 3
    assert loaded(rows[0]) == {"id", "title", "customer_id"}


def test_detail_view_adds_its_plan_to_the_queryset(stories: list[Story]) -> None:
    """In one statement, with what the view joins itself."""
    with CaptureQueriesContext(connection) as captured:
        story = _rows(StoryDetail, pk=stories[0].pk).get_object()
        assert (story.customer.organization.name, story.editor) == ("o", None)
    assert len(captured) == 1


def test_view_without_a_plan_stays_as_it_is() -> None:
    """And an unknown name is told."""

    class Plain(StoryList):
        fetch_plan = None

    class Wrong(StoryList):
        fetch_plan = "lst"

    assert loaded(_rows(Plain).get_queryset()[0]) == {"id", "title", "text", "customer_id", "editor_id"}
    with pytest.raises(UsageError, match='did you mean "list"'):
        _rows(Wrong).get_queryset()


class StoryAdmin(FetchPlanAdminMixin, _Admin):
    """Lists what another table holds."""

    list_display = ("title", "customer_name", "chapter_numbers")
    changelist_plan: Any = FetchPlan("chapters", only=("title", "customer__name"))

    def customer_name(self, story: Story) -> str:
        """Follow a foreign key."""
        return story.customer.name

    def chapter_numbers(self, story: Story) -> list[int]:
        """Follow a reverse one."""
        return [chapter.number for chapter in story.chapters.all()]


def _changelist(model_admin: Any, method: str = "get") -> tuple[list[str], int]:
    request = getattr(RequestFactory(), method)("/")
    request.user = User(is_superuser=True, is_active=True, is_staff=True)
    with CaptureQueriesContext(connection) as captured:
        rows = model_admin.get_changelist_instance(request).result_list
        texts = [
            f"{row.title} {model_admin.customer_name(row)} {model_admin.chapter_numbers(row)}" for row in rows
        ]
    return texts, len(captured)


def test_changelist_loads_its_plan() -> None:
    """The list of the admin runs as many statements as the plan, and two that count."""
    plain = type("Plain", (StoryAdmin,), {"changelist_plan": None})(Story, admin.site)

    expected, many = _changelist(plain)
    texts, few = _changelist(StoryAdmin(Story, admin.site))

    assert texts == expected
    assert (many, few) == (9, 4)


def test_actions_and_forms_get_no_plan() -> None:
    """They change rows, and read others."""
    model_admin = StoryAdmin(Story, admin.site)

    assert _changelist(model_admin, "post")[1] == 9
    assert loaded(model_admin.get_queryset(RequestFactory().get("/"))[0]) >= {"text"}
