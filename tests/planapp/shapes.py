"""Random rows of every model, and a reader of whatever a plan loads of them."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model

from quell.introspection.relations import walk
from tests.planapp.models import (
    Chapter,
    Comment,
    Customer,
    CustomerProxy,
    FollowUp,
    Hidden,
    Label,
    Line,
    Mark,
    Marked,
    Organization,
    Profile,
    Sticker,
    Story,
    Ticket,
    TicketTopic,
    Topic,
    Vip,
)

# A foreign key, one to a unique column, one without a constraint, one to rows that are hidden, one to itself, a
# child and a proxy, a one-to-one, both sides of many-to-many, generic both ways, a composite key, own managers.
SHAPES: tuple[type[Model], ...] = (
    Ticket,
    Organization,
    Customer,
    Vip,
    CustomerProxy,
    Profile,
    Hidden,
    Label,
    Sticker,
    Topic,
    TicketTopic,
    Comment,
    FollowUp,
    Marked,
    Line,
    Story,
    Chapter,
)


def fill(seed: int) -> None:
    """Make up to four rows of each model, which refer to each other at random."""
    rng = Random(seed)

    def several(most: int = 4) -> range:
        return range(rng.randint(0, most))

    def pick(rows: Sequence[Any]) -> Any:
        return rng.choice(rows) if rows else None

    orgs = [Organization.objects.create(name=f"o{n % 2}", code=f"c{n}") for n in range(rng.randint(1, 3))]
    people: list[Customer] = []
    for number in range(rng.randint(1, 4)):
        referrer = pick([*people, None])
        people.append(
            Customer.objects.create(name=f"p{number % 2}", organization=pick(orgs), referrer=referrer)
        )
    people += [
        Vip.objects.create(
            name="v", organization=pick(orgs), referrer=pick(people), concierge=pick([*orgs, None])
        )
        for _ in several(2)
    ]
    for person in people:
        if rng.random() < 0.4:
            Profile.objects.create(customer_id=person.pk, text=f"t{person.pk % 2}")
    hidden = [Hidden.objects.create(is_deleted=rng.random() < 0.5) for _ in several(2)]
    tickets = [
        Ticket.objects.create(
            subject=f"s{number % 2}",
            customer_id=pick(people).pk,
            organization=pick([*orgs, None]),
            loose_id=pick([orgs[0].pk, 10**6]),
            hidden=pick([*hidden, None]),
        )
        for number in several()
    ]
    _fill_tickets(rng, tickets, people)
    _fill_stories(rng, people)


def _fill_stories(rng: Random, people: list[Customer]) -> None:
    for _ in range(rng.randint(0, 3)):
        story = Story.objects.create(
            title="x", customer_id=rng.choice(people).pk, editor_id=rng.choice([people[0].pk, None])
        )
        Chapter.objects.bulk_create(
            [Chapter(story=story, number=number) for number in range(rng.randint(0, 3))]
        )


def _fill_tickets(rng: Random, tickets: list[Ticket], people: list[Customer]) -> None:
    topics = [Topic.objects.create(name=f"n{number % 2}") for number in range(rng.randint(0, 3))]
    for ticket in tickets:
        ticket.duplicates.set(rng.sample(tickets, rng.randint(0, len(tickets))))
        ticket.blocks.set(rng.sample(tickets, rng.randint(0, len(tickets))))
        for topic in rng.choices(topics, k=rng.randint(0, 4)) if topics else ():
            TicketTopic.objects.create(ticket=ticket, topic=topic)
        for number in range(rng.randint(0, 4)):
            Comment.everything.create(
                ticket=ticket,
                author_id=rng.choice(people).pk,
                body=f"b{number % 2}",
                is_public=rng.random() < 0.5,
                is_deleted=rng.random() < 0.3,
            )
            FollowUp.objects.create(ticket=ticket, text=f"f{number % 2}")
        for number in range(rng.randint(0, 2)):
            Label.objects.create(target=rng.choice([ticket, *people]), text=f"l{number % 2}")
            Sticker.objects.create(target=rng.choice([ticket, *people]))
            marked = Marked.objects.create(ticket=ticket)
            Mark.objects.bulk_create([Mark(marked=marked) for _ in range(rng.randint(0, 2))])
            Line.objects.create(ticket=ticket, number=number)


def columns_of(row: Model | None) -> tuple[object, ...] | None:
    """Return the class of a row and all of its columns."""
    if row is None:
        return None
    return row._meta.label, *(getattr(row, field.attname) for field in row._meta.concrete_fields)


def related(row: Any, path: str) -> list[Any]:
    """Return the rows at the end of a path, sorted by their keys where a relation has several."""
    rows = [row]
    for relation in walk(type(row), path):
        name, is_single = relation.hop.name, relation.hop.is_single
        rows = [
            found for item in rows if item is not None for found in _follow(item, name, is_single=is_single)
        ]
    return rows


def _follow(row: Any, name: str, *, is_single: bool) -> Iterable[Any]:
    try:
        if not is_single:
            return sorted(getattr(row, name).all(), key=lambda item: str(item.pk))
        return [getattr(row, name)]
    except ObjectDoesNotExist:
        return [None]
