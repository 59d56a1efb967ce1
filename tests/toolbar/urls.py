"""The library and some pages of its own, with the pages of the toolbar."""

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import include, path

from tests.library.models import Author, Country

_PAGE = "<!DOCTYPE html><html lang='en'><title>p</title><body>{}</body></html>"


def authors(request: HttpRequest) -> HttpResponse:
    """Show the authors with their countries, one by one."""
    rows = Author.objects.order_by("pk")  # root
    return HttpResponse(_PAGE.format(", ".join(author.country.name for author in rows)))  # trigger


def fast_authors(request: HttpRequest) -> HttpResponse:
    """Show the authors with their countries, loaded together."""
    rows = Author.objects.select_related("country")
    return HttpResponse(_PAGE.format(", ".join(author.country.name for author in rows)))


def data(request: HttpRequest) -> JsonResponse:
    """Answer what a script asks for, which has no place for a toolbar."""
    return JsonResponse([author.country.name for author in Author.objects.order_by("pk")], safe=False)


async def async_authors(request: HttpRequest) -> HttpResponse:
    """Show the authors from a coroutine."""
    names = [await sync_to_async(_country_of)(author) async for author in Author.objects.order_by("pk")]
    return HttpResponse(_PAGE.format(", ".join(names)))


def _country_of(author: Author) -> str:
    return author.country.name


def write(request: HttpRequest) -> HttpResponse:
    """Save rows one by one."""
    for number in range(3):
        Country.objects.create(name=f"New {number}")
    return HttpResponse(_PAGE.format("done"))


def fail(request: HttpRequest) -> HttpResponseBase:
    """Fail after some work."""
    authors(request)
    raise ValueError("on purpose")


def nothing(request: HttpRequest) -> HttpResponse:
    """Ask the database nothing."""
    return HttpResponse(_PAGE.format("nothing"))


urlpatterns = [
    path("authors/", authors),
    path("fast/", fast_authors),
    path("data/", data),
    path("async/", async_authors),
    path("write/", write),
    path("fail/", fail),
    path("nothing/", nothing),
    # debug_toolbar_urls() gives none where DEBUG is off, as in tests.
    path("__debug__/", include("debug_toolbar.urls")),
]
