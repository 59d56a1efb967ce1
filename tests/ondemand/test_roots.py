"""Rows are peers however they were loaded: joined, prefetched, in chunks, from raw SQL, without columns."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db.models import Prefetch

import quell
from tests.library.models import Author, Book, Edition, Member, Note, Tag
from tests.ondemand.conftest import counted

pytestmark = [pytest.mark.databases, pytest.mark.usefixtures("library")]

Show = Callable[[Any], object]


def _names(rows: Any) -> list[str]:
    return [str(row) for row in rows]


def _profile(author: Author) -> str:
    return author.profile.text if hasattr(author, "profile") else "nothing"


ROOTS: dict[str, tuple[Callable[[], Any], Show, int]] = {
    "joined rows": (
        lambda: Book.objects.select_related("author").order_by("pk"),
        lambda book: book.author.country.name,
        1,
    ),
    "relations of joined rows": (
        lambda: Book.objects.select_related("author").order_by("pk"),
        lambda book: (_profile(book.author), _names(book.author.edited_books.order_by("pk"))),
        2,
    ),
    "rows joined backwards": (
        lambda: Author.objects.select_related("profile").order_by("pk"),
        lambda author: hasattr(author, "profile") and author.profile.author.name,
        0,
    ),
    "prefetched children": (
        lambda: Book.objects.prefetch_related("reviews").order_by("pk"),
        lambda book: [review.user.username for review in book.reviews.all()],
        2,
    ),
    "a filter on what is prefetched": (
        lambda: Book.objects.prefetch_related("reviews").order_by("pk"),
        lambda book: book.reviews.filter(stars__gt=1).count(),
        2,
    ),
    "a filter on what a Prefetch loaded": (
        lambda: Book.objects.prefetch_related(Prefetch("tags", Tag.objects.order_by("-name"))).order_by("pk"),
        lambda book: _names(book.tags.filter(name__gt="tag 0")),
        2,
    ),
    "a filter on prefetched generic rows": (
        lambda: Book.objects.prefetch_related("notes").order_by("pk"),
        lambda book: _names(book.notes.filter(text__contains="note").order_by("pk")),
        2,
    ),
    "deferred columns": (lambda: Book.objects.defer("text").order_by("pk"), lambda book: book.text, 1),
    "a deferred column, then relations": (
        lambda: Book.objects.defer("text").order_by("pk"),
        lambda book: (book.text, book.author.name, book.tags.count(), str(book.editor)),
        4,
    ),
    "deferred columns, one after the other": (
        lambda: Book.objects.only("pk").order_by("pk"),
        lambda book: (book.text, book.title, book.author.country.name, book.reviews.count()),
        6,
    ),
    "a key that only() left out": (
        lambda: Book.objects.only("title").order_by("pk"),
        lambda book: book.author.name,
        2,
    ),
    "deferred columns of joined rows": (
        lambda: Book.objects.select_related("author").only("title", "author__country").order_by("pk"),
        lambda book: book.author.name,
        1,
    ),
    "generic keys": (
        lambda: Note.objects.order_by("pk"),
        lambda note: str(note.content_object),
        2,
    ),
    "one-way relation to the same model": (
        lambda: Member.objects.order_by("pk"),
        lambda member: (_names(member.follows.order_by("pk")), member.followers.count()),
        2,
    ),
    "UUID keys": (
        lambda: Edition.objects.order_by("printer_id", "book_id"),
        lambda edition: edition.copies.count(),
        1,
    ),
    "raw SQL": (
        lambda: Book.objects.raw("SELECT * FROM library_book ORDER BY id"),
        lambda book: (book.author.name, book.tags.count()),
        2,
    ),
    "raw SQL without a column": (
        lambda: Book.objects.raw("SELECT id, title, author_id FROM library_book ORDER BY id"),
        lambda book: book.text,
        1,
    ),
    "chunks of iterator()": (
        lambda: Book.objects.order_by("pk").iterator(chunk_size=4),
        lambda book: book.author.name,
        2,
    ),
    "chunks with a prefetch": (
        lambda: Book.objects.prefetch_related("tags").order_by("pk").iterator(chunk_size=4),
        lambda book: (book.author.name, _names(book.tags.all())),
        4,
    ),
    "rows of in_bulk()": (
        lambda: Book.objects.in_bulk().values(),
        lambda book: book.author.name,
        1,
    ),
}


@pytest.mark.parametrize("name", ROOTS)
def test_each_root_gives_what_django_gives(name: str) -> None:
    """Rows are peers however they were loaded."""
    root, show, allowed = ROOTS[name]
    ContentType.objects.clear_cache()
    ContentType.objects.get_for_models(Book, Author)
    plain = [show(row) for row in root()]
    with counted() as queries, quell.batch_loading():
        batched = [show(row) for row in root()]

    assert batched == plain
    assert len(queries) == 1 + allowed
