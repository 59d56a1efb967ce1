"""A library with a few books, where each relation of each book differs."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connections
from django.test.utils import CaptureQueriesContext

from quell.lineage._patches_ondemand import installation
from tests.library.models import (
    Author,
    Book,
    Country,
    Draft,
    Edition,
    Language,
    Member,
    Note,
    Printer,
    Profile,
    Publisher,
    Review,
    Tag,
)

BOOK_COUNT = 6


@pytest.fixture(autouse=True)
def taken_off() -> Iterator[None]:
    """Take the patches off after each test, however many blocks this process has had."""
    yield
    if installation.holders > installation.is_kept:
        # A block ends with its last row.
        gc.collect()
    installation.rounds = 0
    if installation.is_kept:
        installation.is_kept = False
        installation.release()
    assert installation.holders == 0


@pytest.fixture
def library(db: None, django_user_model: Any) -> None:
    """Books with zero to three of everything, some keys empty, some shared."""
    countries = [Country.objects.create(name=f"Country {n}") for n in range(2)]
    publishers = [Publisher.objects.create(name=f"House {n}", country=countries[n]) for n in range(2)]
    authors = [
        Author.objects.create(
            name=f"Author {n}", country=countries[n % 2], publisher=[None, *publishers][n % 3]
        )
        for n in range(BOOK_COUNT)
    ]
    for author in authors[::2]:
        Profile.objects.create(author=author, text=f"About {author.name}")
    tags = [Tag.objects.create(name=f"tag {n}") for n in range(3)]
    languages = [Language.objects.create(code=code, name=code.upper()) for code in ("de", "fr")]
    printers = [Printer.objects.create(slug=f"printer-{n}") for n in range(2)]
    user = django_user_model.objects.create(username="reader")
    for n, author in enumerate(authors):
        book = Book.objects.create(
            title=f"Book {n}",
            text=f"text {n}",
            author=author,
            editor=[None, authors[0], authors[1]][n % 3],
            publisher=[None, *publishers][n % 3],
            language=[None, *languages][n % 3],
        )
        book.tags.set(tags[: n % 4])
        for k in range(n % 4):
            Note.objects.create(text=f"note {n}.{k}", content_object=[book, author][k % 2])
            Draft.objects.create(book=book, is_deleted=k == 1)
            Review.objects.create(book=book, user=user, stars=(n + k) % 5)
            Edition.objects.create(book=book, printer=printers[k % 2])
    members = [Member.objects.create(name=f"Member {n}") for n in range(4)]
    for n, member in enumerate(members):
        member.follows.set(members[:n])


@contextmanager
def counted(alias: str = DEFAULT_DB_ALIAS) -> Iterator[CaptureQueriesContext]:
    """Capture the statements of a block."""
    with CaptureQueriesContext(connections[alias]) as queries:
        yield queries
