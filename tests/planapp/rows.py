"""Rows of the help desk, and how its tests read them."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from tests.planapp.models import (
    Comment,
    Customer,
    FollowUp,
    Hidden,
    Label,
    Line,
    Mark,
    Marked,
    Organization,
    Profile,
    Sticker,
    Ticket,
    TicketTopic,
    Topic,
    Vip,
)


def make_tickets() -> QuerySet[Ticket, Ticket]:
    """Three tickets whose relations hold some, one and no rows, hidden ones included."""
    one, two = (Organization.objects.create(name=code, code=code) for code in ("one", "two"))
    ann = Customer.objects.create(name="Ann", organization=one)
    vip = Vip.objects.create(name="Bob", organization=two, referrer=ann, concierge=one)
    Profile.objects.create(customer=ann, text="likes tea")
    hidden = Hidden.objects.create(is_deleted=False)
    first, second, _ = (
        Ticket.objects.create(
            subject=f"{number}", customer=customer, organization=org, loose=one, hidden=hidden
        )
        for number, (customer, org) in enumerate([(ann, one), (vip, None), (ann, two)])
    )
    for number in range(4):
        Comment.everything.create(ticket=first, author=vip, is_public=number > 1, is_deleted=number > 2)
    Comment.everything.create(ticket=second, author=ann)
    topic = Topic.objects.create(name="x")
    first.topics.add(topic, Topic.objects.create(name="y"))
    TicketTopic.objects.create(ticket=first, topic=topic)
    first.duplicates.add(second)
    first.blocks.add(second)
    second.blocks.add(first, second)
    Label.objects.create(target=first, text="red")
    Label.objects.create(target=ann, text="other table, same key")
    Sticker.objects.create(target=second)
    FollowUp.objects.create(ticket=second, text="later")
    marked = Marked.objects.create(ticket=first)
    Mark.objects.bulk_create([Mark(marked=marked), Mark(marked=marked)])
    Line.objects.bulk_create([Line(ticket=first, number=number) for number in range(2)])
    return Ticket.objects.order_by("pk")


def run(queryset: QuerySet[Any, Any], read: Callable[[Any], object]) -> tuple[list[object], int]:
    """Return what is read from each row, and the number of statements."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        found = [read(row) for row in queryset]
    return found, len(captured)


def names(rows: Any) -> list[int]:
    """Return the keys of related rows."""
    return sorted(row.pk for row in rows.all())


def loaded(row: Any) -> set[str]:
    """Return the columns of a row that are loaded."""
    columns: set[str] = {field.attname for field in row._meta.concrete_fields}
    deferred: set[str] = row.get_deferred_fields()
    return columns - deferred
