"""Frameworks that take querysets: a plan is applied where one is returned."""

from typing import cast

import ninja
import pytest
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from ninja.testing import TestClient

from tests.planapp.models import Customer, Organization, Story

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_stories")]

EXPECTED = [
    {"title": f"Story {number}", "customer": {"name": f"Customer {number}"}, "chapter_count": 0}
    for number in range(3)
]


class CustomerOut(ninja.Schema):
    """A customer."""

    name: str


class StoryOut(ninja.Schema):
    """A story, with how many chapters it has."""

    title: str
    customer: CustomerOut
    chapter_count: int


@pytest.fixture
def _stories() -> None:
    organization = Organization.objects.create(name="One", code="one")
    for number in range(3):
        customer = Customer.objects.create(name=f"Customer {number}", organization=organization)
        Story.objects.create(title=f"Story {number}", customer=customer)


def test_ninja_shows_rows_of_a_plan_in_one_query() -> None:
    """A view returns the queryset with its plan, and the schema loads nothing on demand."""
    api = ninja.NinjaAPI(urls_namespace="recipes")

    def stories(request: HttpRequest) -> object:
        return Story.objects.with_plan("list")

    api.get("/stories", response=list[StoryOut])(stories)
    with CaptureQueriesContext(connection) as queries:
        shown = TestClient(api).get("/stories").json()

    assert shown == EXPECTED
    assert len(queries) == 1


def test_strawberry_shows_rows_of_a_plan_in_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver returns the queryset with its plan."""
    # To import it patches this method, also for the tests that follow.
    monkeypatch.setattr(QuerySet, "_clone", QuerySet.__dict__["_clone"])
    import strawberry
    import strawberry_django

    @strawberry_django.type(Customer)
    class CustomerType:
        name: strawberry.auto

    @strawberry_django.type(Story)
    class StoryType:
        title: strawberry.auto
        customer: CustomerType
        chapter_count: int

    @strawberry.type
    class Query:
        @strawberry_django.field
        def stories(self) -> list[StoryType]:
            return cast("list[StoryType]", Story.objects.with_plan("list"))

    schema = strawberry.Schema(query=Query)
    with CaptureQueriesContext(connection) as queries:
        result = schema.execute_sync("{ stories { title customer { name } chapter_count: chapterCount } }")

    assert result.errors is None
    assert result.data == {"stories": EXPECTED}
    assert len(queries) == 1
