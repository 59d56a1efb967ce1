"""Code that files of plans name."""

from functools import cached_property

from django.db.models import QuerySet

from tests.library.models import Book


def books() -> QuerySet[Book]:
    """Build two equal querysets, of which one is returned."""
    _ = Book.objects.filter(
        title__contains="Book",  # a comment
    )
    return Book.objects.filter(title__contains='Book')  # fmt: skip


def outer() -> list[str]:
    """Build a queryset in an inner function."""

    def inner() -> list[str]:
        return [book.title for book in Book.objects.order_by("title")]

    return inner()


class Shelf:
    """Methods of each kind."""

    @property
    def first(self) -> "Book | None":
        """Return a book."""
        return Book.objects.order_by("pk").first()

    @cached_property
    def last(self) -> "Book | None":
        """Return a book."""
        return Book.objects.order_by("-pk").first()

    @classmethod
    def all(cls) -> QuerySet[Book]:
        """Return all books."""
        return Book.objects.exclude(title="")

    @staticmethod
    def none() -> QuerySet[Book]:
        """Return no book."""
        return Book.objects.filter(pk=0)


class TopShelf(Shelf):
    """A shelf that has all of it from another one."""
