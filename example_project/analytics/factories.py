"""Factory of metrics."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from analytics.models import AnalyticsMetric
from organizations.factories import OrganizationFactory
from seeding.vocabulary import METRICS, SEEDED_NOW


class AnalyticsMetricFactory(DjangoModelFactory[AnalyticsMetric]):
    """Make metrics, without tags."""

    class Meta:
        model = AnalyticsMetric

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: METRICS[n % len(METRICS)][0])
    unit = factory.Sequence(lambda n: METRICS[n % len(METRICS)][1])
    metric_value = factory.Sequence(lambda n: Decimal((n + 3) * 4271 % 9973) / 100)
    recorded_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(hours=n))
