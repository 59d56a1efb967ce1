"""Querysets that load something already."""

from django.db.models import Prefetch

from tests.library.models import Author, Book
from tests.scenarios.corpus import Fix, finds, scenario


@scenario(finds("Author", "books__reviews"), databases=True)
def counts_of_prefetched_rows(fix: Fix) -> object:
    """A number behind many rows has no row to stand in: the rows that are counted are loaded."""
    authors = fix(Author.objects.prefetch_related("books").order_by("pk"))  # origin
    return [book.reviews.count() for author in authors for book in author.books.all()]  # trigger


@scenario(finds("Book", "author__books"), databases=True)
def counts_behind_a_foreign_key() -> object:
    """A number behind one row stands in the row in front of it."""
    books = Book.objects.select_related("author").order_by("pk")  # origin
    return [book.author.books.count() for book in books]  # trigger


@scenario(finds("Author", "books__publisher"), databases=True)
def rows_of_a_prefetch(fix: Fix) -> object:
    """What follows a Prefetch that chooses its rows is loaded behind these."""
    chosen = Prefetch("books", queryset=Book.objects.order_by("-pk"))
    authors = fix(Author.objects.prefetch_related(chosen).order_by("pk"))  # origin
    return [str(book.publisher) for author in authors for book in author.books.all()]  # trigger


@scenario(finds("Book", "publisher"), databases=True)
def rows_of_a_prefetched_list(fix: Fix) -> object:
    """No relation leads to a list of its own: the queryset that chose its rows is to change."""
    rows = fix(Book.objects.order_by("-pk"))  # origin
    authors = Author.objects.prefetch_related(Prefetch("books", queryset=rows, to_attr="newest")).order_by(
        "pk"
    )
    return [str(book.publisher) for author in authors for book in author.__dict__["newest"]]  # trigger


@scenario(finds("Book", "author"), databases=True)
def join_beside_only(fix: Fix) -> object:
    """A join beside only() keeps what only() left, and loads the key with it."""
    books = fix(Book.objects.only("title", "author").order_by("pk"))  # origin
    return [(book.title, book.author.name) for book in books]  # trigger


@scenario(finds("Book", "author"), databases=True)
def join_beside_joined_columns(fix: Fix) -> object:
    """Columns of one join are named; those of another are all loaded."""
    columns = ("title", "author", "publisher__country")
    books = fix(Book.objects.select_related("publisher").only(*columns).order_by("pk"))  # origin
    return [(book.author.name, book.publisher_id) for book in books]  # trigger


@scenario(finds("Book", "author"), databases=True)
def join_beside_defer(fix: Fix) -> object:
    """A join beside defer() leaves out what defer() names."""
    books = fix(Book.objects.defer("text", "author__name").order_by("pk"))  # origin
    return [book.author.pk for book in books]  # trigger


@scenario(finds("Book", "author"), databases=True)
def join_beside_a_chain_of_joins(fix: Fix) -> object:
    """Joins that are there stay."""
    books = fix(Book.objects.select_related("publisher__country").order_by("pk"))  # origin
    return [(book.author.name, str(book.publisher)) for book in books]  # trigger
