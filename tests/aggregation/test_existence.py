"""Whether there is a row: found without counting."""

from typing import Any

import pytest
from django.db.models import Q, QuerySet

from quell import collect
from quell.aggregation import Count, Exists, Statistics
from tests.planapp.models import Line, Ticket
from tests.planapp.rows import make_tickets

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets with comments, topics and lines."""
    return make_tickets()


def _statistics(rows: Any) -> Statistics:
    return Statistics.of(
        rows,
        some=Exists(),
        named=Exists("pk", subject="0"),
        unknown=Exists("pk", subject="x"),
        comments=Exists("comments"),
        by_vip=Exists("comments", comments__author__vip__isnull=False),
        with_topic=Exists("pk", filter=Q(topics__name="y")),
        total=Count("pk"),
    )


def test_existence_is_an_answer(tickets: QuerySet[Ticket, Ticket], django_assert_num_queries: Any) -> None:
    """Rows, related rows and conditions over relations are looked for beside counts, in one statement."""
    with django_assert_num_queries(1):
        found = dict(_statistics(tickets).fetch())

    assert found == {
        "some": True,
        "named": True,
        "unknown": False,
        "comments": True,
        "by_vip": True,
        "with_topic": True,
        "total": 3,
    }
    assert all(isinstance(value, bool) for name, value in found.items() if name != "total")


def test_no_row_is_the_answer_no(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Of no rows nothing exists; a slice is asked for its rows alone."""
    assert not any(dict(_statistics(tickets.none()).fetch()).values())
    assert dict(_statistics(tickets[2:]).fetch()) | {"total": 0} == {
        "some": True,
        "named": False,
        "unknown": False,
        "comments": False,
        "by_vip": False,
        "with_topic": False,
        "total": 0,
    }
    assert Statistics.of(Line, some=Exists()).fetch().some is True


def test_groups_have_answers_of_their_own(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Each group has its answer, and so have rows beside groups."""
    groups = _statistics(tickets).by("subject").fetch()

    assert [(group.some, group.comments, group.with_topic) for group in groups] == [
        (True, True, True),
        (True, True, False),
        (True, False, False),
    ]
    found = collect(all=_statistics(tickets), groups=_statistics(tickets).by("subject"))
    assert dict(found.all) == dict(_statistics(tickets).fetch())
    assert found.groups["2"].comments is False


def test_the_search_stops_at_the_first_row(tickets: QuerySet[Ticket, Ticket]) -> None:
    """Nothing is counted for it."""
    explanation = Statistics.of(tickets, some=Exists("comments")).explain()

    assert "EXISTS(SELECT" in explanation.sql
    assert "first row" in explanation.passes[0].reason
