"""Factories of conversations."""

from __future__ import annotations

from datetime import timedelta

import factory
from factory.django import DjangoModelFactory
from factory.fuzzy import FuzzyChoice

from communication.models import CommunicationMessage, CommunicationSession, CommunicationThread
from organizations.factories import OrganizationFactory
from seeding.vocabulary import MESSAGES, PRODUCTS, SEEDED_NOW


class CommunicationThreadFactory(DjangoModelFactory[CommunicationThread]):
    """Make threads; each fourth is over."""

    class Meta:
        model = CommunicationThread

    organization = factory.SubFactory(OrganizationFactory)
    subject = factory.Sequence(lambda n: f"Questions about {PRODUCTS[n % len(PRODUCTS)]}")
    thread_type = FuzzyChoice(CommunicationThread.Type.values)
    is_active = factory.Sequence(lambda n: n % 4 != 3)
    updated_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(hours=n))


class CommunicationSessionFactory(DjangoModelFactory[CommunicationSession]):
    """Make sessions without messages."""

    class Meta:
        model = CommunicationSession

    thread = factory.SubFactory(CommunicationThreadFactory)
    status = FuzzyChoice(CommunicationSession.Status.values)
    started_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(hours=n))


class CommunicationMessageFactory(DjangoModelFactory[CommunicationMessage]):
    """Make messages, in both directions in turn."""

    class Meta:
        model = CommunicationMessage

    session = factory.SubFactory(CommunicationSessionFactory)
    direction = factory.Sequence(lambda n: CommunicationMessage.Direction.values[n % 2])
    body = factory.Sequence(lambda n: MESSAGES[n % len(MESSAGES)])
    sent_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(minutes=4 * n))
