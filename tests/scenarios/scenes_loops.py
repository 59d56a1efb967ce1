"""The same SELECT again and again, which no row asked for."""

from typing import Any

from django.db import connection
from django.forms import Form, ModelChoiceField, formset_factory
from django.template.loader import render_to_string

from tests.library.forms import TagFormSet
from tests.library.models import Author, Book, Country, Language, Tag
from tests.scenarios.corpus import finds, finds_loop, scenario

TITLES = ("Book 0", "Book 1", "Book 2")


def _book(title: str) -> Any:
    return Book.objects.get(title=title)  # helper


@scenario(finds_loop("Book"), databases=True)
def get() -> object:
    """One row by its title, for each title."""
    return [Book.objects.get(title=title) for title in TITLES]  # origin, trigger


@scenario(finds_loop("Book", origin="helper", trigger="helper"))
def get_in_a_helper() -> object:
    """The line of the helper is both."""
    return [_book(title) for title in TITLES]


def _rows(books: Any) -> list[Any]:
    return list(books)  # evaluated


@scenario(finds_loop("Book", origin="origin", trigger="evaluated"))
def querysets_for_one_helper() -> object:
    """A helper that evaluates what three lines of one function build is one cause."""
    found: list[Any] = []
    for title in TITLES:
        found += _rows(Book.objects.filter(title=title))  # origin
        found += _rows(Book.objects.filter(title=title))
        found += _rows(Book.objects.filter(title=title))
    return found


@scenario(finds_loop("Book"))
def get_in_a_while_loop() -> object:
    """Any loop is one."""
    found: list[Any] = []
    while len(found) < 4:
        found.append(Book.objects.get(title=f"Book {len(found)}"))  # origin, trigger
    return found


@scenario(finds_loop("Book"), finds("Book", "author", origin="origin", trigger="relation"))
def get_and_a_relation() -> object:
    """The rows of one loop are the root of what they load."""
    books = [Book.objects.get(title=title) for title in TITLES]  # origin, trigger
    return [book.author.name for book in books]  # relation


@scenario(finds_loop("Book"))
def first() -> object:
    """The first row of each filter."""
    return [Book.objects.filter(title=title).first() for title in TITLES]  # origin, trigger


@scenario(finds_loop("Book", origin="built"))
def first_of_a_queryset_built_before() -> object:
    """The queryset may be built on another line."""
    found = []
    for title in TITLES:
        books = Book.objects.filter(title=title)  # built
        found.append(books.first())  # trigger
    return found


@scenario(finds_loop("Book"))
def exists() -> object:
    """A test per title."""
    return [Book.objects.filter(title=title).exists() for title in TITLES]  # origin, trigger


@scenario(finds_loop("Book"))
def count() -> object:
    """A count per author, by hand."""
    authors = list(Author.objects.all())
    return [Book.objects.filter(author=author).count() for author in authors]  # origin, trigger


@scenario(finds_loop("Book"), databases=True)
def count_of_a_few_states() -> object:
    """The list is one condition of all rows, and no chunk of keys."""
    authors, two = list(Author.objects.all()), TITLES[:2]
    return [Book.objects.filter(author=one, title__in=two).count() for one in authors]  # origin, trigger


@scenario(finds_loop("Book"))
def exists_outside_of_a_few_states() -> object:
    """So is a list that the rows must not be in."""
    authors = list(Author.objects.all())
    return [
        Book.objects.filter(author=author).exclude(title__in=TITLES[:2]).exists()  # origin, trigger
        for author in authors
    ]


@scenario(finds_loop("Book"))
def small_batches() -> object:
    """Lists that overlap are no chunks of one list."""
    keys = list(Book.objects.values_list("pk", flat=True))
    found: list[Any] = []
    for start in range(3):
        found += Book.objects.filter(pk__in=keys[start : start + 3])  # origin, trigger
    return found


@scenario(finds_loop(), databases=True)
def raw_cursor() -> object:
    """SQL that somebody wrote has no model."""
    found = []
    with connection.cursor() as cursor:
        for title in TITLES:
            cursor.execute("SELECT id FROM library_book WHERE title = %s", [title])  # origin, trigger
            found += cursor.fetchall()
    return found


@scenario(finds_loop("Book"))
def raw_queryset() -> object:
    """A raw queryset per title."""
    sql = "SELECT * FROM library_book WHERE title = %s"
    return [list(Book.objects.raw(sql, [title])) for title in TITLES]  # origin, trigger


@scenario(finds_loop("Book"))
def refresh() -> object:
    """Rows that are loaded again, one by one."""
    books = list(Book.objects.order_by("pk"))
    for book in books:
        book.refresh_from_db()  # origin, trigger
    return books


@scenario(finds_loop("Book", origin="one", trigger="one"), finds_loop("Author", origin="two", trigger="two"))
def two_statements_in_one_loop() -> object:
    """Each statement of a loop is a finding of its own."""
    found = []
    for number in range(3):
        book = Book.objects.get(title=f"Book {number}")  # one
        author = Author.objects.get(name=f"Author {number}")  # two
        found.append((book, author))
    return found


@scenario(finds_loop("Book"))
def through_a_manager_method() -> object:
    """A method of the manager is not the line to change."""
    return [list(Book.objects.filter(title=title).by_title()) for title in TITLES]  # origin, trigger


@scenario(finds_loop("Tag"), databases=True)
def choices_of_a_formset() -> object:
    """Each form of a formset loads its choices."""
    return str(TagFormSet())  # origin, trigger


@scenario(finds_loop("Book", origin="choices"), databases=True)
def choices_of_a_relation_in_a_formset() -> object:
    """So they do where the choices are what a relation of one row leads to."""
    author = Author.objects.get(name="Author 1")

    class BookForm(Form):
        """Choose a book of one author."""

        book = ModelChoiceField(queryset=author.books.all())  # choices

    return str(formset_factory(BookForm, extra=3)())  # trigger


@scenario(finds_loop("Country", origin="inner", trigger="inner"))
def recursion_with_a_loop() -> object:
    """The innermost loop is one at every depth."""
    return _visit(1)


def _visit(depth: int) -> list[Any]:
    if depth == 0:
        return []
    names = [f"Country {n}" for n in range(3)]
    return [Country.objects.get(name=name) for name in names] + _visit(depth - 1)  # inner


@scenario()
def twice() -> object:
    """Two repeats are below the threshold."""
    return [Book.objects.get(title=title) for title in TITLES[:2]]


@scenario()
def three_lines() -> object:
    """Three lines are no loop."""
    one = Book.objects.get(title="Book 0")
    two = Book.objects.get(title="Book 1")
    return [one, two, Book.objects.get(title="Book 2")]


@scenario()
def helper_from_three_lines() -> object:
    """Nor is a helper that three lines call."""
    one = _book("Book 0")
    two = _book("Book 1")
    return [one, two, _book("Book 2")]


@scenario()
def recursion() -> object:
    """A function that calls itself is at another depth each time."""
    return _descend(4)


def _descend(depth: int) -> list[Any]:
    row = Book.objects.get(title=f"Book {depth}")
    return [row, *(_descend(depth - 1) if depth else [])]


@scenario()
def different_statements() -> object:
    """One line may run statements of different shapes."""
    models: tuple[Any, ...] = (Author, Book, Country, Language, Tag)
    return [model.objects.count() for model in models]


@scenario()
def template_of_different_tags() -> object:
    """One template, three rows of three querysets."""
    rows = [Book.objects.filter(title=title) for title in TITLES]
    return render_to_string("library/list.html", {"books": rows[0]})
