"""What is measured: the same few lines of a project, with and without quell."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection
from rest_framework import serializers

from benchmarks.models import Comment, Customer, Tag, Ticket

QUERY_COUNT = 2_000
ROW_COUNT = 50_000
TOUCH_COUNT = 200_000
LIST_SIZE = 100
LISTS = 10
MORE_FRAMES = 60
MODELS = (Customer, Tag, Ticket, Comment)


class TagSerializer(serializers.ModelSerializer[Tag]):
    """A tag of a ticket."""

    class Meta:
        model = Tag
        fields = ("id", "name")


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """A comment of a ticket."""

    class Meta:
        model = Comment
        fields = ("id", "body")


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    """The customer of a ticket."""

    class Meta:
        model = Customer
        fields = ("id", "name", "email")


class TicketSerializer(serializers.ModelSerializer[Ticket]):
    """A ticket with everything around it."""

    customer = CustomerSerializer()
    comments = CommentSerializer(many=True)
    tags = TagSerializer(many=True)

    class Meta:
        model = Ticket
        fields = ("id", "title", "state", "priority", "created_at", "customer", "comments", "tags")


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    A piece of work.

    Attributes:
        name: What it does, for the table.
        target: CPU time with a watch open, over that without quell.
        run: The work.
    """

    name: str
    target: float
    run: Callable[[], object]


def get_each() -> None:
    """Run ``QUERY_COUNT`` statements by primary key."""
    for pk in range(1, QUERY_COUNT + 1):
        Ticket.objects.get(pk=pk)


def _deeper(frames: int, work: Callable[[], None]) -> None:
    if frames > 1:
        _deeper(frames - 1, work)
    else:
        work()


def get_each_deep() -> None:
    """Do the same under more frames, as behind middleware and a framework."""
    _deeper(MORE_FRAMES, get_each)


def load_lazily() -> None:
    """Load a foreign key for each of ``QUERY_COUNT`` rows: an N+1."""
    for ticket in Ticket.objects.order_by("pk")[:QUERY_COUNT]:
        ticket.customer  # noqa: B018 -- the access is the work


def load_rows() -> list[Ticket]:
    """Load ``ROW_COUNT`` rows."""
    return list(Ticket.objects.order_by("pk")[:ROW_COUNT])


def serialize_lists() -> None:
    """Serialize eager-loaded lists, as an API page does."""
    for _ in range(LISTS):
        tickets = (
            Ticket.objects.select_related("customer").prefetch_related("comments", "tags").order_by("pk")
        )
        TicketSerializer(tickets[:LIST_SIZE], many=True).data  # noqa: B018 -- the access is the work


def touch_loaded() -> None:
    """Read a loaded foreign key ``TOUCH_COUNT`` times."""
    ticket = Ticket.objects.select_related("customer").get(pk=1)
    for _ in range(TOUCH_COUNT):
        ticket.customer  # noqa: B018 -- the access is the work


SCENARIOS = (
    Scenario(f"{QUERY_COUNT:,} x .get(pk=)", 1.10, get_each),
    Scenario(f"the same under {MORE_FRAMES} more frames", 1.15, get_each_deep),
    Scenario(f"a loop of {QUERY_COUNT:,} lazy foreign keys", 1.10, load_lazily),
    Scenario(f"loading {ROW_COUNT:,} rows", 1.03, load_rows),
    Scenario(f"{LISTS} DRF lists of {LIST_SIZE} rows, eager", 1.03, serialize_lists),
    Scenario(f"touching a loaded key {TOUCH_COUNT:,} times", 1.00, touch_loaded),
)


def fill() -> None:
    """Create the tables and their rows."""
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    Customer.objects.bulk_create(
        Customer(name=f"Customer {n}", email=f"c{n}@example.com") for n in range(QUERY_COUNT)
    )
    Tag.objects.bulk_create(Tag(name=f"tag {n}") for n in range(20))
    Ticket.objects.bulk_create(
        Ticket(
            customer_id=n % QUERY_COUNT + 1,
            title=f"Ticket {n}",
            state="open",
            priority=n % 5,
            created_at=start,
        )
        for n in range(ROW_COUNT)
    )
    Comment.objects.bulk_create(
        Comment(ticket_id=n // 3 + 1, body=f"Answer {n}") for n in range(3 * LIST_SIZE)
    )
    Ticket.tags.through.objects.bulk_create(
        Ticket.tags.through(ticket_id=n // 2 + 1, tag_id=n % 20 + 1) for n in range(2 * LIST_SIZE)
    )
