"""Correct code that repeats statements: pages, chunks, batches, transactions."""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.db import OperationalError, transaction
from django.db.models import Count, Prefetch

from tests.library.forms import BookForm
from tests.library.models import Author, Book, Country, Note, Review, Tag
from tests.scenarios.corpus import finds_loop, scenario


@scenario(databases=True)
def pages_by_offset() -> object:
    """A walk through pages."""
    return [list(Book.objects.order_by("pk")[start : start + 2]) for start in range(0, 6, 2)]


@scenario(databases=True)
def pages_by_key() -> object:
    """A walk by the last key seen."""
    found: list[Any] = []
    last = 0
    while page := list(Book.objects.filter(pk__gt=last).order_by("pk")[:2]):
        found += page
        last = page[-1].pk
    return found


@scenario(databases=True)
def pages_of_a_paginator() -> object:
    """A walk by a paginator."""
    return [list(page) for page in Paginator(Book.objects.order_by("pk"), 2)]


@scenario(databases=True)
def chunks_of_keys() -> object:
    """Fifty keys at a time."""
    return [list(Book.objects.filter(pk__in=range(start, start + 50))) for start in range(0, 200, 50)]


@scenario(databases=True)
def short_chunks_of_keys() -> object:
    """A few keys at a time; the last chunk is what is left."""
    keys = list(Book.objects.values_list("pk", flat=True))[:7] + [10**6 + number for number in range(7)]
    return [list(Book.objects.filter(pk__in=keys[start : start + 4])) for start in range(0, 14, 4)]


@scenario(databases=True)
def ranges_of_keys() -> object:
    """Ranges of a key, one after the other."""
    starts = range(0, 12, 3)
    one = [list(Book.objects.filter(pk__gt=start, pk__lte=start + 3)) for start in starts]
    return one, [list(Book.objects.filter(pk__range=(start, start + 2))) for start in starts]


@scenario(databases=True)
def rows_until_none_is_left() -> object:
    """Each batch is deleted before the next is read."""
    while keys := list(Note.objects.order_by("pk").values_list("pk", flat=True)[:2]):
        Note.objects.filter(pk__in=keys).delete()
    return Note.objects.count()


@scenario(databases=True)
def retries() -> object:
    """What was rolled back has to be read again."""
    for attempt in range(4):
        try:
            with transaction.atomic():
                book = Book.objects.select_for_update().get(title="Book 0")
                if attempt < 3:
                    raise OperationalError
                return book.pk
        except OperationalError:
            continue
    return None


@scenario(finds_loop("Book"))
def pairs_of_keys() -> object:
    """Keys that come again are those of rows."""
    return [list(Book.objects.filter(pk__in=[key, key + 1])) for key in range(4)]  # origin, trigger


@scenario(finds_loop("Book"))
def keys_of_each_row() -> object:
    """Lists of different lengths are those of rows, not of a walk through one list."""
    lists = [range(1, 3), range(2, 6), range(3, 5)]
    return [list(Book.objects.filter(pk__in=keys)) for keys in lists]  # origin, trigger


@scenario(finds_loop("Book"))
def numbers_of_ranges() -> object:
    """Numbers over ranges are what one query can group."""
    return [Book.objects.filter(pk__range=(key, key + 2)).count() for key in range(4)]  # origin, trigger


@scenario()
def maps_of_keys() -> object:
    """A map of many keys, in batches."""
    found: dict[Any, Any] = {}
    for start in range(0, 200, 50):
        found.update(Book.objects.in_bulk(list(range(start, start + 50))))
    return found


@scenario(databases=True)
def rows_in_bulk() -> object:
    """Rows that are created in batches."""
    return len(Tag.objects.bulk_create([Tag(name=f"New {n}") for n in range(10)], batch_size=2))


@scenario(databases=True)
def chunks_of_an_iterator() -> object:
    """Each chunk of an iterator prefetches for its own rows."""
    books = Book.objects.order_by("pk").prefetch_related("tags", "reviews")
    return [(len(book.tags.all()), len(book.reviews.all())) for book in books.iterator(chunk_size=2)]


@scenario()
def no_rows() -> object:
    """Nothing loads nothing."""
    found = [book.author.name for book in Book.objects.none()]
    return found + [list(Book.objects.filter(pk__in=[])) for _ in range(4)]


@scenario()
def get_or_create_once() -> object:
    """Two statements of one call."""
    return Tag.objects.get_or_create(name="Another")[1]


@scenario()
def content_types() -> object:
    """Content types are kept after the first time."""
    return [ContentType.objects.get_for_model(Book).model for _ in range(5)]


@scenario(databases=True)
def savepoints() -> object:
    """Transaction control is no work."""
    found = []
    for number in range(5):
        with transaction.atomic():
            found.append(number)
    return found


@scenario()
def form_with_choices() -> object:
    """A form loads the choices of each field once."""
    return str(BookForm())


@scenario()
def annotations() -> object:
    """Numbers that the list brings along."""
    authors = Author.objects.annotate(book_count=Count("books")).order_by("pk")
    return [author.book_count for author in authors]


@scenario()
def filtered_prefetch() -> object:
    """A list that was filtered when it was loaded."""
    chosen = Prefetch("reviews", Review.objects.filter(stars=1).select_related("user"), to_attr="bad")
    books = Book.objects.prefetch_related(chosen)
    return [[review.user.username for review in book.bad] for book in books]


@scenario()
def generic_prefetch() -> object:
    """Generic keys that were loaded per model."""
    return [str(note.content_object) for note in Note.objects.prefetch_related("content_object")]


@scenario()
def rows_that_were_created() -> object:
    """Rows that code made itself have no queryset to change; what was assigned is there."""
    country = Country.objects.create(name="New")
    authors = Author.objects.bulk_create([Author(name=f"New {n}", country=country) for n in range(3)])
    return [author.country.name for author in authors]


@scenario()
def keys_instead_of_rows() -> object:
    """The key itself is a column."""
    return [(book.author_id, book.publisher_id) for book in Book.objects.order_by("pk")]


@scenario()
def two_unrelated_querysets() -> object:
    """One relation of one row of each."""
    one = Book.objects.filter(title="Book 1").get()
    other = Book.objects.exclude(title="Book 1").first()
    return [row.author.name for row in (one, other) if row is not None]


@scenario()
def rows_of_one_author() -> object:
    """Two books on two lines that lead to one and the same author."""
    return [_author_name(1), _author_name(5)]


def _author_name(number: int) -> str:
    return str(Book.objects.get(title=f"Book {number}").author.name)
