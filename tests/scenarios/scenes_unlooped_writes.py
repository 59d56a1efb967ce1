"""Writes that are no loop: batches, chunks, few rows."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.db import connection
from django.db.models import F

from tests.library.models import (
    Book,
    Edition,
    Member,
    Printer,
    Review,
    Tag,
)
from tests.scenarios.corpus import scenario

NAMES = ("One", "Two", "Three", "Four")


def _make(name: str) -> Tag:
    return Tag.objects.create(name=name)  # helper


@scenario()
def two_rows() -> object:
    """Two are below the threshold."""
    return [Tag.objects.create(name=name).name for name in NAMES[:2]]


@scenario()
def three_lines() -> object:
    """Three lines are no loop."""
    one = _make("One")
    two = _make("Two")
    return [one.name, two.name, _make("Three").name]


@scenario(databases=True)
def created_in_batches() -> object:
    """Several rows per statement."""
    for start in range(0, 8, 2):
        Tag.objects.bulk_create([Tag(name=f"New {n}") for n in range(start, start + 2)])
    return Tag.objects.count()


@scenario(databases=True)
def updated_in_batches() -> object:
    """Several rows per statement, with values of their own."""
    books: list[Any] = list(Book.objects.order_by("pk"))
    for book in books:
        book.title = book.title.upper()
    return Book.objects.bulk_update(books, ["title"], batch_size=2)


@scenario(databases=True)
def updated_in_chunks() -> object:
    """Several keys at a time."""
    keys = list(Book.objects.values_list("pk", flat=True))
    return [Book.objects.filter(pk__in=keys[start : start + 2]).update(text="") for start in range(0, 6, 2)]


@scenario(databases=True)
def deleted_in_chunks() -> object:
    """Several keys at a time, with what hangs on them."""
    keys = list(Book.objects.values_list("pk", flat=True))
    for start in range(0, 6, 2):
        Book.objects.filter(pk__in=keys[start : start + 2]).delete()
    return Book.objects.count()


@scenario(databases=True)
def executemany() -> object:
    """Many rows in one call, again and again."""
    with connection.cursor() as cursor:
        for number in range(4):
            rows = [(f"New {number}",), (f"Newer {number}",)]
            cursor.executemany("INSERT INTO library_tag (name) VALUES (%s)", rows)
    return Tag.objects.count()


@scenario(databases=True)
def one_statement() -> object:
    """What the advice is."""
    Book.objects.update(text=F("title"))
    Review.objects.filter(stars=1).delete()
    return Book.objects.count()


@scenario()
def many_rows_of_one_call() -> object:
    """Django's own batches of one call."""
    Tag.objects.bulk_create([Tag(name=f"New {n}") for n in range(1500)], batch_size=100)
    deleted = Tag.objects.filter(name__startswith="New").delete()[0]
    Edition.objects.all().delete()
    Printer.objects.all().delete()
    return deleted


@scenario()
def logins() -> object:
    """The time of a login is Django's to write."""
    for user in User.objects.order_by("pk"):
        user_logged_in.send(User, request=None, user=user)
    return Member.objects.count()
