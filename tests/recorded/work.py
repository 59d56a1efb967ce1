"""Code that builds querysets, as an application does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch, QuerySet
from django.views.generic import ListView
from rest_framework import generics, serializers, viewsets

from tests.library.models import Author, Book, Draft, Edition, Loan, Member, Note, Restaurant, Review

if TYPE_CHECKING:
    _AuthorPages = ListView[Author]
else:
    _AuthorPages = ListView

EVERY_AUTHOR = Author.objects.order_by("pk")


def shown(show: Callable[[Any], object]) -> list[object]:
    """Show each book."""
    return [show(book) for book in Book.objects.order_by("pk")]


def bylines() -> list[str]:
    """Name each book with its author."""
    return [f"{book.title} by {book.author.name}" for book in Book.objects.order_by("pk")]


def titles_and_texts() -> tuple[list[str], list[str]]:
    """Read one column of some books, and another one of the others."""
    first = [book.title for book in Book.objects.filter(pk__gt=0).order_by("pk")]
    return first, [book.text for book in Book.objects.filter(pk__gt=0).order_by("pk")]


def twice() -> list[str]:
    """Build a queryset in two equal expressions, one after the other."""
    found = [book.title for book in Book.objects.order_by("pk")]
    found += [book.author.name for book in Book.objects.order_by("pk")]
    return found


def from_module() -> list[str]:
    """Take up a queryset that the module has made."""
    return [f"{author.name}: {author.country.name}" for author in EVERY_AUTHOR.all()]


def one_by_one(chunk_size: int | None = None) -> list[tuple[str, list[int]]]:
    """Read books as they come."""
    rows: Iterator[Book] = Book.objects.order_by("pk").iterator(
        **({"chunk_size": chunk_size} if chunk_size else {})
    )
    return [(book.author.name, [review.stars for review in book.reviews.all()]) for book in rows]


async def one_by_one_async() -> list[str]:
    """Read books as they come, and their authors with them."""
    return [book.title async for book in Book.objects.order_by("pk").aiterator()]


async def titles_async() -> list[str]:
    """Read the titles of all books."""
    return [book.title async for book in Book.objects.order_by("pk")]


def titled(text: str) -> QuerySet[Book]:
    """Build a queryset for somebody else."""
    return Book.objects.filter(title__contains=text).order_by("pk")


def renamed() -> list[str]:
    """Read books and save each."""
    for book in Book.objects.order_by("pk"):
        book.title = f"{book.title}!"
        book.save()
    return list(Book.objects.order_by("pk").values_list("title", flat=True))


def reviewed(user: Any) -> list[list[int]]:
    """Read the reviews of each book, with one more than there was."""
    found = []
    for book in Book.objects.order_by("pk"):
        Review.objects.create(book=book, user=user, stars=9)
        found.append([review.stars for review in book.reviews.order_by("pk").all()] and [*stars(book)])
    return found


def stars(book: Book) -> list[int]:
    """Read the stars of a book as they are."""
    return sorted(review.stars for review in book.reviews.all())


def own_columns() -> list[tuple[str, str]]:
    """Read a column that was left out by hand."""
    return [(book.title, book.author.name) for book in Book.objects.only("title").order_by("pk")]


def saved_titles() -> None:
    """Save rows of which a column was left out by hand."""
    for book in Book.objects.only("title"):
        book.save()


def own_prefetch() -> list[tuple[str, list[str]]]:
    """Read what a queryset of its own prefetches."""
    reviews = Review.objects.order_by("pk")
    books = Book.objects.prefetch_related(Prefetch("reviews", reviews)).order_by("pk")
    return [(book.title, [review.user.username for review in book.reviews.all()]) for book in books]


def locked_children() -> list[list[str]]:
    """Build on the rows of a relation that is read as it is."""
    found = []
    for book in Book.objects.order_by("pk"):
        found.append(sorted(edition.printer.slug for edition in book.editions.all()))
        found.append([str(edition.pk) for edition in book.editions.order_by("pk").iterator()])
    return found


def tuples() -> list[Any]:
    """Ask for everything that is no row of one table."""
    books = Book.objects.order_by("pk")
    return [
        list(books.values("title", "author__name")),
        list(books.values_list("title", flat=True)),
        books.count(),
        books.exists(),
        [
            book.title
            for book in Book.objects.filter(pk=0).union(Book.objects.filter(pk__gt=0)).order_by("title")
        ],
        [book.title for book in Book.objects.raw("SELECT * FROM library_book ORDER BY id")],
        [book.title for book in books.none()],
        [book.title for book in books.distinct()],
        [book.title for book in books[1:3]],
        sorted(books.in_bulk()),
        str(books.first()),
        str(books.last()),
        books.get(pk=books[0].pk).title,
    ]


def loans() -> list[str]:
    """Read rows with a key of two columns, and what they lead to."""
    return [f"{loan.number} {loan.book.title} {loan.member.name}" for loan in Loan.objects.order_by("pk")]


def followers() -> list[tuple[str, list[str]]]:
    """Read a relation of rows to others of their table."""
    members = Member.objects.order_by("pk")
    return [(member.name, sorted(other.name for other in member.follows.all())) for member in members]


def slugs() -> list[str]:
    """Read a key that is found by a slug."""
    return sorted(edition.printer.slug for edition in Edition.objects.all())


def hosts() -> list[str]:
    """Read rows of two tables, through the parent's relations as well."""
    rows = Restaurant.objects.order_by("pk")
    return [f"{row.name} {row.country.name} {row.host.name}" for row in rows]


def subjects() -> list[str]:
    """Read what notes are about."""
    return [str(note.content_object) for note in Note.objects.order_by("pk")]


def drafts() -> list[str]:
    """Read the books of the drafts that a manager shows."""
    return [draft.book.title for draft in Draft.objects.order_by("pk")]


class AuthorList(_AuthorPages):
    """Authors, in a template."""

    model = Author
    ordering = "pk"
    template_name = "recorded/authors.html"


class CountrySerializer(serializers.ModelSerializer[Author]):
    """An author with the name of the country."""

    country = serializers.CharField(source="country.name")

    class Meta:
        model = Author
        fields = ("name", "country")


class AuthorListView(generics.ListAPIView[Author]):
    """Authors, from a queryset of the class."""

    queryset = Author.objects.order_by("pk")
    serializer_class = CountrySerializer


class BookSerializer(serializers.ModelSerializer[Book]):
    """A book with the name of its author."""

    author = serializers.CharField(source="author.name", read_only=True)

    class Meta:
        model = Book
        fields = ("title", "author")


class Shared(viewsets.ModelViewSet[Book]):
    """What two views have in common."""

    serializer_class: Any = BookSerializer

    def get_queryset(self) -> QuerySet[Book]:
        """Return all books."""
        return Book.objects.order_by("pk")


class BookViewSet(Shared):
    """Books with their authors."""


class TextSerializer(serializers.ModelSerializer[Book]):
    """A book with its text."""

    class Meta:
        model = Book
        fields = ("text",)


class TextViewSet(Shared):
    """Books with their texts."""

    serializer_class = TextSerializer
