"""Relations that are loaded beforehand, and that nothing reads."""

from typing import Any

from asgiref.sync import async_to_sync
from django.db.models import Prefetch, prefetch_related_objects

from tests.library.models import (
    Author,
    Book,
    Note,
    Review,
)
from tests.unused.corpus import profiled, repeated, unused


def _lib(path: str, model: str = "Book", **more: Any) -> Any:
    return unused(f"library.{model}", path, **more)


def _books(fix: Any = None) -> Any:
    # The text is not what these scenarios are about.
    return Book.objects.defer("text").order_by("pk")


@profiled(_lib("author"), databases=True)
def join_that_nothing_reads() -> object:
    """A join for nothing."""
    books = Book.objects.defer("text").select_related("author")  # origin
    return sorted(book.title for book in books)  # trigger


@profiled(_lib("author"))
def join_of_which_only_the_key_is_read() -> object:
    """The key is a column of the row itself."""
    books = Book.objects.defer("text").select_related("author")  # origin
    return [(book.title, book.author_id) for book in books]  # trigger


@profiled(_lib("author__country"))
def leaf_of_a_join_that_nothing_reads() -> object:
    """The author is read, their country is not."""
    books = Book.objects.defer("text").select_related("author__country")  # origin
    return [book.author.name for book in books]  # trigger


@profiled(_lib("author__country"))
def chain_of_joins_that_nothing_reads() -> object:
    """One lookup is one finding."""
    return [b.title for b in Book.objects.defer("text").select_related("author__country")]  # origin, trigger


@profiled(_lib("editor"))
def one_join_of_two() -> object:
    """The other one is used."""
    books = Book.objects.defer("text").select_related("author", "editor")  # origin
    return [book.author.name for book in books]  # trigger


@profiled(_lib("tags"), databases=True)
def prefetch_that_nothing_reads() -> object:
    """A query for nothing."""
    return [b.title for b in Book.objects.defer("text").prefetch_related("tags")]  # origin, trigger


@profiled(_lib("reviews__user"))
def leaf_of_a_prefetch_that_nothing_reads() -> object:
    """The reviews are read, who wrote them is not."""
    books = Book.objects.defer("text").prefetch_related("reviews__user")  # origin
    return [[review.stars for review in book.reviews.all()] for book in books]  # trigger


@profiled(_lib("reviews__user", count=2))
def chain_of_prefetches_that_nothing_reads() -> object:
    """One lookup is one finding, and saves both queries."""
    return [b.title for b in Book.objects.defer("text").prefetch_related("reviews__user")]  # origin, trigger


@profiled(_lib("profile", "Author"))
def reverse_join_that_nothing_reads() -> object:
    """The other side of a one-to-one relation."""
    return [author.name for author in Author.objects.select_related("profile")]  # origin, trigger


@profiled(_lib("reviews"))
def list_of_a_prefetch_that_nothing_reads() -> object:
    """A list in an attribute of its own."""
    rows = Book.objects.defer("text").prefetch_related(Prefetch("reviews", to_attr="loaded"))  # origin
    return [book.title for book in rows]  # trigger


@profiled(_lib("user", "Review"))
def join_of_an_inner_queryset_that_nothing_reads() -> object:
    """The queryset of the Prefetch is the one to change."""
    reviews = Review.objects.select_related("user")  # origin
    books = _books().prefetch_related(Prefetch("reviews", queryset=reviews))
    return [(book.title, [review.stars for review in book.reviews.all()]) for book in books]  # trigger


@profiled(_lib("user", "Review"))
def prefetch_of_an_inner_queryset_that_nothing_reads() -> object:
    """So it is where that one prefetches."""
    reviews = Review.objects.prefetch_related("user")  # origin
    books = _books().prefetch_related(Prefetch("reviews", queryset=reviews))
    return [(book.title, [review.stars for review in book.reviews.all()]) for book in books]  # trigger


@profiled(_lib("content_object", "Note", count=2))
def generic_relation_that_nothing_reads() -> object:
    """One query per table."""
    return [note.text for note in Note.objects.prefetch_related("content_object")]  # origin, trigger


@profiled(_lib("tags"))
def prefetch_by_hand_that_nothing_reads() -> object:
    """The call is what is to change."""
    books = list(_books())
    prefetch_related_objects(books, "tags")  # origin, trigger
    return [book.title for book in books]


@profiled(_lib("author"))
def join_in_an_iterator_that_nothing_reads() -> object:
    """Rows that are read in chunks."""
    books = Book.objects.defer("text").select_related("author")  # origin
    return [book.title for book in books.iterator(chunk_size=2)]  # trigger


@profiled(_lib("tags", count=3))
def prefetch_in_an_iterator_that_nothing_reads() -> object:
    """One query per chunk."""
    books = Book.objects.defer("text").prefetch_related("tags")  # origin
    return [book.title for book in books.iterator(chunk_size=2)]  # trigger


@profiled(_lib("author", origin="one title", trigger="one title"))
def join_of_single_rows_that_nothing_reads() -> object:
    """A run that loads two rows by one line."""
    return [_title(title) for title in ("Book 1", "Book 2")]


def _title(title: str) -> object:
    return Book.objects.defer("text").select_related("author").get(title=title).title  # one title


@profiled(_lib("author"))
def join_of_a_row_that_is_saved() -> object:
    """Saving compares the keys of what is loaded, which is no use."""
    books = list(Book.objects.select_related("author").order_by("pk"))  # origin, trigger
    for book in books[:2]:
        book.save()
    return len(books)


@profiled(repeated("library.Book", "publisher"), _lib("author"))
def join_beside_an_n_plus_one() -> object:
    """One relation too many, and one too few."""
    books = Book.objects.defer("text").select_related("author")  # origin
    return [book.publisher.name for book in books]  # trigger


@profiled(_lib("author"))
def join_in_async_code_that_nothing_reads() -> object:
    """An async loop is a loop."""

    async def titles() -> list[str]:
        books = Book.objects.defer("text").select_related("author")  # origin
        return [book.title async for book in books]  # trigger

    return async_to_sync(titles)()


@profiled(_lib("loaded__user"))
def leaf_below_a_list() -> object:
    """The outer list is read, what is behind it is not."""
    loaded = Prefetch("reviews", to_attr="loaded")
    books = Book.objects.defer("text").prefetch_related(loaded, "loaded__user")  # origin
    return [[review.stars for review in book.loaded] for book in books]  # trigger
