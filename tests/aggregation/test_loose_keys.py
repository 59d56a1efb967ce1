"""Foreign keys without a constraint, some of which lead nowhere."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Q

from quell.aggregation import Count, Exists, First, Statistics, Top
from tests.planapp.models import Customer, Organization, Ticket
from tests.planapp.rows import make_tickets

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

EITHER = Q(loose__name="one") | Q(subject="lost")
NUMBERS: dict[str, Any] = {
    "n": Count("pk"),
    "either": Count("pk", filter=EITHER),
    "nameless": Count("pk", loose__name=None),
    "named": Count("pk", loose__name="one"),
    "not_named": Count("pk", filter=~Q(loose__name="one")),
    "names": Count("loose__name"),
    "any": Exists("pk", filter=EITHER),
    "last": First("subject", order_by="-pk", filter=EITHER),
}


@pytest.fixture
def lost() -> Ticket:
    """Return a ticket whose organization was deleted behind the back of Django, beside three others."""
    rows = make_tickets()
    gone = Organization.objects.create(name="gone", code="gone")
    ticket = Ticket.objects.create(subject="lost", customer=Customer.objects.earliest("pk"), loose=gone)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM planapp_organization WHERE code = 'gone'")
    assert rows.count() == 4
    return ticket


def test_a_row_whose_key_leads_nowhere_is_a_row(lost: Ticket) -> None:
    """A condition on what is not there is about NULL, and drops no row that satisfies another one."""
    found = Statistics.of(Ticket, **NUMBERS).fetch()

    assert (found.n, found.either, found.nameless, found.named, found.names) == (4, 4, 1, 3, 3)
    assert (found.any, found.last) == (True, "lost")
    # As elsewhere in SQL, NULL is neither equal to a value nor not equal.
    assert found.not_named == 0


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_alone_is_the_number_beside_others(lost: Ticket, name: str) -> None:
    """Each number is the same alone, beside others, in a group, annotated, and batched."""
    rows = Ticket.objects.filter(pk=lost.pk)
    alone = Statistics.of(rows, **{name: NUMBERS[name]})
    together = Statistics.of(rows, **NUMBERS)
    annotated, batched = (
        getattr(next(iter(found)), name)
        for found in (alone.annotate(rows), together.annotate(rows, batched=True))
    )

    value = alone.fetch()[name]
    assert value == together.fetch()[name] == together.by("subject").fetch()["lost"][name]
    assert value == annotated == batched


def test_top_values_of_what_is_not_there(lost: Ticket) -> None:
    """NULL is no value."""
    assert Statistics.of(Ticket, top=Top("loose__name", 3)).fetch().top == (("one", 3),)
