"""Percentiles equal those that Python computes of the same values."""

from random import Random
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import F

from quell.aggregation import Count, Median, Percentile, Statistics
from quell.exceptions import UsageError
from tests.planapp.models import Line, Ticket
from tests.planapp.rows import make_tickets

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

has_percentiles = pytest.mark.skipif(connection.vendor == "mysql", reason="MariaDB has no such aggregate")


def _fill(seed: int) -> dict[int, list[int]]:
    """Give each ticket some lines, and return their numbers by ticket."""
    rng = Random(seed)
    keys = list(make_tickets().values_list("pk", flat=True))
    Line.objects.all().delete()
    found = {key: rng.sample(range(1000), size) for key, size in zip(keys, (7, 4, 0), strict=True)}
    Line.objects.bulk_create([Line(ticket_id=key, number=n) for key, ns in found.items() for n in ns])
    return found


def _expected(values: list[int], fraction: float) -> float | None:
    ordered, place = sorted(values), fraction * (len(values) - 1)
    if not ordered:
        return None
    below, above = ordered[int(place)], ordered[min(int(place) + 1, len(ordered) - 1)]
    return below + (place - int(place)) * (above - below)


@has_percentiles
@pytest.mark.parametrize("fraction", [0, 0.1, 0.5, 0.95, 1])
def test_percentiles_interpolate(fraction: float) -> None:
    """All rows, those of a condition, and the related rows of each row and each group have their own."""
    by_ticket = _fill(1)
    numbers = [number for found in by_ticket.values() for number in found]
    found = Statistics.of(
        Line,
        p=Percentile("number", fraction),
        low=Percentile("number", fraction, number__lt=500),
        none=Median("number", number__lt=0),
        zero=Median("number", number__lt=0, default=0.0),
        n=Count("pk"),
    ).fetch()

    low = [number for number in numbers if number < 500]
    assert found["p"] == pytest.approx(_expected(numbers, fraction))
    assert found["low"] == pytest.approx(_expected(low, fraction))
    assert (found["none"], found["zero"], found["n"]) == (None, 0.0, len(numbers))

    of_ticket = Statistics.of(Ticket, p=Percentile("lines__number", fraction), c=Count("comments"))
    expected: list[Any] = [_expected(values, fraction) for values in by_ticket.values()]
    for rows in (
        of_ticket.annotate(Ticket.objects.order_by("pk")),
        of_ticket.annotate(Ticket.objects.order_by("pk"), batched=True),
        of_ticket.by("id").fetch(),
    ):
        assert [row.p for row in rows] == pytest.approx(expected)


@has_percentiles
def test_median_is_the_middle() -> None:
    """Of an even count it is the mean of two."""
    numbers = sorted(number for found in _fill(2).values() for number in found)
    assert Statistics.of(Line, m=Median("number")).fetch()["m"] == numbers[len(numbers) // 2]
    assert Statistics.of(Line.objects.filter(number__gt=numbers[0]), m=Median(F("number") * 2)).fetch()[
        "m"
    ] == sum(numbers[len(numbers) // 2 : len(numbers) // 2 + 2])


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite is given the aggregate")
@pytest.mark.django_db(transaction=True)
def test_a_later_connection_has_the_aggregate() -> None:
    """A statement that was compiled before runs on a connection that was opened after."""
    numbers = Statistics.of(Line, m=Median("number"))
    assert numbers.fetch()["m"] is None
    connections["default"].close()
    assert numbers.fetch()["m"] is None


@pytest.mark.parametrize("fraction", [-0.1, 1.1, 95])
def test_a_share_is_between_0_and_1(fraction: float) -> None:
    """The message shows how to write it."""
    with pytest.raises(UsageError, match=r"Percentile\('number', 0.95\)"):
        Percentile("number", fraction)


def test_what_has_no_percentile_is_refused() -> None:
    """Texts have none, and MariaDB has none of anything; the message says what to do."""
    with pytest.raises(UsageError, match="is one of numbers"):
        Statistics.of(Ticket, m=Median("subject")).fetch()
    if connection.vendor == "mysql":
        with pytest.raises(UsageError, match="values_list"):
            Statistics.of(Line, m=Median("number")).fetch()
