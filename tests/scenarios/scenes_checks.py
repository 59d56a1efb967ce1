"""What forms and serializers ask the database to check their input."""

from typing import Any

from django import forms
from rest_framework import serializers

from tests.library.models import Author, Book, Review, Tag
from tests.scenarios.corpus import finds_loop, scenario

TagsFormSet = forms.modelformset_factory(Tag, fields=("name",), extra=0)
ReviewsFormSet = forms.modelformset_factory(Review, fields=("book", "stars"), extra=0)


class ReviewInput(serializers.ModelSerializer[Review]):
    """A review of a book."""

    class Meta:
        model = Review
        fields = ("book", "user", "stars")


def _data(rows: list[Any], *names: str) -> dict[str, object]:
    data: dict[str, object] = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows)}
    for number, row in enumerate(rows):
        data |= {f"form-{number}-{name}": getattr(row, name) for name in ("pk", *names)}
        data[f"form-{number}-id"] = row.pk
    return data


@scenario(databases=True)
def rows_of_a_formset() -> object:
    """Each form asks whether its row is there."""
    tags = list(Tag.objects.order_by("pk"))
    formset = TagsFormSet(_data(tags, "name"), queryset=Tag.objects.order_by("pk"))
    return formset.is_valid()


@scenario()
def keys_of_a_formset() -> object:
    """And whether what was chosen is."""
    reviews = list(Review.objects.order_by("pk"))
    data = {
        name.replace("book_id", "book"): value for name, value in _data(reviews, "book_id", "stars").items()
    }
    return ReviewsFormSet(data, queryset=Review.objects.order_by("pk")).is_valid()


@scenario()
def keys_of_a_serializer() -> object:
    """A list of input is checked row by row."""
    rows = list(Review.objects.order_by("pk").values("book", "user", "stars"))
    return ReviewInput(data=rows, many=True).is_valid()


@scenario(finds_loop("Author", origin="trigger"))
def checks_in_a_loop() -> object:
    """A loop of the user's could check less, or all at once."""
    authors = list(Author.objects.order_by("pk")[:3])
    for author in authors:
        book = Book(title="New", text="Text", author=author)
        book.full_clean(exclude=("publisher", "editor", "language"))  # trigger
    return len(authors)
