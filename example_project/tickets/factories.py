"""Factories of tickets and what belongs to them."""

from __future__ import annotations

from datetime import datetime, timedelta

import factory
from factory.django import DjangoModelFactory
from factory.fuzzy import FuzzyChoice, FuzzyInteger

from accounts.factories import UserFactory
from organizations.factories import OrganizationFactory
from seeding.vocabulary import (
    AGENT_COMMENTS,
    CATEGORIES,
    FEEDBACK,
    FILE_NAMES,
    PRODUCTS,
    SEEDED_NOW,
    TICKETS,
    TicketText,
)
from tickets.models import (
    Category,
    CustomerFeedback,
    Ticket,
    TicketAttachment,
    TicketComment,
    TicketHistory,
)

# Repeated by weight: most tickets of a desk are done, few are urgent.
_STATUSES = (
    "new",
    "new",
    "open",
    "open",
    "open",
    "pending",
    "resolved",
    "resolved",
    "closed",
    "closed",
    "cancelled",
)
_PRIORITIES = ("low", "low", "medium", "medium", "medium", "high", "high", "urgent")
_FINISHED = {Ticket.Status.RESOLVED, Ticket.Status.CLOSED}


def ticket_text(number: int) -> TicketText:
    """Return what the ticket of that number is about; the subjects come in turn."""
    return TICKETS[number % len(TICKETS)]


def _resolved_at(ticket: Ticket) -> datetime | None:
    if ticket.status not in _FINISHED:
        return None
    return _past(ticket.created_at + timedelta(hours=6 + len(ticket.subject)))


def _first_response_at(ticket: Ticket, number: int) -> datetime | None:
    if ticket.status == Ticket.Status.NEW:
        return None
    return _past(ticket.created_at + timedelta(minutes=11 * (number % 37 + 1)))


def _past(moment: datetime) -> datetime:
    """Let nothing have happened later than now."""
    return min(moment, SEEDED_NOW)


class CategoryFactory(DjangoModelFactory[Category]):
    """Make categories."""

    class Meta:
        model = Category

    name = factory.Sequence(lambda n: CATEGORIES[n] if n < len(CATEGORIES) else f"Category {n}")


class TicketFactory(DjangoModelFactory[Ticket]):
    """Make tickets; finished ones have a time of resolution and sometimes a score."""

    class Meta:
        model = Ticket

    organization = factory.SubFactory(OrganizationFactory)
    customer = factory.SubFactory(UserFactory, organization=factory.SelfAttribute("..organization"))
    subject = factory.Sequence(lambda n: ticket_text(n).subject.format(PRODUCTS[n % len(PRODUCTS)]))
    description = factory.Sequence(lambda n: ticket_text(n).description.format(PRODUCTS[n % len(PRODUCTS)]))
    status = FuzzyChoice(_STATUSES)
    priority = FuzzyChoice(_PRIORITIES)
    channel = FuzzyChoice(Ticket.Channel.values)
    created_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(minutes=53 * (n + 1)))
    first_response_due = factory.LazyAttribute(lambda ticket: ticket.created_at + timedelta(hours=4))
    first_response_at = factory.LazyAttributeSequence(_first_response_at)
    resolution_due = factory.LazyAttribute(
        lambda ticket: ticket.created_at + timedelta(days=2) if ticket.priority != "low" else None
    )
    resolved_at = factory.LazyAttribute(_resolved_at)
    sla_breach = factory.LazyAttribute(
        lambda ticket: bool(ticket.first_response_at and ticket.first_response_at > ticket.first_response_due)
    )
    customer_satisfaction_score = factory.LazyAttributeSequence(
        lambda ticket, n: 1 + n % 5 if ticket.resolved_at and n % 3 else None
    )


class TicketCommentFactory(DjangoModelFactory[TicketComment]):
    """Make comments; each fifth is internal."""

    class Meta:
        model = TicketComment

    ticket = factory.SubFactory(TicketFactory)
    author = factory.SubFactory(UserFactory)
    type = factory.Sequence(
        lambda n: TicketComment.Type.INTERNAL if n % 5 == 4 else TicketComment.Type.PUBLIC
    )
    content = FuzzyChoice(AGENT_COMMENTS)
    created_at = factory.LazyAttributeSequence(
        lambda comment, n: comment.ticket.created_at + timedelta(minutes=17 * (n % 29 + 1))
    )


class TicketAttachmentFactory(DjangoModelFactory[TicketAttachment]):
    """Make attachments; only what the database keeps of them."""

    class Meta:
        model = TicketAttachment

    ticket = factory.SubFactory(TicketFactory)
    file_name = FuzzyChoice(FILE_NAMES)
    file_size = FuzzyInteger(900, 4_000_000)


class TicketHistoryFactory(DjangoModelFactory[TicketHistory]):
    """Make entries of a ticket's history."""

    class Meta:
        model = TicketHistory

    ticket = factory.SubFactory(TicketFactory)
    change_type = TicketHistory.ChangeType.CREATED
    created_at = factory.LazyAttribute(lambda entry: entry.ticket.created_at)


class CustomerFeedbackFactory(DjangoModelFactory[CustomerFeedback]):
    """Make feedback, some of it without words."""

    class Meta:
        model = CustomerFeedback

    user = factory.SubFactory(UserFactory)
    rating = FuzzyInteger(1, 5)
    comment = FuzzyChoice(FEEDBACK)
    created_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(hours=3 * n))
