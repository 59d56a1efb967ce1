"""Tasks of Celery, and functions that are none."""

from celery import shared_task

from tests.profiled.models import Customer, Ticket


@shared_task
def show(prefix: str, *, ending: str = "") -> list[str]:
    """Load the customers one by one."""
    return [f"{prefix}{ticket.customer.name}{ending}" for ticket in Ticket.objects.order_by("pk")]


@shared_task
def add(count: int, name: str) -> None:
    """Write as many rows as it is told to."""
    for _ in range(count):
        Customer.objects.create(name=name)
    if not count:
        raise ValueError(name)


def plain(name: str) -> None:
    """Load the customers of a function that is no task."""
    show(name)
