"""Rows that are the same in every run: three comments, two attachments and three tags per ticket."""

from datetime import UTC, datetime, timedelta

from benchmarks.desk.models import (
    Agent,
    Attachment,
    Category,
    Comment,
    Organization,
    Person,
    Tag,
    Ticket,
)

_START = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS = "All work and no play makes Jack a dull boy. "
_AGENT_COUNT = 5
_COMMENT_COUNT = 3
_FILE_COUNT = 2
_TAG_COUNT = 3


def fill(count: int) -> None:
    """Create ``count`` tickets of as many customers, and the rows around them."""
    organizations = [
        Organization(pk=number, name=f"Organization {number}", address=_WORDS * 4, created_at=_START)
        for number in range(1, max(count // 3, 1) + 1)
    ]
    Organization.objects.bulk_create(organizations)
    people = range(1, count + _AGENT_COUNT + 1)
    Person.objects.bulk_create(
        Person(
            pk=number,
            organization=organizations[number % len(organizations)],
            name=f"Person {number}",
            email=f"person-{number}@example.com",
            phone=f"+49 30 {number:07}",
            about=_WORDS * 8,
            joined_at=_START + timedelta(days=number),
        )
        for number in people
    )
    Agent.objects.bulk_create(
        Agent(pk=number, person_id=count + number, team=f"Team {number}", signature=_WORDS * 4)
        for number in range(1, _AGENT_COUNT + 1)
    )
    Category.objects.bulk_create(
        Category(pk=number, slug=f"category-{number}", description=_WORDS * 4) for number in range(1, 5)
    )
    Tag.objects.bulk_create(
        Tag(pk=number, name=f"tag {number}", description=_WORDS * 4) for number in range(1, 11)
    )
    _fill_tickets(count, len(organizations))


def _fill_tickets(count: int, organization_count: int) -> None:
    tickets = [
        Ticket(
            pk=number,
            organization_id=1 + number % organization_count,
            customer_id=number,
            # Now and then nobody works on a ticket.
            agent_id=number % (_AGENT_COUNT + 1) or None,
            category_id=1 + number % 4,
            subject=f"Ticket {number}: something does not work",
            description=_WORDS * 25,
            status=("new", "open", "closed")[number % 3],
            priority=("low", "high")[number % 2],
            channel="email",
            due_at=_START + timedelta(days=number + 2),
            created_at=_START + timedelta(days=number),
        )
        for number in range(1, count + 1)
    ]
    Ticket.objects.bulk_create(tickets)
    _fill_children(tickets, count + _AGENT_COUNT)


def _fill_children(tickets: list[Ticket], people_count: int) -> None:
    Comment.objects.bulk_create(
        Comment(
            ticket=ticket,
            author_id=1 + (ticket.pk * 7 + number) % people_count,
            body=f"Comment {number}. {_WORDS * 2}",
            raw=_WORDS * 10,
            created_at=ticket.created_at + timedelta(hours=number),
        )
        for ticket in tickets
        for number in range(_COMMENT_COUNT)
    )
    Attachment.objects.bulk_create(
        Attachment(ticket=ticket, file_name=f"file-{number}.txt", size=number, checksum="0123456789" * 10)
        for ticket in tickets
        for number in range(_FILE_COUNT)
    )
    Ticket.tags.through.objects.bulk_create(
        Ticket.tags.through(ticket=ticket, tag_id=1 + (ticket.pk + number) % 10)
        for ticket in tickets
        for number in range(_TAG_COUNT)
    )
