"""What is written where no plan can load a path."""

from collections.abc import Callable

import pytest
from django.db.models import CharField
from django.db.models.functions import Length
from django.test.utils import register_lookup

import quell
from tests.library.models import Author, Book
from tests.scenarios import scenes_apart, scenes_paths

pytestmark = [pytest.mark.usefixtures("library"), pytest.mark.django_db(databases=["default", "other"])]


def test_generic_key_to_unlike_models_is_loaded_by_model() -> None:
    """Only the models that have the relation load it: a plain lookup would raise for the others."""
    with quell.watch() as watch:
        scenes_paths.behind_generic_keys_to_unlike_models()

    found = {finding.path: finding for finding in watch.findings}
    assert found["content_object__editor"].plan is None
    assert found["content_object__editor"].suggestion == (
        '.prefetch_related(GenericPrefetch("content_object", [Book.objects.select_related("editor")]))'
    )


def test_filtered_relation_is_joined_beyond() -> None:
    """Django prefetches nothing through one, so the suggestion is a join."""
    with quell.watch() as watch:
        scenes_paths.behind_a_filtered_relation()

    (finding,) = watch.findings
    assert finding.plan is None
    assert finding.suggestion == '.select_related("liked__country")'


def test_union_takes_no_columns() -> None:
    """Where the rows of a union are counted by a condition, a list is prefetched for them."""
    authors = Author.objects.filter(pk__gt=0).union(Author.objects.filter(pk__lt=0))
    with quell.watch() as watch:
        [author.books.filter(title="Book 1").exists() for author in authors]

    (finding,) = watch.findings
    assert finding.suggestion == (
        '.prefetch_related(Prefetch("books", queryset=Book.objects.filter(title="Book 1"), to_attr="chosen_books"))'
    )


def test_way_from_a_union_is_prefetched() -> None:
    """What leads to the relation is joined to no union either."""
    books = Book.objects.filter(pk__gt=0).union(Book.objects.filter(pk__lt=0))
    with quell.watch() as watch:
        [book.author.books.filter(title="Book 1").count() for book in books]

    (finding,) = watch.findings
    assert finding.suggestion.startswith(
        '.prefetch_related("author").prefetch_related(Prefetch("author__books"'
    )


def test_columns_that_one_queryset_leaves_out_are_named_together() -> None:
    """The last only() counts: two of them would take turns."""
    with quell.watch() as watch:
        [(book.title, book.text, book.publisher_id) for book in Book.objects.only("language")]

    assert {finding.suggestion for finding in watch.findings} == {
        '.only("language", "publisher_id", "text", "title")'
    }


def test_columns_that_two_querysets_leave_out_are_apart() -> None:
    """Each queryset has an only() of its own."""
    with quell.watch() as watch:
        [book.title for book in Book.objects.only("language")]
        [book.text for book in Book.objects.only("title")]

    assert {finding.suggestion for finding in watch.findings} == {
        '.only("language", "title")',
        '.only("text", "title")',
    }


@pytest.mark.parametrize(
    ("scene", "widget", "method"),
    [
        (scenes_apart.labels_of_raw_keys, "ForeignKeyRawIdWidget", "label_and_url_for_value"),
        (scenes_apart.labels_of_fields_that_complete, "AutocompleteSelect", "optgroups"),
    ],
)
def test_label_of_an_admin_widget_is_a_matter_of_the_widget(
    scene: Callable[[], object], widget: str, method: str
) -> None:
    """No queryset of the project's leads to it, and its choices are no list."""
    with quell.watch() as watch:
        scene()

    (finding,) = watch.findings
    assert finding.suggestion == (
        f'a subclass of {widget} for "user" whose {method}() finds the row in one User.objects.in_bulk() for all forms'
    )


def test_two_querysets_of_a_function_are_two_causes() -> None:
    """One fingerprint for both would let a baseline hide the second."""
    with quell.watch() as watch:
        [str(book.author) for book in Book.objects.filter(title__lt="Book 3")]
        [str(book.author) for book in Book.objects.filter(title__gte="Book 3")]

    assert len({finding.fingerprint for finding in watch.findings}) == 2


def test_two_calls_on_one_queryset_are_two_causes() -> None:
    """So are two lines that each ask the rows of one queryset."""
    authors = list(Author.objects.all())
    with quell.watch() as watch:
        rows = list(Author.objects.filter(pk__in=[author.pk for author in authors]))
        [author.books.count() for author in rows]
        [author.books.filter(title="Book 1").count() for author in rows]

    assert [finding.path for finding in watch.findings] == ["books", "books"]
    assert len({finding.fingerprint for finding in watch.findings}) == 2


def test_columns_behind_a_relation_are_prefetched_with_it() -> None:
    """Whoever reads them from the rows would load that relation next."""
    authors = Author.objects.order_by("pk")
    with quell.watch() as watch:
        [list(author.books.values_list("title", "publisher__name")) for author in authors]

    (finding,) = watch.findings
    assert finding.suggestion == '.prefetch_related("books__publisher")'


def test_columns_behind_two_relations_are_not_one_path() -> None:
    """One path leads to one of them only."""
    authors = Author.objects.order_by("pk")
    with quell.watch() as watch:
        [list(author.books.values("language__name", "publisher__name")) for author in authors]

    (finding,) = watch.findings
    assert finding.suggestion == '.prefetch_related("books")'


def test_part_of_a_column_is_no_path() -> None:
    """A lookup behind a column leads to no row."""
    authors = Author.objects.order_by("pk")
    with register_lookup(CharField, Length), quell.watch() as watch:
        [list(author.books.values_list("title__length")) for author in authors]

    (finding,) = watch.findings
    assert finding.suggestion == '.prefetch_related("books")'
