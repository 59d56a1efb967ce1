"""One declaration, used by many at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from tests.aggregation.test_statistics import TicketStatistics
from tests.planapp.models import Ticket
from tests.planapp.rows import make_tickets

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

SUBJECTS = ("0", "1", "2", "none") * 3


def test_threads_share_plans_and_no_values() -> None:
    """Each thread gets the numbers of its own queryset, of one shape with other parameters."""
    make_tickets()

    def fetch(subject: str) -> int:
        try:
            return TicketStatistics(Ticket.objects.filter(subject=subject)).fetch().total
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(fetch, SUBJECTS)) == [1, 1, 1, 0] * 3


async def test_tasks_share_plans_and_no_values() -> None:
    """So does each task."""
    rows = [Ticket.objects.filter(subject=subject) for subject in SUBJECTS]
    found = await asyncio.gather(*(TicketStatistics(queryset).afetch() for queryset in rows))

    assert [result.total for result in found] == [0] * len(SUBJECTS)


def test_statistics_see_the_transaction_they_are_in() -> None:
    """Rows that are rolled back were counted before, and are not afterwards."""
    with transaction.atomic():
        make_tickets()
        assert TicketStatistics().fetch().total == 3
        transaction.set_rollback(True)

    assert TicketStatistics().fetch().total == 0
