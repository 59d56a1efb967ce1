"""Factory of installments."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from billing.models import Installment
from organizations.factories import OrganizationFactory
from seeding.vocabulary import SEEDED_NOW


class InstallmentFactory(DjangoModelFactory[Installment]):
    """Make installments of every fifth day around today; of those that are due, each third is unpaid."""

    class Meta:
        model = Installment

    organization = factory.SubFactory(OrganizationFactory)
    amount = factory.Sequence(lambda n: Decimal("49.90") + n % 7 * 25)
    due_date = factory.Sequence(lambda n: SEEDED_NOW.date() + timedelta(days=30 - 5 * (n % 60)))
    is_paid = factory.LazyAttributeSequence(
        lambda installment, n: installment.due_date <= SEEDED_NOW.date() and n % 3 != 2
    )
