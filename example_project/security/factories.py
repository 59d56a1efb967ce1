"""Factories of security events."""

from __future__ import annotations

from datetime import timedelta

import factory
from factory.django import DjangoModelFactory
from factory.fuzzy import FuzzyChoice

from accounts.factories import UserFactory
from security.models import EventKind, SecurityAuditLog, SecurityEvent, SecurityRule, Severity
from seeding.vocabulary import AUDIT_ACTIONS, SEEDED_NOW


class SecurityRuleFactory(DjangoModelFactory[SecurityRule]):
    """Make rules, one per kind of event."""

    class Meta:
        model = SecurityRule

    kind = factory.Sequence(lambda n: EventKind.values[n % len(EventKind.values)])


class SecurityEventFactory(DjangoModelFactory[SecurityEvent]):
    """Make events; each sixth comes from an unknown address."""

    class Meta:
        model = SecurityEvent

    user = factory.SubFactory(UserFactory)
    kind = FuzzyChoice(EventKind.values)
    severity = FuzzyChoice(Severity.values)
    ip_address = factory.Sequence(lambda n: None if n % 6 == 5 else f"203.0.113.{n % 254 + 1}")
    is_resolved = factory.Sequence(lambda n: n % 3 != 0)
    created_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(minutes=23 * n))


class SecurityAuditLogFactory(DjangoModelFactory[SecurityAuditLog]):
    """Make entries of the audit trail."""

    class Meta:
        model = SecurityAuditLog

    event = factory.SubFactory(SecurityEventFactory)
    action = factory.Sequence(lambda n: AUDIT_ACTIONS[n % len(AUDIT_ACTIONS)])
    created_at = factory.LazyAttributeSequence(lambda log, n: log.event.created_at + timedelta(minutes=n % 7))
