"""Numbers over time, on the clock of a zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection

from quell.aggregation import Count, Statistics, Sum
from quell.exceptions import UsageError

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

BERLIN = ZoneInfo("Europe/Berlin")


def _entries(*moments: datetime) -> Any:
    user = User.objects.create(username=f"u{len(moments)}")
    for moment in moments:
        LogEntry.objects.create(action_time=moment, user=user, action_flag=1, object_repr="é")
    return Statistics.of(LogEntry, n=Count("pk"), total=Sum("action_flag"))


def test_days_without_rows_are_buckets(django_assert_num_queries: Any) -> None:
    """Each day of the time is there, in order, with the numbers of its rows alone."""
    statistics = _entries(
        datetime(2026, 1, 1, 23, 59, tzinfo=UTC),
        datetime(2026, 1, 3, tzinfo=UTC),
        datetime(2026, 1, 3, 12, tzinfo=UTC),
        datetime(2026, 1, 5, tzinfo=UTC),
    )
    with django_assert_num_queries(1):
        days = statistics.over(
            "action_time", every="day", since=date(2026, 1, 1), until=date(2026, 1, 5)
        ).fetch()

    assert [(day.start.day, day.n, day.total) for day in days] == [
        (1, 1, 1),
        (2, 0, None),
        (3, 2, 2),
        (4, 0, None),
    ]
    assert days.cumulative("n") == days.cumulative("total") == [1, 1, 3, 3]
    assert days.moving("n", 2) == [1, 0.5, 1, 1]
    assert days.moving("total", 1) == [1, None, 2, None]
    assert days[datetime(2026, 1, 3, tzinfo=UTC)].label == "2026-01-03T00:00:00+00:00"


@pytest.mark.parametrize(
    ("every", "starts"),
    [
        ("week", ["2025-12-29", "2026-01-05", "2026-01-12"]),
        ("month", ["2026-01-01", "2026-02-01", "2026-03-01"]),
        ("quarter", ["2026-01-01", "2026-04-01", "2026-07-01"]),
        ("year", ["2026-01-01", "2027-01-01"]),
    ],
)
def test_longer_steps_begin_where_they_begin(every: Any, starts: list[str]) -> None:
    """A bucket starts with its week, month, quarter or year, and a row is in the one that Django puts it in."""
    until = {"week": date(2026, 1, 13), "month": date(2026, 3, 2), "quarter": date(2026, 7, 2)}
    statistics = _entries(datetime(2026, 1, 1, tzinfo=UTC))
    found = statistics.over(
        "action_time", every=every, since=date(2026, 1, 1), until=until.get(every, date(2027, 2, 1))
    ).fetch()

    assert [f"{bucket.start:%Y-%m-%d}" for bucket in found] == starts
    assert [bucket.n for bucket in found] == [1] + [0] * (len(starts) - 1)


def test_days_are_those_of_the_zone() -> None:
    """Where summer time begins a day has 23 hours, and a row belongs to the day on the clock of the zone."""
    if connection.vendor == "mysql":
        pytest.skip("the server may have no time zones")
    statistics = _entries(
        datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
    )
    options: dict[str, Any] = {"since": date(2026, 3, 28), "until": date(2026, 3, 31), "tz": BERLIN}
    days = statistics.over("action_time", every="day", **options).fetch()
    hours = statistics.over(
        "action_time", every="hour", **options | {"since": date(2026, 3, 29), "until": date(2026, 3, 30)}
    ).fetch()

    assert [(day.start.day, day.n) for day in days] == [(28, 0), (29, 1), (30, 1)]
    assert {later.start - earlier.start for earlier, later in pairwise(days)} == {timedelta(days=1)}
    assert len(hours) == 23
    assert 2 not in [hour.start.hour for hour in hours]
    assert sum(hour.n for hour in hours) == 1


def test_time_may_begin_within_a_step() -> None:
    """The first bucket begins with its step, and counts from the moment on that was given."""
    user = User.objects.create(username="x", date_joined=datetime(2026, 1, 2, 5, tzinfo=UTC))
    joined = Statistics.of(User.objects.filter(pk=user.pk), n=Count("pk")).over(
        "date_joined",
        every="day",
        since=datetime(2026, 1, 1, 6, tzinfo=UTC),
        until=datetime(2026, 1, 3, tzinfo=UTC),
    )

    assert [bucket.n for bucket in joined.fetch()] == [0, 1]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("object_repr", {}, "holds a date or a time"),
        ("action_time", {"every": "minute"}, "is no step"),
        ("action_time", {"every": "hour", "until": date(2036, 1, 1)}, "at most 10,000"),
        ("action_tme", {}, 'did you mean "action_time"'),
    ],
)
def test_wrong_series_are_refused(name: str, change: dict[str, Any], message: str) -> None:
    """The message says what over() takes."""
    options: dict[str, Any] = {"every": "day", "since": date(2026, 1, 1), "until": date(2026, 1, 2)}
    with pytest.raises(UsageError, match=message):
        Statistics.of(LogEntry, n=Count("pk")).over(name, **options | change)


def test_slices_have_no_series() -> None:
    """A slice cannot be restricted to a time, and a window has at least one bucket."""
    options: dict[str, Any] = {"every": "day", "since": date(2026, 1, 1), "until": date(2026, 1, 2)}
    with pytest.raises(UsageError, match="not sliced"):
        Statistics.of(LogEntry.objects.all()[:3], n=Count("pk")).over("action_time", **options)
    with pytest.raises(UsageError, match="at least 1 bucket"):
        Statistics.of(LogEntry, n=Count("pk")).over("action_time", **options).fetch().moving("n", 0)


@pytest.mark.django_db(transaction=True)
async def test_async_series_are_the_same() -> None:
    """In async code afetch() is awaited."""
    options: dict[str, Any] = {"every": "day", "since": date(2026, 1, 1), "until": date(2026, 1, 2)}
    found = await Statistics.of(LogEntry, n=Count("pk")).over("action_time", **options).afetch()

    assert [bucket.n for bucket in found] == [0]
