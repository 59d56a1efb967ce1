"""Views that load in several ways, and their routes."""

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.urls import path

from quell import ignore
from tests.library.models import Author, Country
from tests.watching.views import countries, countries_async, fail, stream


def first(request: HttpRequest, number: int) -> HttpResponse:
    """Load the country of so many authors, each on its own."""
    return HttpResponse(", ".join(author.country.name for author in Author.objects.order_by("pk")[:number]))


def either(request: HttpRequest) -> HttpResponse:
    """Run the same statements by one line or by another."""
    if "other" in request.GET:
        return HttpResponse(", ".join(author.country.name for author in Author.objects.order_by("pk")))
    return HttpResponse(", ".join(author.country.name for author in Author.objects.order_by("pk")))


def same(request: HttpRequest) -> HttpResponse:
    """Ask for one country twice, or for two."""
    second = 1 if "same" in request.GET else 2
    before = Country.objects.filter(pk=1).count()
    after = Country.objects.filter(pk=second).count()
    return HttpResponse(f"{before} {after}")


def silent(request: HttpRequest) -> HttpResponse:
    """Load on demand, which somebody may have chosen not to hear of."""
    if "loud" in request.GET:
        return first(request, 3)
    with ignore("Q101"):
        return first(request, 3)


_BRANCHES = Engine().from_string(
    "{% if first %}{% for author in rows %}{{ author.country.name }}{% endfor %}\n"
    "{% else %}{% for author in rows %}{{ author.country.name }}{% endfor %}{% endif %}"
)


def branches(request: HttpRequest) -> HttpResponse:
    """Loop in one of two lines of a template."""
    rows = Author.objects.order_by("pk")
    return HttpResponse(_BRANCHES.render(Context({"first": "first" in request.GET, "rows": rows})))


def lists(request: HttpRequest) -> HttpResponse:
    """Loop over one of two lists at one line."""
    found = list(Author.objects.order_by("pk"))
    others = list(Author.objects.order_by("-pk"))
    for author in found if "first" in request.GET else others:
        str(author.country.name)
    return HttpResponse()


class _Compared:
    """A view that has no hash, as its class compares."""

    __hash__ = None  # type: ignore[assignment]  # as Python does by itself where a class has __eq__()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return countries(request)


urlpatterns = [
    path("compared/", _Compared()),
    path("branches/", branches),
    path("lists/", lists),
    path("countries/", countries),
    path("first/<int:number>/", first),
    path("either/", either),
    path("same/", same),
    path("silent/", silent),
    path("fail/", fail),
    path("stream/", stream),
    path("async/", countries_async),
    path("api/countries/", countries),
]
