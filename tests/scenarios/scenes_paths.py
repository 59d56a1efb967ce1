"""Rows that a path reaches by an unusual way."""

import copy
from typing import Any

from django.db import transaction
from django.db.models import FilteredRelation, Prefetch, Q
from django.db.models.signals import pre_delete
from django.dispatch import Signal
from django.template import Context, Template

from tests.library.models import Author, Book, Loan, Note, Place, Restaurant, Tag
from tests.scenarios.corpus import Fix, finds, finds_loop, scenario

shown = Signal()
LIKES = Q(author__name__startswith="Author")


def _keep_country(sender: object, instance: Any, **_: object) -> None:
    instance.kept = instance.author.country.name  # before


def _keep_name(sender: object, instance: Any, **_: object) -> None:
    instance.kept = instance.author.name  # receiver


@scenario(finds("Restaurant", "place_ptr__country"), databases=True)
def key_of_the_row_of_a_parent(fix: Fix) -> object:
    """Django makes the parent's row from the child's, which has a queryset."""
    restaurants = fix(Restaurant.objects.order_by("pk"))  # origin
    return [restaurant.place_ptr.country.name for restaurant in restaurants]  # trigger


@scenario(finds("Place", "restaurant__host"))
def key_of_a_child(fix: Fix) -> object:
    """From the parent the child is a relation, and its key the next hop."""
    places = fix(Place.objects.order_by("pk"))  # origin
    return [place.restaurant.host.name for place in places]  # trigger


@scenario(finds("Note", "content_object__publisher", count=9), databases=True)
def behind_generic_keys(fix: Fix) -> object:
    """What all models behind a generic key have, one plan loads."""
    notes = fix(Note.objects.order_by("pk"))  # origin
    return [str(note.content_object.publisher) for note in notes]  # trigger


@scenario(
    finds("Note", "content_object", trigger="key"),
    finds("Note", "content_object__editor", trigger="editor"),
    finds("Note", "content_object__profile", trigger="profile"),
)
def behind_generic_keys_to_unlike_models() -> object:
    """What only some of them have is loaded for those, with the key."""
    found = []
    for note in Note.objects.order_by("pk"):  # origin
        row: Any = note.content_object  # key
        if isinstance(row, Book):
            found.append(str(row.editor))  # editor
        else:
            found.append(row.profile.text)  # profile
    return found


@scenario(finds("Book", "liked__country", count=6))
def behind_a_filtered_relation() -> object:
    """A FilteredRelation is no relation of the model, but can be joined beyond."""
    liked = FilteredRelation("author", condition=LIKES)
    rows: Any = Book.objects
    books = rows.annotate(liked=liked).select_related("liked").order_by("pk")  # origin
    return [book.liked.country.name for book in books]  # trigger


@scenario(finds("Book", "liked__books", count=6))
def many_rows_behind_a_filtered_relation() -> object:
    """Django prefetches nothing beside one, but by hand."""
    liked = FilteredRelation("author", condition=LIKES)
    rows: Any = Book.objects
    books = rows.annotate(liked=liked).select_related("liked").order_by("pk")  # origin
    return [book.liked.books.count() for book in books]  # trigger


@scenario(finds("Author", "all_books__publisher", count=6))
def behind_a_list_without_a_queryset() -> object:
    """A prefetch goes on through a list of its own."""
    chosen = Prefetch("books", to_attr="all_books")
    authors = Author.objects.prefetch_related(chosen).order_by("pk")  # origin
    return [str(book.publisher) for author in authors for book in author.all_books]  # trigger


@scenario(finds("Book", "author", count=6, trigger="receiver"))
def receiver_of_a_signal(fix: Fix) -> object:
    """A receiver loads a relation of each row that is sent to it."""
    books = fix(Book.objects.order_by("pk"))  # origin
    shown.connect(_keep_name)
    for book in books:
        shown.send(sender=Book, instance=book)
    return [book.kept for book in books]


@scenario(finds("Tag", "books", count=2))
def rows_of_get_or_create() -> object:
    """Rows that were found, not created, come from the querysets of one loop."""
    tags = [Tag.objects.get_or_create(name=f"Tag {n}")[0] for n in range(2)]  # origin
    return [[book.pk for book in tag.books.all()] for tag in tags]  # trigger


@scenario(finds("Author", "country", origin="trigger", count=3))
def rows_of_bulk_create() -> object:
    """Rows that were created have no queryset; the loop is judged."""
    country = Author.objects.values_list("country", flat=True)[0]
    authors = Author.objects.bulk_create([Author(name=f"New {n}", country_id=country) for n in range(3)])
    return [author.country.name for author in authors]  # trigger


@scenario(finds("Book_tags", "book", count=12), finds("Book_tags", "tag", count=12))
def rows_of_the_table_between(fix: Fix) -> object:
    """The table between has a model, too."""
    links: Any = fix(Book.tags.through.objects.order_by("pk"))  # origin
    return [(link.book.title, link.tag.name) for link in links]  # trigger


@scenario(finds("Book", "author", count=6))
def deeply_copied_rows(fix: Fix) -> object:
    """A deep copy of a row is a row of its queryset."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [copy.deepcopy(book).author.name for book in books]  # trigger


@scenario(finds("Loan", "book", trigger="models.py:loan text"))
def text_of_a_row_in_a_template(fix: Fix) -> object:
    """What a row is as a text is user code, the template only shows it."""
    loans = fix(Loan.objects.order_by("member", "number"))  # origin
    return Template("{% for loan in loans %}{{ loan }} {% endfor %}").render(Context({"loans": loans}))


@scenario(finds("Book", "author__country", count=12), databases=True)
def two_hops_from_raw_sql(fix: Fix) -> object:
    """SQL that somebody wrote takes prefetches only."""
    books = fix(Book.objects.raw("SELECT * FROM library_book ORDER BY id"))  # origin
    return [book.author.country.name for book in books]  # trigger


@scenario(finds("Book", "author__country", count=12, trigger="before"), databases=True)
def receiver_of_a_deletion(fix: Fix) -> object:
    """Nor does delete() take a join."""
    pre_delete.connect(_keep_country, sender=Book)
    try:
        with transaction.atomic():
            found = fix(Book.objects.order_by("pk")).delete()  # origin
            transaction.set_rollback(True)
        return found
    finally:
        pre_delete.disconnect(_keep_country, sender=Book)


@scenario(
    finds("Author", "country", count=4, trigger="earliest"),
    finds_loop("Author", trigger="earliest"),
)
def rows_of_earliest() -> object:
    """One row of each of some querysets of one loop is a row of a list, and the loop itself is another finding."""
    found = []
    for pk in Author.objects.values_list("pk", flat=True):
        authors = Author.objects.filter(pk=pk)  # origin
        found.append(authors.earliest("name").country.name)  # earliest
    return found
