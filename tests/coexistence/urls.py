"""One page with patterns of every kind, and the routes of whatever is installed."""

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from tests.library.models import Author, Book


def always(request: HttpRequest) -> bool:
    """Show the toolbar on every page."""
    return True


def work() -> list[str]:
    """Load a foreign key, a list, a count and a row in loops, and the same eagerly."""
    found = [book.author.name for book in Book.objects.order_by("pk")]
    for author in Author.objects.order_by("pk"):
        found += [book.title for book in author.books.all()]
        found.append(str(author.books.count()))
    for title in ("Book 0", "Book 1", "Book 2"):
        found.append(Book.objects.get(title=title).text)
    found += [book.publisher.name for book in Book.objects.select_related("publisher")]
    for author in Author.objects.prefetch_related("books__tags"):
        found += [tag.name for book in author.books.all() for tag in book.tags.all()]
    return found


def page(request: HttpRequest) -> HttpResponse:
    """Show what was found."""
    return HttpResponse(f"<html><body>{work()}</body></html>")


urlpatterns: list[URLPattern | URLResolver] = [path("page/", page)]
if apps.is_installed("debug_toolbar"):
    urlpatterns.append(path("__debug__/", include("debug_toolbar.urls")))
if apps.is_installed("silk"):
    urlpatterns.append(path("silk/", include("silk.urls", namespace="silk")))
