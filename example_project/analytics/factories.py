"""Factories of metrics and reports."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from analytics.models import AnalyticsMetric, AnalyticsReport
from organizations.factories import OrganizationFactory
from seeding.vocabulary import METRICS, SEEDED_NOW

_REPORT_STATUSES = (*4 * (AnalyticsReport.Status.READY,), AnalyticsReport.Status.FAILED)


class AnalyticsMetricFactory(DjangoModelFactory[AnalyticsMetric]):
    """Make metrics, without tags."""

    class Meta:
        model = AnalyticsMetric

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: METRICS[n % len(METRICS)][0])
    unit = factory.Sequence(lambda n: METRICS[n % len(METRICS)][1])
    metric_value = factory.Sequence(lambda n: Decimal((n + 3) * 4271 % 9973) / 100)
    recorded_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(hours=n))


class AnalyticsReportFactory(DjangoModelFactory[AnalyticsReport]):
    """Make reports; each fifth failed, and the newest one is pending."""

    class Meta:
        model = AnalyticsReport

    title = factory.Sequence(lambda n: f"Week {52 - n % 52}")
    status = factory.Sequence(lambda n: _REPORT_STATUSES[n % 5] if n else AnalyticsReport.Status.PENDING)
    created_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(weeks=n))
