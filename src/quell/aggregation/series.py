"""Numbers for each day, or another step of time, without gaps."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Literal

from asgiref.sync import sync_to_async
from django.db.models import DateField, DateTimeField, Model, QuerySet
from django.db.models.functions import Trunc
from django.utils import timezone

from quell.aggregation.declaring import Declaration
from quell.aggregation.grouping import Grouped
from quell.aggregation.groups import Group, Groups
from quell.aggregation.keys import Key
from quell.aggregation.references import resolve
from quell.exceptions import UsageError

Step = Literal["hour", "day", "week", "month", "quarter", "year"]
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_FIXED = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
_MOST_BUCKETS = 10_000
BUCKET = "start"


class Buckets(Groups):
    """The groups of a series in order of time; each has the beginning of its step as ``start``."""

    def cumulative(self, name: str) -> list[Any]:
        """Return the sum of a number up to each bucket; ``None`` adds nothing."""
        return self.moving(name, len(self), total=True)

    def moving(self, name: str, width: int, *, total: bool = False) -> list[Any]:
        """
        Return the average of a number over each bucket and those before it, ``width`` in all.

        Args:
            name: The number.
            width: Buckets, at least 1; the first ones have fewer before them.
            total: The sum instead of the average.

        Raises:
            UsageError: If width is below 1.
        """
        if width < 1 and len(self):
            msg = f"moving() averages over at least 1 bucket, not {width}"
            raise UsageError(msg)
        values = [group[name] for group in self]
        windows = [values[max(0, end - width) : end] for end in range(1, len(values) + 1)]
        return [_sum(window) if total else _mean(window) for window in windows]


def _sum(values: list[Any]) -> Any:
    return sum(value for value in values if value is not None)


def _mean(values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers to fetch for each step of time; made by ``Statistics.over()``."""

    grouped: Grouped

    def fetch(self) -> Buckets:
        """Run one statement, and return a bucket for each step."""
        found = self.grouped.fetch()
        groups: dict[tuple[Any, ...], Group] = {(group[BUCKET],): group for group in found}
        return Buckets((BUCKET,), groups)

    async def afetch(self) -> Buckets:
        """Do as ``fetch()`` in async code."""
        return await sync_to_async(self.fetch)()


def series(
    declaration: Declaration,
    queryset: QuerySet[Any, Any],
    name: str,
    every: Step,
    *,
    since: date,
    until: date,
    tz: tzinfo | None,
) -> Series:
    """
    Restrict a queryset to a time, and group it by steps.

    Raises:
        UsageError: If the field holds no time, the step is unknown, or there are too many of them.
    """
    model: type[Model] = queryset.model
    field = resolve(model, name).field
    if not isinstance(field, DateField) or resolve(model, name).to_many:
        msg = f'over("{name}") needs a field of {model._meta.label} that holds a date or a time'
        raise UsageError(msg)
    if every not in _FIXED and every not in _MONTHS:
        msg = f"every={every!r} is no step; write one of {', '.join([*_FIXED, *_MONTHS])}"
        raise UsageError(msg)
    if queryset.query.is_sliced:
        msg = "over() restricts the rows to a time, so it takes a queryset that is not sliced"
        raise UsageError(msg)
    is_time = isinstance(field, DateTimeField)
    zone = (tz or timezone.get_current_timezone()) if is_time and timezone.is_aware(timezone.now()) else None
    first, last = (_moment(value, zone, is_time=is_time) for value in (since, until))
    buckets = dict.fromkeys(_buckets(first, last, every, zone), "")
    labels = {bucket: bucket.isoformat() for bucket in buckets}
    kind = DateTimeField() if is_time else DateField()
    key = Key(BUCKET, Trunc(name, every, output_field=kind, tzinfo=zone), labels)
    rows = queryset.filter(**{f"{name}__gte": first, f"{name}__lt": last})
    return Series(Grouped(declaration=declaration, queryset=rows, keys=(key,), sets=((0,),), fill=True))


def _moment(value: date, zone: tzinfo | None, *, is_time: bool) -> Any:
    if not is_time:
        return value.date() if isinstance(value, datetime) else value
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    return timezone.make_aware(moment, zone) if zone is not None and timezone.is_naive(moment) else moment


def _buckets(first: Any, last: Any, every: Step, zone: tzinfo | None) -> Iterator[Any]:
    """Yield the beginning of each step between two moments, in the time of a zone, where summer time has an end."""
    # Steps are those of the clock on the wall: a day of 23 hours is a day.
    wall = first.astimezone(zone).replace(tzinfo=None) if zone is not None else first
    wall = _begin(wall, every)
    count = 0
    while True:
        bucket = timezone.make_aware(wall, zone) if zone is not None else wall
        if bucket >= last:
            return
        count += 1
        if count > _MOST_BUCKETS:
            msg = f"over() makes at most {_MOST_BUCKETS:,} buckets; choose a longer step or a shorter time"
            raise UsageError(msg)
        if (
            zone is None
            or bucket.astimezone(timezone.get_fixed_timezone(0)).astimezone(zone).hour == wall.hour
        ):
            yield bucket
        wall = (
            wall + _FIXED[every]
            if every in _FIXED
            else _begin(wall + timedelta(days=31 * _MONTHS[every]), every)
        )


def _begin(wall: Any, every: Step) -> Any:
    """Return the beginning of the step that a moment or a day is in."""
    if isinstance(wall, datetime):
        hour = wall.hour if every == "hour" else 0
        wall = wall.replace(hour=hour, minute=0, second=0, microsecond=0)
    if every == "week":
        return wall - timedelta(days=wall.weekday())
    if every in _MONTHS:
        width = _MONTHS[every]
        return wall.replace(day=1, month=(wall.month - 1) // width * width + 1)
    return wall
