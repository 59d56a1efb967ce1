"""Django's aggregates that collect values, where the database has them."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from quell.aggregation import Count, Statistics
from tests.planapp.models import Ticket
from tests.planapp.rows import make_tickets

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.databases,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="aggregates of django.contrib.postgres"),
]


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets with comments, topics and lines."""
    return make_tickets()


def _numbers(rows: Any) -> Statistics:
    from django.contrib.postgres.aggregates import ArrayAgg, BoolAnd, JSONBAgg

    return Statistics.of(
        rows,
        subjects=ArrayAgg("subject"),
        topics_=ArrayAgg("topics__name", default=[]),
        public=JSONBAgg("comments__is_public"),
        all_public=BoolAnd("comments__is_public"),
        total=Count("pk"),
    )


def test_collected_values_stand_beside_numbers(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Arrays, JSON and booleans over several relations are those that each has alone, in one statement."""
    found = _numbers(tickets).fetch()

    assert sorted(found["subjects"]) == ["0", "1", "2"]
    assert sorted(name for name in found["topics_"] if name) == ["x", "x", "y"]
    assert [found["public"].count(value) for value in (True, False, None)] == [3, 2, 1]
    assert (found["all_public"], found["total"]) == (False, 3)
    groups = _numbers(tickets).by("subject").fetch()
    assert [(group.subjects, group.all_public) for group in groups] == [
        (["0"], False),
        (["1"], True),
        (["2"], None),
    ]


def test_rows_collect_values(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Each row has its own, annotated and batched."""
    for batched in (False, True):
        rows = list(_numbers(Ticket).annotate(tickets, batched=batched))
        assert [row.subjects for row in rows] == [["0"], ["1"], ["2"]]
        assert [sorted(filter(None, row.topics_)) for row in rows] == [["x", "x", "y"], [], []]
        assert [row.all_public for row in rows] == [False, True, None]
