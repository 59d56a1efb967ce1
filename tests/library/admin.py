"""The library in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from tests.library.models import Author, Book, Category, Edition


# Django's own classes take no type argument at run time, here and below.
class EditionInline(admin.TabularInline):  # type: ignore[type-arg]  # EditionInline
    """Editions of a book, with a column that takes another row."""

    model = Edition
    fields = ("printer_name",)
    readonly_fields = ("printer_name",)
    ordering = ("printer",)  # the key is random
    extra = 0

    def printer_name(self, edition: Any) -> str:
        """Return the key of a related row."""
        return str(edition.printer)  # inline column


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # BookAdmin
    """Books, with a column that takes two more rows."""

    list_display = ("title", "country")
    inlines = (EditionInline,)

    def country(self, book: Any) -> str:
        """Return a name."""
        return str(book.author.country)  # column


class AuthorAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # AuthorAdmin
    """Authors, with columns that a path names."""

    list_display = ("name", "publisher__country")


class EditionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Editions, with a queryset of its own."""

    list_display = ("id", "author")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Edition, Edition]":
        """Return editions with their books."""
        return super().get_queryset(request).select_related("book")  # own queryset

    def author(self, edition: Any) -> str:
        """Return a name."""
        return str(edition.book.author)  # edition column


admin.site.register(Author, AuthorAdmin)
admin.site.register(Edition, EditionAdmin)
admin.site.register([Category])  # nodes without a class
