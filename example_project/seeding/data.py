"""Fill the help desk with rows, the same ones at each run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import transaction
from django.db.models import Model
from factory.django import DjangoModelFactory
from factory.random import reseed_random

from accounts import factories as accounts
from accounts.models import User
from analytics import factories as analytics
from automation import factories as automation
from billing import factories as billing
from communication import factories as communication
from fieldwork import factories as fieldwork
from knowledge import factories as knowledge
from mobile import factories as mobile
from organizations import factories as organizations
from organizations.models import Organization
from security import factories as security
from seeding import office_rows, rows, support_rows
from seeding.world import ADMIN_EMAIL, World, create_world, load_world
from tickets import factories as tickets_factories
from tickets.models import Ticket

Progress = Callable[[str, int, int], None]
"""Called with what was just added, the steps that are done, and the steps in all."""

_SEED = "help desk"
_FACTORY_MODULES = (
    organizations,
    accounts,
    tickets_factories,
    fieldwork,
    knowledge,
    communication,
    automation,
    analytics,
    mobile,
    security,
    billing,
)


class AlreadySeededError(Exception):
    """There are rows already, and new ones would not be the same at each run."""


@transaction.atomic
def seed(tickets: int, *, progress: Progress | None = None) -> None:
    """
    Fill an empty help desk.

    Args:
        tickets: Number of tickets, at least 1, and of feedback; half as many rows of every other page, one
            fiftieth of organizations, one twenty-fifth of agents and of technicians.
        progress: Told of each step.

    Raises:
        AlreadySeededError: If there are organizations.
        ValueError: If tickets is below 1.
    """
    if tickets < 1:
        raise ValueError(f"At least 1 ticket is needed, not {tickets}.")
    if Organization.objects.exists():
        raise AlreadySeededError("The help desk has rows already; flush it first.")
    _restart_factories()
    _populate(create_world(tickets), tickets=tickets, others=max(1, tickets // 2), progress=progress)


@transaction.atomic
def grow(count: int) -> None:
    """Add so many rows to the list on every page, each with the rows below it; an empty help desk will do."""
    if count < 1:
        raise ValueError(f"At least 1 row is needed, not {count}.")
    _continue_factories()
    world = load_world() if User.objects.filter(email=ADMIN_EMAIL).exists() else create_world(1)
    _populate(world, tickets=count, others=count, progress=None)


def _restart_factories() -> None:
    """Let numbers and choices depend on nothing but the rows that exist."""
    reseed_random(f"{_SEED} {Ticket.objects.count()}")
    for factory in _factories():
        factory.reset_sequence(factory._meta.model._base_manager.count())


def _continue_factories() -> None:
    """Go on with numbers that no row has: neither one of this process nor one that was there before."""
    reseed_random(f"{_SEED} {Ticket.objects.count()}")
    for factory in _factories():
        row_count = factory._meta.model._base_manager.count()
        factory.reset_sequence(max(row_count, factory._meta.next_sequence()))


def _factories() -> Iterator[type[DjangoModelFactory[Model]]]:
    for module in _FACTORY_MODULES:
        for value in vars(module).values():
            if not isinstance(value, type) or value.__module__ != module.__name__:
                continue
            if issubclass(value, DjangoModelFactory):
                yield value


def _populate(world: World, *, tickets: int, others: int, progress: Progress | None) -> None:
    customers = rows.customers(world, others)
    new_tickets = support_rows.tickets(world, customers, tickets)
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("work orders", lambda: rows.work_orders(world, others)),
        ("articles", lambda: rows.articles(world, customers, others)),
        ("messages", lambda: rows.messages(world, customers, others)),
        ("metrics", lambda: rows.metrics(world, others)),
        ("mobile sessions", lambda: rows.mobile_sessions(customers, others)),
        ("security events", lambda: rows.security_events(customers, others)),
        ("feedback", lambda: support_rows.feedback(customers, new_tickets, tickets)),
        ("AI models", lambda: support_rows.ai_models(new_tickets, others)),
        ("integrations", lambda: support_rows.integrations(world, others)),
        ("workflow executions", lambda: support_rows.workflow_executions(world, new_tickets, others)),
        ("installments", lambda: office_rows.installments(world, others)),
        ("reports", lambda: office_rows.reports(others)),
    )
    total = len(steps) + 1
    if progress is not None:
        progress("tickets", 1, total)
    for done, (name, add) in enumerate(steps, start=2):
        add()
        if progress is not None:
            progress(name, done, total)
