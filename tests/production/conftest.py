"""Rows, routes and a process that has seen nothing yet."""

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.test import override_settings

from quell.production import counting
from quell.production.budget import budget
from quell.production.comments import install
from quell.production.known import known
from quell.telling import Report, add_sink, remove_sink, seen
from tests.library.models import Author, Country

MIDDLEWARE = ["quell.middleware.QuellMiddleware", *settings.MIDDLEWARE]


@pytest.fixture
def authors(db: None) -> list[Author]:
    """Three authors of three countries."""
    countries = [Country.objects.create(name=f"Country {n}") for n in range(3)]
    return [Author.objects.create(name=f"Author {n}", country=country) for n, country in enumerate(countries)]


@pytest.fixture
def installed() -> Iterator[None]:
    """The middleware and routes, in a process that begins."""
    counting._reset()
    budget.reset()
    known.clear()
    seen.forget()
    with override_settings(ROOT_URLCONF="tests.production.views", MIDDLEWARE=MIDDLEWARE):
        yield
    known.clear()
    seen.forget()
    executor = SyncToAsync.single_thread_executor
    if executor._threads:
        # The connections of a thread can be reached from there only.
        executor.submit(install, is_on=False).result()


@pytest.fixture
def reports() -> Iterator[list[Report]]:
    """What sinks were told in this test."""
    found: list[Report] = []
    add_sink(found.append)
    yield found
    remove_sink(found.append)


Reports = list[Report]
Json = dict[str, Any]
