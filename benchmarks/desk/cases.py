"""The cases that are measured: a serializer, its declared twin, and how an expert loads for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db.models import Prefetch, QuerySet

from benchmarks.desk import serializers as shown
from benchmarks.desk.models import Attachment, Comment, Tag, Ticket

Tickets: TypeAlias = QuerySet[Ticket, Ticket]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """
    One list of tickets.

    Attributes:
        name: What it is called in the table.
        serializer: What shows the list, as a project writes it.
        by_hand: Loads what the serializer reads, and no more.
        declared: The serializer with its needs declared, where it has code that needs something.
        shape_count: The paths to relations, and calls on related managers: each is one query in a batch.
        readers: The same list as a specification of django-readers.
    """

    name: str
    serializer: type[Any]
    by_hand: Callable[[Tickets], Tickets]
    declared: type[Any] | None = None
    shape_count: int
    readers: list[Any] | None = None


def _nested(tickets: Tickets) -> Tickets:
    person = ("name", "email", "organization__name")
    comments = Comment.objects.select_related("author__organization").only(
        "body", "created_at", "ticket", *(f"author__{name}" for name in person)
    )
    return (
        tickets.select_related("organization", "customer__organization", "category")
        .select_related("agent__person__organization")
        .only(
            "subject",
            "status",
            "organization__name",
            "category__slug",
            *(f"customer__{name}" for name in person),
            "agent__team",
            *(f"agent__person__{name}" for name in person),
        )
        .prefetch_related(
            Prefetch("comments", comments),
            Prefetch("attachments", Attachment.objects.only("file_name", "size", "ticket")),
            Prefetch("tags", Tag.objects.only("name")),
        )
    )


def _keys(tickets: Tickets) -> Tickets:
    return tickets.only("subject", "organization", "customer", "agent", "category")


def _dotted(tickets: Tickets) -> Tickets:
    return tickets.select_related("customer__organization", "agent__person").only(
        "subject", "customer__organization__name", "agent__person__name"
    )


def _methods(tickets: Tickets) -> Tickets:
    comments = Comment.objects.select_related("author").only("ticket", "author__name")
    return tickets.only("subject").prefetch_related(Prefetch("comments", comments))


def _keys_of_many(tickets: Tickets) -> Tickets:
    return (
        tickets.select_related("category")
        .only("subject", "category__slug")
        .prefetch_related(
            Prefetch("tags", Tag.objects.only("name")),
            Prefetch("attachments", Attachment.objects.only("ticket")),
        )
    )


def _dotted_in_many(tickets: Tickets) -> Tickets:
    comments = Comment.objects.select_related("author__organization").only(
        "ticket", "author__name", "author__organization__name"
    )
    return tickets.only("subject").prefetch_related(Prefetch("comments", comments))


_PERSON: list[Any] = ["id", "name", "email", {"organization": ["id", "name"]}]

CASES = (
    Case(
        name="nested serializers, 3 levels",
        serializer=shown.NestedSerializer,
        by_hand=_nested,
        # Seven of a ticket, the person of an agent, the author of a comment, and the organization of all three.
        shape_count=12,
        readers=[
            "id",
            "subject",
            "status",
            {"organization": ["id", "name"]},
            {"customer": _PERSON},
            {"agent": ["id", "team", {"person": _PERSON}]},
            {"category": ["id", "slug"]},
            {"comments": ["id", "body", "created_at", {"author": _PERSON}]},
            {"attachments": ["id", "file_name", "size"]},
            {"tags": ["id", "name"]},
        ],
    ),
    Case(
        name="foreign keys as ids only",
        serializer=shown.KeysSerializer,
        by_hand=_keys,
        shape_count=0,
    ),
    Case(
        name="dotted sources, two deep",
        serializer=shown.DottedSerializer,
        by_hand=_dotted,
        shape_count=4,
    ),
    Case(
        name="method fields and a property",
        serializer=shown.MethodsSerializer,
        by_hand=_methods,
        declared=shown.DeclaredMethodsSerializer,
        shape_count=5,
    ),
    Case(
        name="string and pk many-to-many",
        serializer=shown.KeysOfManySerializer,
        by_hand=_keys_of_many,
        shape_count=3,
    ),
    Case(
        name="dotted source inside many=True",
        serializer=shown.DottedInManySerializer,
        by_hand=_dotted_in_many,
        shape_count=3,
    ),
)
