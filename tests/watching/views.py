"""Views with and without the pattern, and their routes."""

from threading import Barrier

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path, re_path

from tests.library.models import Author, Country
from tests.watching.probes import read_countries

barrier = Barrier(2)


def countries(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """Load each country on its own."""
    return HttpResponse(", ".join(read_countries()))


def count(request: HttpRequest) -> HttpResponse:
    """Run one statement."""
    return HttpResponse(str(Country.objects.count()))


def fail(request: HttpRequest) -> HttpResponse:
    """Fail after the loads."""
    read_countries()
    raise LookupError("in a view")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Load in the view, and again while the response is sent."""
    read_countries()
    return StreamingHttpResponse(str(Author.objects.count()) for _ in range(2))


def meet(request: HttpRequest) -> HttpResponse:
    """Wait for another request, then load."""
    barrier.wait(10)
    return countries(request)


async def countries_async(request: HttpRequest) -> HttpResponse:
    """Load each country on its own, in an event loop."""
    authors = [author async for author in Author.objects.order_by("pk")]
    names = [(await Country.objects.aget(pk=author.country_id)).name for author in authors]
    return HttpResponse(", ".join(names))


urlpatterns = [
    path("countries/", countries),
    path("countries/<int:pk>/", countries),
    re_path(r"^shelf/(?P<pk>\d+)/$", countries),
    path("count/", count),
    path("fail/", fail),
    path("stream/", stream),
    path("meet/", meet),
    path("async/", countries_async),
]
