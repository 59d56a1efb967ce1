"""The API of the help desk: the output of the plain views, by the same queries at any size."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.routers import SimpleRouter

from api.urls import router
from seeding.data import grow

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

VIEWS = {prefix: view for prefix, view, _ in router.registry}
# The page, its count, and one for each relation that no join can load.
QUERIES = {
    "tickets": 3,
    "work-orders": 3,
    "articles": 2,
    "users": 3,
    "messages": 2,
    "metrics": 3,
    "ai-models": 3,
    "integrations": 3,
    "mobile-sessions": 3,
    "security-events": 3,
    "feedback": 2,
    "executions": 3,
}
SMALL, LARGE = 5, 25
# Their lists show what only a plan makes.
BY_PLAN_ALONE = {"tickets", "articles", "ai-models", "integrations"}

every_view = pytest.mark.parametrize("prefix", VIEWS)


def _visit(client: Client, path: str) -> tuple[Any, int]:
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)
    assert response.status_code == 200
    return response.json(), len(queries)


@every_view
def test_list_runs_the_same_queries_with_more_rows(prefix: str, client: Client) -> None:
    """Nothing grows between 5 rows and 25, and nothing is queried in vain."""
    counts, sizes = [], []
    for added in (SMALL, LARGE - SMALL):
        grow(added)
        data, count = _visit(client, f"/api/{prefix}/?page_size=500")
        counts.append(count)
        sizes.append(len(data["results"]))
    assert sizes[0] < sizes[1]
    assert counts == [QUERIES[prefix]] * 2


@every_view
def test_plan_changes_no_output(prefix: str, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists and rows are those of the view without a plan, where it works without one."""
    grow(SMALL)
    planned, few = _visit(client, f"/api/{prefix}/")
    first = planned["results"][0]["id"]
    row, _ = _visit(client, f"/api/{prefix}/{first}/")
    if prefix in BY_PLAN_ALONE:
        return
    monkeypatch.setattr(VIEWS[prefix], "fetch_plans", {})

    plain, many = _visit(client, f"/api/{prefix}/")

    assert planned == plain
    assert few < many
    assert row == _visit(client, f"/api/{prefix}/{first}/")[0]


def test_ticket_list_shows_the_latest_comments(client: Client) -> None:
    """Three at most, newest first, and the number of all."""
    grow(SMALL)
    rows = _visit(client, "/api/tickets/")[0]["results"]

    for row in rows:
        comments = _visit(client, f"/api/tickets/{row['id']}/")[0]["comments"]
        newest = sorted(comments, key=lambda item: item["created_at"], reverse=True)
        assert row["comment_count"] == len(comments)
        assert [item["created_at"] for item in row["latest_comments"]] == [
            item["created_at"] for item in newest[:3]
        ]


def test_declared_plans_are_right() -> None:
    """The checks try each one on its model."""
    assert run_checks(tags=["quell"]) == []


def test_every_view_is_tested() -> None:
    """The queries of each are known."""
    assert isinstance(router, SimpleRouter)
    assert VIEWS.keys() == QUERIES.keys()
