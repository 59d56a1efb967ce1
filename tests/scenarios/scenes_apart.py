"""Views that are called by hand and rendered elsewhere, and what only a widget of the admin asks."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import RequestFactory
from django.views.generic import ListView

from tests.library import urls, views
from tests.library.models import Book, Review
from tests.scenarios.corpus import finds, finds_loop, scenario

PAGES = [views, urls]  # imported before anything is watched


def _request() -> HttpRequest:
    return RequestFactory().get("/")


def _called(view: Any) -> Any:
    return view(_request())


def _rendered(response: Any) -> object:
    assert response.status_code == 200
    return response.render().content


def _at(origin: str, place: str) -> dict[str, str]:
    return {"origin": f"views.py:{origin}", "trigger": "list.html:trigger", "place": place}


@scenario(finds("Book", "author", **_at("BookListView", "BookListView.queryset")))
def list_view_that_a_test_renders() -> object:
    """The view has returned when its template asks."""
    return _rendered(views.BookListView.as_view()(_request()))


@scenario(finds("Book", "author", **_at("BookListView", "BookListView.queryset")))
def list_view_that_two_helpers_run() -> object:
    """Whoever called the view is gone, too."""
    return _rendered(_called(views.BookListView.as_view()))


@scenario(finds("Book", "author", **_at("OrderedListView", "OrderedListView.queryset")))
def list_view_of_a_queryset_that_a_test_renders() -> object:
    """A queryset of the class has no line that a watch saw."""
    return _rendered(views.OrderedListView.as_view()(_request()))


@scenario(finds("Book", "author", **_at("own view", "OwnListView.get_queryset")))
def list_view_of_a_method_that_a_test_renders() -> object:
    """The line of a method stays what it is, and its place is known."""
    return _rendered(views.OwnListView.as_view()(_request()))


@scenario(finds("Book", "author", **_at("BookListView", "BookListView.queryset")))
def list_view_without_its_function() -> object:
    """Some tests call the method itself."""
    view = views.BookListView()
    view.setup(_request())
    return _rendered(view.get(view.request))


class ReviewInline(admin.TabularInline):  # type: ignore[type-arg]  # ReviewInline
    """Reviews, each with the name of a user beside a text field."""

    model = Review
    raw_id_fields = ("user",)
    extra = 0


class CompletingInline(admin.TabularInline):  # type: ignore[type-arg]  # CompletingInline
    """Reviews, each with the name of a user in a field that completes."""

    model = Review
    autocomplete_fields = ("user",)
    extra = 0


class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Users, to search for."""

    search_fields = ("username",)


def _form_of(inline: Any) -> object:
    """Return the page of a book with five reviews."""
    book = Book.objects.get(title="Book 1")
    user = User.objects.create_superuser("root")
    Review.objects.bulk_create([Review(book=book, user=user, stars=1) for _ in range(3)])
    site = admin.AdminSite()
    site.register(User, UserAdmin)
    owner = type("BookAdmin", (admin.ModelAdmin,), {"inlines": (inline,), "fields": ("title",)})
    request = _request()
    request.user = user
    return _rendered(owner(Book, site).change_view(request, str(book.pk)))


@scenario(finds_loop("auth.User", origin="ReviewInline", trigger="ReviewInline"))
def labels_of_raw_keys() -> object:
    """Each form asks for the one row that it shows."""
    return len(str(_form_of(ReviewInline))) > 0


@scenario(finds_loop("auth.User", origin="CompletingInline", trigger="CompletingInline"))
def labels_of_fields_that_complete() -> object:
    """So does each field that completes what is typed."""
    return len(str(_form_of(CompletingInline))) > 0


@scenario(finds("Book", "author", origin="made", trigger="list.html:trigger"))
def view_that_is_made_within_the_watch() -> object:
    """The first request of a process imports the views, and finds what the second one finds."""

    # Django's own classes take no type argument at run time.
    class MadeListView(ListView):  # type: ignore[type-arg]  # made
        queryset = Book.objects.order_by("pk")
        template_name = "library/list.html"
        context_object_name = "books"

    return _rendered(MadeListView.as_view()(_request()))
