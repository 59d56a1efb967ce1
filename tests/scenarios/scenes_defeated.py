"""Rows that were prefetched, and calls on their manager that ask the database again."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Avg, Prefetch, prefetch_related_objects
from django.template.loader import render_to_string

from tests.library.models import Author, Book, Category, Member, Note, Printer, Tag
from tests.scenarios.corpus import finds, finds_defeated, finds_loop, scenario


@scenario(finds_defeated("Author", "books", count=4), databases=True)
def filtered() -> object:
    """Some of the rows."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [list(author.books.filter(title__endswith="1")) for author in authors]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def excluded() -> object:
    """All but some."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [list(author.books.exclude(language=None)) for author in authors]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def ordered() -> object:
    """All of them in another order."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [list(author.books.order_by("-pk")) for author in authors]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def sliced() -> object:
    """The two with the highest keys."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [list(author.books.order_by("-pk")[:2]) for author in authors]  # trigger


@scenario(finds_defeated("Author", "books", count=4), databases=True)
def first() -> object:
    """Where the model has no order, the first row is that with the lowest key, which the database looks for."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [author.books.first() for author in authors]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def last() -> object:
    """The last row is that with the highest one."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [author.books.last() for author in authors]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def latest() -> object:
    """The latest row."""
    authors = Author.objects.filter(books__isnull=False).prefetch_related("books").distinct()  # origin
    return [author.books.latest("pk") for author in authors]  # trigger


@scenario(finds_defeated("Book", "reviews", count=6))
def got() -> object:
    """One row by a condition."""
    books = Book.objects.prefetch_related("reviews").order_by("pk")  # origin
    return [book.reviews.get(stars=1) for book in books]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def filtered_count() -> object:
    """A count of some rows; that of all of them would answer from the cache."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [author.books.filter(language=None).count() for author in authors]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def filtered_existence() -> object:
    """Whether some row exists."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [author.books.filter(language=None).exists() for author in authors]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def values() -> object:
    """Columns of the rows."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [list(author.books.values_list("title", flat=True)) for author in authors]  # trigger


@scenario(finds_defeated("Book", "reviews", count=6), databases=True)
def aggregate() -> object:
    """A mean of the rows."""
    books = Book.objects.prefetch_related("reviews").order_by("pk")  # origin
    return [book.reviews.aggregate(mean=Avg("stars"))["mean"] for book in books]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def iterated() -> object:
    """An iterator reads past the cache."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [list(author.books.iterator()) for author in authors]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def joined() -> object:
    """Rows with a join are other rows."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [list(author.books.select_related("publisher")) for author in authors]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def copied() -> object:
    """A second all() makes a new queryset."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [list(author.books.all().all()) for author in authors]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def method_of_the_manager() -> object:
    """A method of the queryset class is not the line that asks."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return [list(author.books.by_title()) for author in authors]  # trigger


@scenario(finds_defeated("Book", "tags", count=6), databases=True)
def many_to_many() -> object:
    """Rows of a many-to-many relation."""
    books = Book.objects.prefetch_related("tags").order_by("pk")  # origin
    return [list(book.tags.filter(name="Tag 1")) for book in books]  # trigger


@scenario(finds_defeated("Tag", "books", count=3), databases=True)
def many_to_many_from_the_other_side() -> object:
    """And from its other side."""
    tags = Tag.objects.prefetch_related("books").order_by("pk")  # origin
    return [list(tag.books.filter(title="Book 1")) for tag in tags]  # trigger


@scenario(finds_defeated("Member", "followers", count=4))
def relation_to_itself() -> object:
    """And of one that leads to the model itself."""
    members = Member.objects.prefetch_related("followers").order_by("pk")  # origin
    return [list(member.followers.filter(name="Member 1")) for member in members]  # trigger


@scenario(finds_defeated("Book", "notes", count=6), databases=True)
def generic_relation() -> object:
    """Rows of a generic relation, whose manager gives no hint of its instance."""
    books = Book.objects.prefetch_related("notes").order_by("pk")  # origin
    return [list(book.notes.filter(text="Note on Book 1")) for book in books]  # trigger


@scenario(finds_defeated("Book", "notes", count=6))
def generic_relation_with_a_queryset() -> object:
    """The same by a Prefetch."""
    notes = Prefetch("notes", Note.objects.order_by("pk"))
    books = Book.objects.prefetch_related(notes).order_by("pk")  # origin
    return [list(book.notes.filter(text="Note on Book 1")) for book in books]  # trigger


@scenario(finds_defeated("Book", "tags", count=6), databases=True)
def prefetch_with_a_queryset() -> object:
    """Querysets of one Prefetch share their hints, and belong to different rows all the same."""
    tags = Prefetch("tags", Tag.objects.order_by("name"))
    books = Book.objects.prefetch_related(tags).order_by("pk")  # origin
    return [list(book.tags.filter(name="Tag 1")) for book in books]  # trigger


@scenario(finds_defeated("Printer", "editions", count=2))
def key_by_another_column() -> object:
    """A key may lead to another column."""
    printers = Printer.objects.prefetch_related("editions").order_by("pk")  # origin
    return [printer.editions.filter(book__title="Book 1").count() for printer in printers]  # trigger


@scenario(finds_defeated("Author", "books__reviews", count=6), databases=True)
def nested() -> object:
    """The path leads from the queryset that prefetched both levels."""
    authors = Author.objects.prefetch_related("books__reviews").order_by("pk")  # origin
    books = [book for author in authors for book in author.books.all()]
    return [list(book.reviews.filter(stars=1)) for book in books]  # trigger


@scenario(finds_defeated("Category", "children", count=2))
def two_rows() -> object:
    """Two rows are the least that shows a pattern."""
    tops = Category.objects.filter(parent=None).prefetch_related("children")  # origin
    return [list(top.children.order_by("-pk")) for top in tops]  # trigger


@scenario(finds_defeated("Author", "books"))
def prefetched_by_hand() -> object:
    """Rows that were prefetched after they were loaded."""
    authors = list(Author.objects.order_by("pk"))  # origin
    prefetch_related_objects(authors, "books")
    return [author.books.first() for author in authors]  # trigger


@scenario(finds_defeated("Author", "books", count=4))
def chunks() -> object:
    """Each page prefetches for its own rows, and all come from one queryset."""
    pages = Paginator(Author.objects.prefetch_related("books").order_by("pk"), 2)  # origin
    return [author.books.first() for page in pages for author in page]  # trigger


@scenario(finds_defeated("Author", "books", trigger="first.html:trigger"))
def in_a_template() -> object:
    """A template cannot filter, but ask for the first."""
    authors = Author.objects.prefetch_related("books").order_by("pk")  # origin
    return render_to_string("library/first.html", {"authors": authors})


@scenario(
    finds_defeated("Author", "books", trigger="outer"), finds("Author", "books__publisher", trigger="inner")
)
def relation_behind_the_rows() -> object:
    """What the new rows load is a cause of its own."""
    names: list[str] = []
    for author in Author.objects.prefetch_related("books").order_by("pk"):  # origin
        for book in author.books.filter(title__startswith="Book"):  # outer
            names += [str(book.publisher)]  # inner
    return names


@scenario(finds_defeated("Author", "books", trigger="one"), finds_defeated("Author", "books", trigger="two"))
def two_lines() -> object:
    """Two lines are two calls to change."""
    found: list[Any] = []
    for author in Author.objects.prefetch_related("books").order_by("pk"):  # origin
        found += author.books.filter(language=None)  # one
        found += author.books.order_by("-pk")  # two
    return found


@scenario(finds("Book", "tags"))
def list_of_its_own() -> object:
    """A to_attr leaves the manager as it was."""
    books = Book.objects.prefetch_related(Prefetch("tags", to_attr="all_tags")).order_by("pk")  # origin
    return [list(book.tags.filter(name="Tag 1")) for book in books]  # trigger


@scenario(finds("Book", "reviews"))
def another_relation() -> object:
    """What was prefetched is another relation."""
    books = Book.objects.prefetch_related("tags").order_by("pk")  # origin
    return [list(book.reviews.filter(stars=1)) for book in books]  # trigger


@scenario(finds_loop("Book"))
def one_row_again_and_again() -> object:
    """One row that asks in a loop is a loop."""
    author = Author.objects.prefetch_related("books").get(name="Author 1")
    return [list(author.books.filter(title=f"Book {n}")) for n in range(3)]  # origin, trigger


@scenario()
def one_row() -> object:
    """One row may ask once."""
    author = Author.objects.prefetch_related("books").get(name="Author 1")
    return list(author.books.filter(title="Book 1"))


@scenario()
def answers_from_the_cache() -> object:
    """These calls answer from the rows that are there."""
    authors = Author.objects.prefetch_related("books").order_by("pk")
    return [
        (
            author.books.count(),
            author.books.exists(),
            author.books.all()[:1],
            author.books.all()[0:2],
            [book.title for book in author.books.all()],
        )
        for author in authors
    ]


@scenario()
def rows_of_a_list_of_its_own() -> object:
    """A filtered list that was loaded as one."""
    chosen = Prefetch("books", Book.objects.filter(language=None), to_attr="foreign")
    return [author.foreign for author in Author.objects.prefetch_related(chosen)]


@scenario()
def chosen_in_python() -> object:
    """The rows that are there, chosen and sorted in Python."""
    authors = Author.objects.prefetch_related("books").order_by("pk")
    return [
        sorted((book for book in author.books.all() if book.language_id is None), key=lambda book: book.pk)
        for author in authors
    ]
