"""Requests: generic views, the admin, and REST framework."""

from uuid import UUID

from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIRequestFactory

from tests.library import urls, views
from tests.library.models import Author, Book, Edition, Printer
from tests.scenarios.corpus import finds, scenario

PAGES = [views, urls]  # imported before anything is watched


def _at(origin: str, trigger: str, **more: str) -> dict[str, str]:
    return {"origin": f"views.py:{origin}", "trigger": trigger, **more}


def _get(path: str) -> bytes:
    response = Client().get(path)
    assert response.status_code == 200
    return response.content


def _admin(path: str) -> bytes:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    response = client.get(path)
    assert response.status_code == 200
    return response.content


@scenario(finds("Book", "author", **_at("books view", "list.html:trigger")), databases=True)
def function_view() -> object:
    """A view, and the template that it renders."""
    return _get("/books/")


@scenario(finds("Book", "author", **_at("BookListView", "list.html:trigger", place="BookListView.queryset")))
def list_view_of_a_model() -> object:
    """Where Django builds the queryset, the class statement is the origin."""
    return _get("/lists/model/")


@scenario(
    finds("Book", "author", **_at("OrderedListView", "list.html:trigger", place="OrderedListView.queryset"))
)
def list_view_of_a_queryset() -> object:
    """A queryset of the class is built at import."""
    return _get("/lists/class/")


@scenario(finds("Book", "author", **_at("own view", "list.html:trigger", place="OwnListView.get_queryset")))
def list_view_of_a_method() -> object:
    """A method has a line of its own."""
    return _get("/lists/own/")


@scenario(
    finds("Book", "author", **_at("BookViewSet", "serializers.py:BookSerializer")),
    finds("Book", "author__country", **_at("BookViewSet", "serializers.py:AuthorSerializer")),
)
def viewset_without_a_handler() -> object:
    """A test that calls a ViewSet itself is neither origin nor trigger."""
    return views.BookViewSet.as_view({"get": "list"})(APIRequestFactory().get("/")).data


@scenario(finds("Review", "book__author__country", **_at("ReviewList", "serializers.py:ReviewSerializer")))
def api_view_without_a_handler() -> object:
    """Nor is one that calls a generic API view."""
    return views.ReviewList.as_view()(APIRequestFactory().get("/")).data


@scenario(finds("Book", "publisher", **_at("MethodList", "serializers.py:method field")))
def method_field_without_a_handler() -> object:
    """Code of the user's further in stays the trigger."""
    return views.MethodList.as_view()(APIRequestFactory().get("/")).data


@scenario()
def eager_view() -> object:
    """A view that loads what it shows."""
    return _get("/books/eager/")


@scenario()
def detail_page() -> object:
    """One book may load what it shows."""
    return _get(f"/books/{Book.objects.get(title='Book 1').pk}/")


@scenario()
def two_detail_pages() -> object:
    """Two requests of one watch have nothing in common."""
    one, other, *_ = Book.objects.values_list("pk", flat=True)
    return [_get(f"/books/{one}/"), _get(f"/books/{other}/")]


@scenario()
def detail_pages_in_a_loop() -> object:
    """Nor have many, also when a loop makes them."""
    return [_get(f"/books/{pk}/") for pk in Book.objects.values_list("pk", flat=True)]


@scenario(finds("Author", "books__publisher", **_at("AuthorView", "detail.html:trigger")))
def list_on_a_detail_page() -> object:
    """A list below one row is a list."""
    return _get(f"/authors/{Author.objects.get(name='Author 0').pk}/")


@scenario(
    finds("Book", "author", **_at("BookViewSet", "serializers.py:BookSerializer")),
    finds("Book", "author__country", **_at("BookViewSet", "serializers.py:AuthorSerializer")),
    databases=True,
)
def nested_serializers() -> object:
    """Each serializer is a trigger, and the ViewSet the origin of both."""
    return _get("/api/books/")


@scenario(
    finds(
        "Book", "tags", **_at("api view", "serializers.py:TaggedSerializer", place="TaggedList.get_queryset")
    )
)
def keys_of_many_rows() -> object:
    """A field for the keys of many rows."""
    return _get("/api/tagged/")


@scenario(finds("Review", "book__author__country", **_at("ReviewList", "serializers.py:ReviewSerializer")))
def dotted_source() -> object:
    """A dotted source is one path."""
    return _get("/api/reviews/")


@scenario(finds("Book", "publisher", **_at("MethodList", "serializers.py:method field")))
def method_field() -> object:
    """A method is a line of Python."""
    return _get("/api/methods/")


@scenario(
    finds("Book", "tags", **_at("SlugList", "serializers.py:SlugSerializer")),
    finds("Book", "publisher", **_at("SlugList", "serializers.py:SlugSerializer")),
)
def names_of_related_rows() -> object:
    """Fields that show related rows as texts."""
    return _get("/api/slugs/")


@scenario(
    finds(
        "Edition",
        "printer",
        origin="admin.py:EditionInline",
        trigger="admin.py:inline column",
        place="EditionInline.get_queryset",
    )
)
def admin_inline() -> object:
    """Rows of an inline are changed in its class, not in that of the admin around it."""
    book = Book.objects.get(title="Book 0")
    # The admin orders by the key: it stays the last one.
    Edition.objects.create(pk=UUID(int=2**128 - 1), book=book, printer=Printer.objects.create(slug="another"))
    return _admin(f"/admin/library/book/{book.pk}/change/")


@scenario()
def eager_api() -> object:
    """An API that loads what it shows."""
    return _get("/api/eager/")


@scenario()
def one_row_of_an_api() -> object:
    """One row of an API."""
    return _get(f"/api/books/{Book.objects.get(title='Book 1').pk}/")


@scenario(
    finds(
        "Book",
        "author__country",
        origin="admin.py:BookAdmin",
        trigger="admin.py:column",
        place="BookAdmin.list_select_related",
    )
)
def admin_column() -> object:
    """A column of the admin that is a method."""
    return _admin("/admin/library/book/")


@scenario(
    finds("Author", "publisher__country", origin="admin.py:AuthorAdmin", trigger="admin.py:AuthorAdmin")
)
def admin_path() -> object:
    """A column of the admin that is a path."""
    return _admin("/admin/library/author/")


@scenario(
    finds(
        "Edition",
        "book__author",
        origin="admin.py:own queryset",
        trigger="admin.py:edition column",
        place="EditionAdmin.get_queryset",
    )
)
def admin_queryset() -> object:
    """A queryset of the admin that its class builds."""
    return _admin("/admin/library/edition/")
