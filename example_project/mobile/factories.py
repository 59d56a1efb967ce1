"""Factories of mobile sessions."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory
from factory.fuzzy import FuzzyChoice

from accounts.factories import UserFactory
from mobile.models import DataPoint, MobileSession
from seeding.vocabulary import SEEDED_NOW


class MobileSessionFactory(DjangoModelFactory[MobileSession]):
    """Make sessions; each eighth is still open."""

    class Meta:
        model = MobileSession

    user = factory.SubFactory(UserFactory)
    platform = FuzzyChoice(MobileSession.Platform.values)
    app_version = factory.Sequence(lambda n: f"4.{n % 6}.{n % 3}")
    started_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(minutes=31 * n))
    ended_at = factory.LazyAttributeSequence(
        lambda session, n: session.started_at + timedelta(minutes=12) if n % 8 != 7 else None
    )


def _value(point: DataPoint, number: int) -> Decimal:
    """Vary within what each kind of data point can be."""
    if point.kind == DataPoint.Kind.LATENCY_MS:
        return Decimal(4000 + number * 3571 % 90000) / 100
    return Decimal(number * 37 % 101)


class DataPointFactory(DjangoModelFactory[DataPoint]):
    """Make data points of all kinds in turn."""

    class Meta:
        model = DataPoint

    session = factory.SubFactory(MobileSessionFactory)
    kind = factory.Sequence(lambda n: DataPoint.Kind.values[n % 3])
    value = factory.LazyAttributeSequence(_value)
    recorded_at = factory.LazyAttributeSequence(
        lambda point, n: point.session.started_at + timedelta(seconds=n % 300)
    )
