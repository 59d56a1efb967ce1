"""Relations that lead to one row: foreign keys, one-to-one, parents, generic keys."""

from typing import Any

from tests.library.models import (
    Author,
    Book,
    Category,
    Copy,
    Edition,
    Loan,
    Note,
    Novel,
    Place,
    Profile,
    Restaurant,
)
from tests.scenarios.corpus import Fix, finds, scenario


@scenario(finds("Book", "author", count=6), databases=True)
def foreign_key(fix: Fix) -> object:
    """Each book loads its author."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [book.author.name for book in books]  # trigger


@scenario(finds("Book", "author__country", count=12), databases=True)
def two_hops_on_one_line(fix: Fix) -> object:
    """Each book loads its author, and that author its country: one finding with the whole path."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [book.author.country.name for book in books]  # trigger


@scenario(
    finds("Book", "author", trigger="first hop", count=6),
    finds("Book", "author__country", trigger="second hop", count=6),
)
def two_hops_on_two_lines(fix: Fix) -> object:
    """Each line is a finding of its own; one plan at the origin ends both."""
    names = []
    for book in fix(Book.objects.order_by("pk")):  # origin
        author = book.author  # first hop
        names.append(author.country.name)  # second hop
    return names


@scenario(finds("Copy", "edition__book__author__country"))
def four_hops(fix: Fix) -> object:
    """A path may be long."""
    copies = fix(Copy.objects.order_by("pk"))  # origin
    return [copy.edition.book.author.country.name for copy in copies]  # trigger


@scenario(finds("Book", "editor"))
def second_key_to_one_model(fix: Fix) -> object:
    """The path names the key that was read, not just the model it leads to."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [book.editor.name for book in books if book.editor]  # trigger


@scenario(finds("Book", "author", trigger="both"), finds("Book", "editor", trigger="both"))
def both_keys_on_one_line(fix: Fix) -> object:
    """Two relations of one row are two findings, also on one line."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [(book.author.name, str(book.editor)) for book in books]  # both


@scenario(finds("Author", "publisher", count=3))
def nullable_foreign_key(fix: Fix) -> object:
    """A key that is empty runs no query."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    return [str(author.publisher) for author in authors]  # trigger


@scenario(finds("Book", "language", count=4))
def key_to_a_text_primary_key(fix: Fix) -> object:
    """A primary key may be a text."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [str(book.language) for book in books]  # trigger


@scenario(finds("Edition", "printer"))
def key_by_another_column(fix: Fix) -> object:
    """A key may lead to another unique column than the primary key."""
    editions = fix(Edition.objects.order_by("book"))  # origin
    return [edition.printer.pk for edition in editions]  # trigger


@scenario(finds("Copy", "edition"), databases=True)
def key_to_a_uuid(fix: Fix) -> object:
    """A primary key may be a UUID."""
    copies = fix(Copy.objects.order_by("pk"))  # origin
    return [copy.edition.book_id for copy in copies]  # trigger


@scenario(finds("Loan", "book", count=8), databases=True)
def key_of_a_composite_primary_key(fix: Fix) -> object:
    """Rows with a primary key of two columns are told apart."""
    loans = fix(Loan.objects.order_by("member", "number"))  # origin
    return [loan.book.title for loan in loans]  # trigger


@scenario(finds("Profile", "author", count=3))
def one_to_one(fix: Fix) -> object:
    """Each profile loads its author."""
    profiles = fix(Profile.objects.order_by("pk"))  # origin
    return [profile.author.name for profile in profiles]  # trigger


@scenario(finds("Author", "profile", count=4), databases=True)
def one_to_one_from_the_other_side(fix: Fix) -> object:
    """A profile that is missing was asked for as well."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    return [author.profile.text if hasattr(author, "profile") else "" for author in authors]  # trigger


@scenario(finds("Category", "parent", count=12))
def parent_in_a_tree(fix: Fix) -> object:
    """A relation to the same model is one like any other."""
    nodes = fix(Category.objects.order_by("pk"))  # origin
    return [node.parent.name for node in nodes if node.parent]  # trigger


@scenario(finds("Novel", "author"))
def proxy(fix: Fix) -> object:
    """The root is the proxy, as its queryset is to change."""
    novels = fix(Novel.objects.order_by("pk"))  # origin
    return [novel.author.name for novel in novels]  # trigger


@scenario(finds("Restaurant", "country"), databases=True)
def key_of_a_parent_table(fix: Fix) -> object:
    """A key that the parent model has is a path of the child."""
    restaurants = fix(Restaurant.objects.order_by("pk"))  # origin
    return [restaurant.country.name for restaurant in restaurants]  # trigger


@scenario(finds("Place", "restaurant"))
def child_of_a_parent_row(fix: Fix) -> object:
    """From place to restaurant it is a one-to-one relation."""
    places = fix(Place.objects.order_by("pk"))  # origin
    return [place.restaurant.host_id for place in places]  # trigger


@scenario()
def parent_row_of_a_child() -> object:
    """The row of the parent is part of the child's own query."""
    restaurants: Any = Restaurant.objects.all()
    return [restaurant.place_ptr.name for restaurant in restaurants]


@scenario(finds("Note", "content_object", count=5), databases=True)
def generic_key(fix: Fix) -> object:
    """Each note loads what it is about."""
    notes = fix(Note.objects.order_by("pk"))  # origin
    return [str(note.content_object) for note in notes]  # trigger


@scenario()
def joined_key() -> object:
    """What is joined is there."""
    return [book.author.country.name for book in Book.objects.select_related("author__country")]


@scenario()
def empty_keys() -> object:
    """A key without a value loads nothing."""
    return [book.language for book in Book.objects.filter(language=None)]
