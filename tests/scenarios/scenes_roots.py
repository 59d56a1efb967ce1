"""Where rows come from: every way to evaluate a queryset is a root."""

import copy
import pickle
from typing import Any

from tests.library.forms import BookForm
from tests.library.models import Author, Book, Note, Restaurant
from tests.library.serializers import BookSerializer
from tests.scenarios.corpus import Fix, finds, finds_loop, scenario


@scenario(finds("Book", "author"))
def rows_by_key(fix: Fix) -> object:
    """A map of rows."""
    books = fix(Book.objects.all()).in_bulk()  # origin
    return [books[key].author.name for key in sorted(books)]  # trigger


@scenario(finds("Book", "author"))
def distinct_rows(fix: Fix) -> object:
    """Distinct rows of a join."""
    books = fix(Book.objects.filter(tags__isnull=False).distinct().order_by("pk"))  # origin
    return [book.author.name for book in books]  # trigger


@scenario(finds("Book", "author"))
def annotated_rows(fix: Fix) -> object:
    """Rows with a column more."""
    books = fix(Book.objects.extra(select={"one": "1"}).order_by("pk"))  # origin
    return [book.author.name for book in books]  # trigger


@scenario(finds("Book", "author"))
def rows_by_index(fix: Fix) -> object:
    """Rows of an evaluated queryset, by their places."""
    books = fix(Book.objects.order_by("pk"))  # origin
    count = len(books)
    return [books[place].author.name for place in range(count)]  # trigger


@scenario(finds("Book", "author"), finds_loop("Book"))
def rows_by_index_of_nothing_evaluated() -> object:
    """Each index of a queryset that was not evaluated is a query."""
    books = Book.objects.order_by("pk")  # origin
    return [books[place].author.name for place in range(4)]  # trigger


@scenario(finds("Book", "author"))
def copied_rows(fix: Fix) -> object:
    """A copy of a row is a row of its queryset."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [copy.copy(book).author.name for book in books]  # trigger


@scenario(finds("Book", "author", origin="trigger"))
def pickled_rows() -> object:
    """Rows out of a cache have no queryset: the loop is judged alone."""
    books = pickle.loads(pickle.dumps(list(Book.objects.order_by("pk"))))
    return [book.author.name for book in books]  # trigger


@scenario(finds("Book", "author", count=6), finds("Book", "tags", trigger="twice", count=12))
def relation_read_twice() -> object:
    """A relation that is asked for twice per row is one finding."""
    books = list(Book.objects.order_by("pk"))  # origin
    found: list[Any] = [book.author.name for book in books]  # trigger
    for book in books:
        found += [len(book.tags.all()), [tag.name for tag in book.tags.all()]]  # twice
    return found


@scenario(finds("Restaurant", "name", count=3))
def column_of_a_parent_table() -> object:
    """A column that was left out may be one of the parent's table."""
    restaurants = Restaurant.objects.only("host")  # origin
    return [restaurant.name for restaurant in restaurants]  # trigger


@scenario(finds("Restaurant", "host__country"), databases=True)
def behind_a_join_of_a_child_table(fix: Fix) -> object:
    """Rows of two tables may be joined to others."""
    restaurants = fix(Restaurant.objects.select_related("host").order_by("pk"))  # origin
    return [restaurant.host.country.name for restaurant in restaurants]  # trigger


@scenario(finds("Note", "content_object"))
def generic_keys_of_a_generic_relation() -> object:
    """Notes of one book look their book up again."""
    book = Book.objects.get(title="Book 0")
    Note.objects.create(text="Another", content_object=book)
    notes = book.notes.all()  # origin
    return [str(note.content_object) for note in notes]  # trigger


@scenario(finds("Book", "author__country", count=12))
def serializer_without_a_view(fix: Fix) -> object:
    """Without a view the line that asks for the data is the innermost user line."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [dict(row) for row in BookSerializer(books, many=True).data]  # trigger


@scenario(finds_loop("Tag", origin="models.py:namesake", trigger="models.py:namesake"))
def property_that_queries() -> object:
    """A property is one place, however often it is read."""
    books = list(Book.objects.order_by("pk")) * 6
    return [book.namesake for book in books]


@scenario(finds("Author", "country", origin="render", trigger="forms.py:label"))
def labels_of_choices() -> object:
    """Choices that show a relation of theirs."""
    form = BookForm(show_country=True)
    return str(form)  # render


@scenario(finds("Author", "books", count=4, trigger="keys"))
def keys_of_related_rows() -> object:
    """A list of keys reads no rows, but queries all the same."""
    authors = Author.objects.order_by("pk")  # origin
    return [list(author.books.values_list("pk", flat=True)) for author in authors]  # keys
