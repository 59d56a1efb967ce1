"""Rows about the business of the help desk itself."""

from __future__ import annotations

from analytics.factories import AnalyticsReportFactory
from analytics.models import AnalyticsReport
from billing.factories import InstallmentFactory
from billing.models import Installment
from seeding.rows import BATCH_SIZE
from seeding.world import World


def installments(world: World, count: int) -> None:
    """Add installments, of all organizations in turn."""
    organizations = world.organizations
    Installment.objects.bulk_create(
        [
            InstallmentFactory.build(organization=organizations[index % len(organizations)])
            for index in range(count)
        ],
        batch_size=BATCH_SIZE,
    )


def reports(count: int) -> None:
    """Add reports."""
    AnalyticsReport.objects.bulk_create(AnalyticsReportFactory.build_batch(count), batch_size=BATCH_SIZE)
