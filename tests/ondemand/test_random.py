"""Random rows and random calls: whatever is asked in whatever order, each row gets what Django gives it."""

from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count, Max, Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import quell
from tests.library.models import Author, Book, Country, Draft, Note, Profile, Tag

pytestmark = [pytest.mark.databases, pytest.mark.django_db]

# What a book may be asked; each answer is plain data.
ASKS: dict[str, Any] = {
    "author": lambda book: book.author.name,
    "editor": lambda book: str(book.editor),
    "profile": lambda book: str(getattr(book.author, "profile", None)),
    "text": lambda book: book.text,
    "tags": lambda book: [tag.name for tag in book.tags.order_by("pk")],
    "first": lambda book: str(book.tags.order_by("-pk").first()),
    "slice": lambda book: [tag.name for tag in book.tags.order_by("-pk")[1:3]],
    "drafts": lambda book: [draft.pk for draft in book.drafts.order_by("pk")],
    "count": lambda book: (book.drafts.count(), book.tags.count()),
    "exists": lambda book: (book.tags.filter(name="tag 1").exists(), book.notes.exists()),
    "notes": lambda book: [str(note.content_object) for note in book.notes.order_by("pk")],
    "aggregate": lambda book: book.tags.aggregate(Max("name"), n=Count("books")),
    "q": lambda book: book.tags.filter(Q(name="tag 0") | ~Q(books__title="1")).distinct().count(),
    "siblings": lambda book: [[b.title for b in t.books.order_by("pk")] for t in book.tags.order_by("pk")],
    "pair": lambda book: book.tags.filter(books__author=book.author).count(),
    "options": lambda book: [tag.name for tag in Tag.objects.order_by("pk")] + [book.title],
    "own": lambda book: book.tags.filter(name=f"tag {book.title}").count(),
    "write": lambda book: Tag.objects.filter(name="tag 1").update(name=f"tag {book.title}"),
    "add": lambda book: book.tags.add(Tag.objects.order_by("pk")[0]),
    "move": lambda book: Book.objects.filter(pk=book.pk).update(author=Author.objects.order_by("-pk")[0]),
    "refresh": lambda book: book.refresh_from_db(),
}
_rows = st.lists(
    st.tuples(
        st.integers(0, 2), st.none() | st.integers(0, 2), st.sets(st.integers(0, 3)), st.integers(0, 2)
    ),
    min_size=1,
    max_size=5,
)
_asks = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(sorted(ASKS))), max_size=25)
_roots = st.sampled_from(["plain", "defer", "join", "prefetch", "iterator"])


def _fill(rows: list[tuple[int, int | None, set[int], int]]) -> None:
    country = Country.objects.create(name="Land")
    authors = [Author.objects.create(name=f"Author {n}", country=country) for n in range(3)]
    Profile.objects.create(author=authors[1], text="about")
    tags = [Tag.objects.create(name=f"tag {n}") for n in range(4)]
    for number, (author, editor, own, count) in enumerate(rows):
        book = Book.objects.create(
            title=str(number),
            text=f"text {number}",
            author=authors[author],
            editor=None if editor is None else authors[editor],
        )
        book.tags.set([tags[n] for n in sorted(own)])
        for k in range(count):
            Draft.objects.create(book=book, is_deleted=k == 1)
            Note.objects.create(text="note", content_object=book)


def _root(kind: str) -> Any:
    books = Book.objects.order_by("pk")
    if kind == "defer":
        return books.defer("text")
    if kind == "join":
        return books.select_related("author", "editor")
    if kind == "prefetch":
        return books.prefetch_related("tags", "notes")
    return books.iterator(chunk_size=3) if kind == "iterator" else books


def _ask(kind: str, asks: list[tuple[int, str]]) -> list[object]:
    """Ask, in a transaction that is rolled back."""
    shown: list[object] = []
    with transaction.atomic():
        books = list(_root(kind))
        for number, name in asks:
            book = books[number % len(books)]
            try:
                shown.append((name, ASKS[name](book)))
            except Exception as error:  # noqa: BLE001 -- an error is an answer, too
                shown.append((name, repr(error)))
        shown.append([sorted(book._state.fields_cache) for book in books])
        shown.append([sorted(book.__dict__.get("_prefetched_objects_cache", ())) for book in books])
        shown.append([sorted(book.get_deferred_fields()) for book in books])
        transaction.set_rollback(True)
    return shown


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_rows, asks=_asks, kind=_roots)
def test_random_calls_give_what_django_gives(
    rows: list[tuple[int, int | None, set[int], int]], asks: list[tuple[int, str]], kind: str
) -> None:
    """Values, errors, and what the rows hold afterwards are the same, with reads and writes in any order."""
    with transaction.atomic():
        _fill(rows)
        plain = _ask(kind, asks)
        with quell.batch_loading():
            batched = _ask(kind, asks)
        transaction.set_rollback(True)

    assert batched == plain
