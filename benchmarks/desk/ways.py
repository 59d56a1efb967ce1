"""The ways to load a case. To measure another one, write a function and put it into ``available()``."""

import json
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import django
from django.db import models
from rest_framework.renderers import JSONRenderer

import quell
from benchmarks.desk.cases import Case, Tickets
from benchmarks.desk.models import Ticket
from quell import FetchPlan
from quell.loading.recorded.blocks import apply_plans
from quell.recording import Recorder, record


@dataclass(frozen=True, slots=True)
class Way:
    """
    One way to load what a case shows.

    Attributes:
        name: What it is called in the table.
        show: Returns what the case shows, as plain data.
        handles: Tells whether it can do a case at all.
        is_judged: Whether it has to be as good as by hand.
        setting: What holds for the whole process, and for no request by itself.
    """

    name: str
    show: Callable[[Case], object]
    handles: Callable[[Case], bool] = lambda _: True
    is_judged: bool = False
    setting: Callable[[Case], AbstractContextManager[object]] = lambda _: nullcontext()


NAIVE, BY_HAND, BATCH = "naive", "by hand", "batch"


def tickets() -> Tickets:
    """Return the queryset that a view starts with."""
    return Ticket.objects.order_by("pk")


def as_data(shown: object) -> object:
    """Return what a client gets."""
    return json.loads(JSONRenderer().render(shown))


def _serialized(serializer: type[Any], rows: Iterable[Ticket]) -> object:
    return serializer(rows, many=True).data


def naive(case: Case) -> object:
    """Load row by row."""
    return _serialized(case.serializer, tickets())


def by_hand(case: Case) -> object:
    """Load as an expert would, with the serializer as it is."""
    return _serialized(case.serializer, case.by_hand(tickets()))


def peers(case: Case) -> object:
    """Load with the fetch mode of Django 6.1."""
    rows: Any = tickets()
    mode: Any = getattr(models, "FETCH_PEERS")  # noqa: B009 -- no attribute of Django 5.2 and 6.0
    return _serialized(case.serializer, rows.fetch_mode(mode))


def auto_prefetching(case: Case) -> object:
    """Load what django-auto-prefetching sees in the serializer."""
    from django_auto_prefetching import prefetch

    return _serialized(case.serializer, prefetch(tickets(), case.serializer))


def readers(case: Case) -> object:
    """Show the specification of django-readers, which takes the place of the serializer."""
    from django_readers import specs

    prepare, project = specs.process(case.readers)
    return [project(row) for row in prepare(tickets())]


def inferred(case: Case) -> object:
    """Load what quell sees in the serializer."""
    return _serialized(case.serializer, FetchPlan.from_serializer(case.serializer).apply(tickets()))


def declared(case: Case) -> object:
    """Load what quell sees in the serializer whose methods declare what they read."""
    serializer = case.declared or case.serializer
    return _serialized(serializer, FetchPlan.from_serializer(serializer).apply(tickets()))


@cache
def _recorder(case: Case) -> Recorder:
    with record() as recorder:
        naive(case)
    return recorder


def recorded(case: Case) -> AbstractContextManager[object]:
    """Let what is written row by row load what was recorded when it ran for the first time."""
    return apply_plans(_recorder(case).needs)


def batch(case: Case) -> object:
    """Load row by row, inside of a block."""
    with quell.batch_loading():
        return naive(case)


def available() -> tuple[Way, ...]:
    """Return the ways that can be gone here."""
    found = [Way(NAIVE, naive)]
    if django.VERSION >= (6, 1):
        found.append(Way("peers", peers))
    if find_spec("django_auto_prefetching"):
        found.append(Way("auto-pf", auto_prefetching))
    if find_spec("django_readers"):
        found.append(Way("readers", readers, lambda case: case.readers is not None))
    return (
        *found,
        Way(BY_HAND, by_hand),
        Way("inferred", inferred, is_judged=True),
        Way("declared", declared, is_judged=True),
        Way("recorded", naive, is_judged=True, setting=recorded),
        Way(BATCH, batch),
    )
