"""Correct code about relations: what is used in any way, and what nobody loaded."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core import serializers
from django.db.models import Prefetch
from django.template import Context, Template
from django.test import Client

from tests.library.models import (
    Archive,
    Author,
    Book,
    Category,
    Loan,
    Note,
    Profile,
    Restaurant,
)
from tests.library.serializers import BookSerializer, TaggedSerializer
from tests.unused.corpus import profiled


def _books(fix: Any = None) -> Any:
    # The text is not what these scenarios are about.
    return Book.objects.defer("text").order_by("pk")


@profiled()
def one_row() -> object:
    """For one row it is not worth a word."""
    return Book.objects.select_related("author").prefetch_related("tags").get(title="Book 1").title


@profiled()
def join_that_is_read() -> object:
    """As it should be."""
    return [book.author.country.name for book in _books().select_related("author__country")]


@profiled()
def join_that_one_row_reads() -> object:
    """One row is enough."""
    return [book.author.name for book in _books().select_related("author") if book.title == "Book 3"]


@profiled()
def join_that_another_request_reads() -> object:
    """What one page shows and another does not is used."""
    return [_titles(with_author=True), _titles(with_author=False)]


def _titles(*, with_author: bool) -> object:
    return [book.author.name if with_author else book.title for book in _books().select_related("author")]


@profiled()
def prefetch_that_is_read() -> object:
    """As it should be."""
    return [[tag.name for tag in book.tags.all()] for book in _books().prefetch_related("tags")]


@profiled()
def prefetch_that_is_counted() -> object:
    """The cache answers counts."""
    return [book.tags.count() for book in _books().prefetch_related("tags")]


@profiled()
def prefetch_that_is_tested() -> object:
    """And tests of existence."""
    return [book.tags.exists() for book in _books().prefetch_related("tags")]


@profiled()
def prefetch_of_which_the_length_is_read() -> object:
    """A length is a use."""
    return [len(book.tags.all()) for book in _books().prefetch_related("tags")]


@profiled()
def prefetch_that_is_searched() -> object:
    """So is a search."""
    authors = Author.objects.prefetch_related(Prefetch("books", queryset=_books()))
    book = _books()[0]
    return [(author.name, author.books.contains(book), book in author.books.all()) for author in authors]


@profiled()
def prefetch_without_rows() -> object:
    """Nothing was loaded."""
    Note.objects.all().delete()
    return [book.title for book in _books().prefetch_related("notes")]


@profiled()
def join_without_rows() -> object:
    """No key leads anywhere."""
    Book.objects.update(language=None)
    return [book.title for book in _books().select_related("language")]


@profiled()
def list_of_a_prefetch_that_is_read() -> object:
    """A list in an attribute of its own, in use."""
    books = _books().prefetch_related(Prefetch("reviews", to_attr="loaded"))
    # The attribute exists on the rows only.
    return [[review.stars for review in book.loaded] for book in books]


@profiled()
def list_that_a_template_reads() -> object:
    """A template reads it, too."""
    books = _books().prefetch_related(Prefetch("reviews", to_attr="loaded"), "tags").select_related("author")
    text = "{% for b in books %}{{ b.author }}{{ b.tags.all|length }}{{ b.loaded }}{% endfor %}"
    return Template(text).render(Context({"books": books}))


@profiled()
def lists_below_a_list() -> object:
    """Django walks over the outer list to fill the inner ones; the application reads both."""
    loaded = Prefetch("reviews", to_attr="loaded")
    books = _books().prefetch_related(loaded, "loaded__user")
    return [[review.user.username for review in book.loaded] for book in books]


@profiled()
def generic_relation_that_is_read() -> object:
    """A generic foreign key in use."""
    notes = Note.objects.prefetch_related("content_object")
    return [str(note.content_object) for note in notes]


@profiled()
def serializer_that_reads() -> object:
    """Nested serializers read what they show."""
    return BookSerializer(_books().select_related("author__country"), many=True).data


@profiled()
def serializer_that_reads_keys() -> object:
    """The keys of many rows come out of the cache."""
    return TaggedSerializer(_books().prefetch_related("tags"), many=True).data


@profiled()
def django_serializer_that_reads_keys() -> object:
    """Django's own serializers look into the cache, too."""
    return serializers.serialize("python", Book.objects.prefetch_related("tags"))


@profiled()
def eager_api() -> object:
    """A view of REST framework that loads what it shows, but for the text."""
    book = Book.objects.filter(text="")
    assert not book
    Book.objects.update(text="")
    return Client().get("/api/eager/").content


@profiled()
def pickled_rows() -> object:
    """Nobody knows what becomes of a pickle."""
    return len(pickle.dumps(list(Book.objects.select_related("author").prefetch_related("tags"))))


@profiled()
def copied_rows() -> object:
    """Nor of a copy."""
    books = Book.objects.select_related("author").prefetch_related("tags")
    return [copy.deepcopy(book).title for book in books]


@profiled()
def relation_of_a_filter() -> object:
    """A filtered manager reads past the cache: that is another finding."""
    book = _books().prefetch_related("tags")[0]
    return list(book.tags.filter(name="Tag 1"))


@profiled()
def rows_of_a_thread() -> object:
    """What a worker reads is read."""
    books = list(_books().select_related("author"))
    with ThreadPoolExecutor(max_workers=1) as pool:
        return list(pool.map(lambda book: book.author.name, books))


@profiled()
def trees_and_self_relations() -> object:
    """A relation to the same model."""
    nodes = Category.objects.filter(parent__parent__isnull=False).select_related("parent__parent")
    return [node.parent.parent.name for node in nodes if node.parent and node.parent.parent]


@profiled()
def inherited_relation() -> object:
    """A relation of the parent's table."""
    return [place.country.name for place in Restaurant.objects.select_related("country")]


@profiled()
def relation_of_a_composite_key() -> object:
    """A model without a single key."""
    loans = Loan.objects.select_related("member").prefetch_related(Prefetch("book", queryset=_books()))
    return [(loan.member.name, loan.book.title) for loan in loans]


@profiled()
def reverse_one_to_one_that_is_missing() -> object:
    """A question that is answered by no is a use."""
    return [hasattr(author, "profile") for author in Author.objects.select_related("profile")]


@profiled()
def values_of_a_join() -> object:
    """No rows, no caches."""
    return list(Book.objects.select_related("author").values("title", "author__name"))


@profiled()
def raw_rows() -> object:
    """Raw SQL loads what it says."""
    return [book.title for book in Book.objects.raw("SELECT * FROM library_book")]


@profiled()
def back_reference() -> object:
    """What Django itself keeps of the parent was not loaded."""
    author = Author.objects.get(name="Author 0")
    return [archive.label for archive in Archive.objects.filter(author=author)] + [
        profile.text for profile in Profile.objects.all()
    ]
