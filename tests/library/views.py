"""Pages of the library."""

from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.generic import DetailView, ListView
from rest_framework import generics, viewsets

from tests.library.models import Author, Book, Review
from tests.library.serializers import (
    BookSerializer,
    MethodSerializer,
    ReviewSerializer,
    SlugSerializer,
    TaggedSerializer,
)


def books(request: HttpRequest) -> HttpResponse:
    """Show all books."""
    rows = Book.objects.order_by("pk")  # books view
    return render(request, "library/list.html", {"books": rows})


def eager_books(request: HttpRequest) -> HttpResponse:
    """Show all books, and load what is shown."""
    rows = Book.objects.select_related("author__country").prefetch_related("tags")
    return render(request, "library/quiet.html", {"books": rows})


def book(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one book."""
    row = get_object_or_404(Book, pk=pk)
    return HttpResponse(f"{row.author.name}, {row.author.country.name}, {row.publisher}, {row.tags.count()}")


def book_twice(request: HttpRequest) -> HttpResponse:
    """Show one book, which another function loads, too."""
    row = Book.objects.get(title="Book 1")  # loaded
    return HttpResponse(f"{row.title}: {_text_of('Book 1')}")


def _text_of(title: str) -> str:
    return str(Book.objects.get(title=title).text)  # again


async def async_books(request: HttpRequest) -> HttpResponse:
    """Show all books without blocking the loop."""
    rows = [row async for row in Book.objects.order_by("pk")]  # async view
    names = [await sync_to_async(_author_of)(row) for row in rows]
    return HttpResponse(", ".join(names))


def _author_of(row: Any) -> str:
    return str(row.author.name)  # async trigger


# Django's own classes take no type argument at run time, here and below.
class BookListView(ListView):  # type: ignore[type-arg]  # BookListView
    """Books by model."""

    model = Book
    template_name = "library/list.html"
    context_object_name = "books"


class OrderedListView(ListView):  # type: ignore[type-arg]  # OrderedListView
    """Books by a queryset of the class."""

    queryset = Book.objects.order_by("title")
    template_name = "library/list.html"
    context_object_name = "books"


class OwnListView(ListView):  # type: ignore[type-arg]
    """Books by a method."""

    template_name = "library/list.html"
    context_object_name = "books"

    def get_queryset(self) -> "QuerySet[Any, Any]":
        """Return the books in order."""
        return Book.objects.order_by("title")  # own view


class AuthorView(DetailView):  # type: ignore[type-arg]  # AuthorView
    """One author."""

    model = Author
    template_name = "library/detail.html"


class BookViewSet(viewsets.ModelViewSet[Book]):  # BookViewSet
    """Books by a queryset of the class."""

    queryset = Book.objects.order_by("pk")
    serializer_class = BookSerializer


class TaggedList(generics.ListAPIView[Book]):
    """Books by a method."""

    serializer_class = TaggedSerializer

    def get_queryset(self) -> "QuerySet[Any, Any]":
        """Return the books in order."""
        return Book.objects.order_by("pk")  # api view


class ReviewList(generics.ListAPIView[Review]):  # ReviewList
    """Reviews."""

    queryset = Review.objects.order_by("pk")
    serializer_class = ReviewSerializer


class MethodList(generics.ListAPIView[Book]):  # MethodList
    """Books with a method field."""

    queryset = Book.objects.order_by("pk")
    serializer_class = MethodSerializer


class SlugList(generics.ListAPIView[Book]):  # SlugList
    """Books with names of related rows."""

    queryset = Book.objects.order_by("pk")
    serializer_class = SlugSerializer


class EagerList(generics.ListAPIView[Book]):
    """Books with everything that is shown."""

    queryset = Book.objects.select_related("author__country").order_by("pk")
    serializer_class = BookSerializer
