"""Factories of work orders."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory
from factory.fuzzy import FuzzyChoice

from accounts.factories import TechnicianFactory
from fieldwork.models import JobAssignment, WorkOrder
from organizations.factories import OrganizationFactory
from seeding.vocabulary import REGIONS, SEEDED_NOW, WORK_ORDERS


class WorkOrderFactory(DjangoModelFactory[WorkOrder]):
    """Make work orders; only finished ones have a duration and a cost."""

    class Meta:
        model = WorkOrder

    organization = factory.SubFactory(OrganizationFactory)
    title = factory.Sequence(lambda n: f"{WORK_ORDERS[n % len(WORK_ORDERS)]}, {REGIONS[n % 5]}")
    status = FuzzyChoice(("planned", "in_progress", "done", "done", "cancelled"))
    scheduled_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(hours=5 * n - 100))
    duration_minutes = factory.LazyAttributeSequence(
        lambda order, n: 30 + 15 * (n % 20) if order.status == "done" else None
    )
    final_cost = factory.LazyAttribute(
        lambda order: Decimal("85.50") + order.duration_minutes if order.duration_minutes else None
    )


class JobAssignmentFactory(DjangoModelFactory[JobAssignment]):
    """Assign technicians to work orders."""

    class Meta:
        model = JobAssignment

    work_order = factory.SubFactory(WorkOrderFactory)
    technician = factory.SubFactory(TechnicianFactory)
    assigned_at = factory.LazyAttribute(lambda job: job.work_order.scheduled_at - timedelta(days=1))
