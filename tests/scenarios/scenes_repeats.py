"""The same question asked twice."""

from typing import Any

from django.db import connection
from django.db.models import Count
from django.template.loader import render_to_string
from django.test import Client

from tests.library.models import Author, Book, Country, Tag
from tests.scenarios.corpus import finds, finds_loop, finds_repeat, scenario


def _book(number: int) -> Any:
    return Book.objects.get(title=f"Book {number}")  # helper


@scenario(finds_repeat("Book", origin="first", trigger="again"), databases=True)
def get_on_two_lines() -> object:
    """One row, asked for on two lines."""
    one = Book.objects.get(title="Book 1")  # first
    other = Book.objects.get(title="Book 1")  # again
    return [one, other]


@scenario(finds_repeat("Book", origin="helper", trigger="helper"))
def helper_for_the_same_row() -> object:
    """One helper, called twice for one row."""
    one = _book(1)
    other = _book(1)
    return [one, other]


@scenario(finds_repeat("Book", origin="helper", trigger="again"))
def helper_and_a_line() -> object:
    """The trigger is the line of the repeat."""
    return [_book(1), Book.objects.get(title="Book 1")]  # again


def _countries() -> list[str]:
    return [author.country.name for author in Author.objects.order_by("pk")]  # both


@scenario(
    finds("Author", "country", origin="both", trigger="both"),
    finds_repeat("Author", origin="both", trigger="both"),
)
def list_with_an_n_plus_one_read_twice() -> object:
    """A list that is loaded twice is one cause, what each of its rows loads is another."""
    first = _countries()
    return [first, _countries()]


@scenario(finds_repeat("Book", trigger="again"))
def queryset_evaluated_twice() -> object:
    """A queryset that is copied is run again; where it was built is the origin."""
    books = Book.objects.order_by("pk")  # origin
    first = list(books.all())
    return [first, list(books.all())]  # again


@scenario(finds_repeat("Book", trigger="again", count=4))
def queryset_with_prefetches_evaluated_twice() -> object:
    """What it prefetches belongs to it."""
    books = Book.objects.prefetch_related("tags").order_by("pk")  # origin
    first = list(books.all())
    return [first, list(books.all())]  # again


@scenario(finds_repeat("Book", trigger="again"))
def index_of_a_queryset() -> object:
    """An index of a queryset that was not evaluated is a query."""
    books = Book.objects.order_by("pk")  # origin
    title = books[0].title
    return title, books[0].text  # again


@scenario(finds_repeat("Tag", trigger="again"), databases=True)
def count_twice() -> object:
    """A number that nothing changed."""
    tags = Tag.objects.filter(name__startswith="Tag")  # origin
    first = tags.count()
    return first, tags.count()  # again


@scenario(finds_repeat("Tag", origin="first", trigger="again"))
def exists_twice() -> object:
    """A test that nothing changed."""
    first = Tag.objects.filter(name="Tag 1").exists()  # first
    return first and Tag.objects.filter(name="Tag 1").exists()  # again


@scenario(finds_repeat("Book", origin="first", trigger="again"))
def aggregate_twice() -> object:
    """Numbers that nothing changed."""
    first = Book.objects.aggregate(total=Count("pk"))  # first
    return first, Book.objects.aggregate(total=Count("pk"))  # again


@scenario(finds_repeat("Author", "books", origin="first", trigger="again"), databases=True)
def relation_read_twice() -> object:
    """One row that reads a relation again; the path is the relation."""
    author = Author.objects.get(name="Author 0")
    first = [book.title for book in author.books.all()]  # first
    return first, [book.title for book in author.books.all()]  # again


@scenario(finds_repeat("Author", "books", origin="loop", trigger="loop"))
def relation_read_in_a_loop() -> object:
    """One row's relation, read for each name."""
    author = Author.objects.get(name="Author 0")
    return [name for name in ("Book 0", "Book 1", "Book 4") if author.books.count() > len(name)]  # loop


@scenario(finds_repeat("Author", "books", origin="first", trigger="again"))
def relation_counted_twice() -> object:
    """One row that counts a relation again."""
    author = Author.objects.get(name="Author 0")
    first = author.books.count()  # first
    return first, author.books.count()  # again


@scenario(finds_repeat("Book", origin="first", trigger="again"))
def refreshed_twice() -> object:
    """Nothing was written since."""
    book = Book.objects.get(title="Book 1")
    book.refresh_from_db()  # first
    book.refresh_from_db()  # again
    return book.title


@scenario(finds_repeat(origin="first", trigger="again"), databases=True)
def raw_cursor_twice() -> object:
    """SQL that somebody wrote has no model."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM library_book WHERE title = %s", ["Book 1"])  # first
        first = cursor.fetchall()
        cursor.execute("SELECT id FROM library_book WHERE title = %s", ["Book 1"])  # again
        return first, cursor.fetchall()


@scenario(finds_repeat("Country", origin="first", trigger="again"))
def write_to_another_table() -> object:
    """What was written has nothing to do with it."""
    first = Country.objects.count()  # first
    Tag.objects.create(name="Another")
    return first, Country.objects.count()  # again


@scenario(finds_repeat("Tag", origin="built", trigger="again"))
def in_a_template() -> object:
    """Two lines of a template."""
    tags = Tag.objects.all()  # built
    first = tags.count()
    return first, render_to_string("library/quiet.html", {"books": []}), tags.count()  # again


@scenario(finds_repeat("Book", origin="views.py:loaded", trigger="views.py:again"))
def in_one_request() -> object:
    """A view that loads a row in two of its functions."""
    return Client().get("/books/twice/").content


@scenario(finds_loop("Tag"))
def polling() -> object:
    """The same question in a loop is a loop, whatever the answer is."""
    found = 0
    while found < 9:
        found += Tag.objects.count()  # origin, trigger
    return found
