"""Rows that a loop writes one by one."""

from django.contrib.auth.models import User
from django.db import connection
from django.forms import modelform_factory

from tests.library.models import (
    Author,
    Book,
    Country,
    Place,
    Restaurant,
    Review,
    Tag,
)
from tests.scenarios.corpus import finds_loop, finds_write, scenario

NAMES = ("One", "Two", "Three", "Four")


def _make(name: str) -> Tag:
    return Tag.objects.create(name=name)  # helper


@scenario(finds_write("Tag", count=4), databases=True)
def create() -> object:
    """A row per name."""
    return [Tag.objects.create(name=name).name for name in NAMES]  # trigger


@scenario(finds_write("Tag", trigger="helper", origin="helper"))
def create_in_a_helper() -> object:
    """The line of the helper is both."""
    return [_make(name).name for name in NAMES]


@scenario(finds_write("Tag"))
def save_of_new_rows() -> object:
    """The same by hand."""
    for name in NAMES:
        Tag(name=name).save()  # trigger
    return Tag.objects.count()


@scenario(finds_write("Book", count=6), databases=True)
def save_of_loaded_rows() -> object:
    """An UPDATE per row."""
    books = list(Book.objects.order_by("pk"))
    for book in books:
        book.title = book.title.upper()
        book.save()  # trigger
    return [book.title for book in books]


@scenario(finds_write("Book"))
def save_of_one_field() -> object:
    """An UPDATE of one column per row."""
    for book in Book.objects.order_by("pk"):
        book.title = book.title.upper()
        book.save(update_fields=["title"])  # trigger
    return Book.objects.count()


@scenario(finds_write("Tag", count=8))
def save_of_rows_with_a_key() -> object:
    """An UPDATE that finds no row, then an INSERT."""
    for number, name in enumerate(NAMES, start=1000):
        Tag(pk=number, name=name).save()  # trigger
    return Tag.objects.count()


@scenario(finds_write("Restaurant"), databases=True)
def save_of_rows_in_two_tables() -> object:
    """The model that was meant, not the parent that has a part of its row."""
    author, country = Author.objects.first(), Country.objects.first()
    for name in NAMES:
        Restaurant(name=name, country=country, host=author).save()  # trigger
    return Place.objects.count()


@scenario(finds_write("Restaurant"))
def delete_of_rows_in_two_tables() -> object:
    """Also when they go."""
    for place in Restaurant.objects.order_by("pk"):
        place.delete()  # trigger
    return Place.objects.count()


@scenario(finds_write("Book"), databases=True)
def delete_of_rows() -> object:
    """What Django looks for before belongs to it."""
    for book in list(Book.objects.order_by("pk")):
        book.delete()  # trigger
    return Book.objects.count()


@scenario(finds_write("Author"))
def delete_with_everything_below() -> object:
    """Rows of other tables go first."""
    for author in list(Author.objects.order_by("pk")):
        author.delete()  # trigger
    return Book.objects.count()


@scenario(finds_write("Book", origin="built"))
def delete_by_queryset() -> object:
    """One queryset per author, which may hold several rows."""
    for author in list(Author.objects.order_by("pk")):
        books = Book.objects.filter(author=author)  # built
        books.delete()  # trigger
    return Book.objects.count()


@scenario(finds_write("Book"), databases=True)
def update_by_queryset() -> object:
    """One UPDATE per title."""
    for number in range(4):
        Book.objects.filter(title=f"Book {number}").update(text="")  # trigger
    return Book.objects.filter(text="").count()


@scenario(finds_write("Book", origin="built"))
def update_of_a_queryset_built_before() -> object:
    """The queryset may be built on another line."""
    for number in range(4):
        books = Book.objects.filter(title=f"Book {number}")  # built
        books.update(text="")  # trigger
    return Book.objects.filter(text="").count()


@scenario(finds_write("Book_tags"), databases=True)
def add_to_a_relation() -> object:
    """Rows of the table between."""
    tag = Tag.objects.create(name="Another")
    for book in Book.objects.order_by("pk"):
        book.tags.add(tag)  # trigger
    return tag.books.count()


@scenario(finds_write("Book_tags"), databases=True)
def set_of_a_relation() -> object:
    """What is there is read before; that is no load of the relation."""
    tags = list(Tag.objects.order_by("pk")[:1])
    for book in Book.objects.order_by("pk"):
        book.tags.set(tags)  # trigger
    return Book.tags.through.objects.count()


@scenario(finds_write("Book_tags"))
def remove_from_a_relation() -> object:
    """A DELETE per row."""
    tag = Tag.objects.get(name="Tag 1")
    for book in Book.objects.order_by("pk"):
        book.tags.remove(tag)  # trigger
    return tag.books.count()


@scenario(finds_write("Tag", count=8), databases=True)
def get_or_create_of_new_rows() -> object:
    """A test and an INSERT per name are one finding."""
    return [Tag.objects.get_or_create(name=name)[1] for name in NAMES]  # trigger


@scenario(finds_write("Tag"))
def get_or_create_of_old_rows() -> object:
    """The same code on another day."""
    return [Tag.objects.get_or_create(name=f"Tag {n}")[1] for n in range(3)]  # trigger


@scenario(finds_write("Tag"), databases=True)
def update_or_create() -> object:
    """A lock and an UPDATE or an INSERT per name."""
    for name in ("Tag 0", "Tag 1", "One", "Two"):
        Tag.objects.update_or_create(name=name, defaults={"name": name})  # trigger
    return Tag.objects.count()


@scenario(finds_write("Book"))
def get_or_create_of_a_relation() -> object:
    """By a related manager."""
    for author in Author.objects.order_by("pk"):
        author.books.get_or_create(title="New", defaults={"text": ""})  # trigger
    return Book.objects.count()


@scenario(finds_write("Tag"), databases=True)
def raw_inserts() -> object:
    """The table tells the model."""
    with connection.cursor() as cursor:
        for name in NAMES:
            cursor.execute("INSERT INTO library_tag (name) VALUES (%s)", [name])  # trigger
    return Tag.objects.count()


@scenario(finds_write("Tag", origin="mapped", trigger="mapped"))
def mapped() -> object:
    """A loop need not be spelled as one."""
    return list(map(_name_of_new, NAMES))


def _name_of_new(name: str) -> str:
    return Tag.objects.create(name=name).name  # mapped


@scenario(finds_write("auth.User"))
def create_user() -> object:
    """A manager of Django's that the user calls."""
    return [User.objects.create_user(name).username for name in NAMES]  # trigger


@scenario(finds_write("Tag"))
def save_of_forms() -> object:
    """Forms that the user's own loop saves."""
    form = modelform_factory(Tag, fields=["name"])
    return [form({"name": name}).save().name for name in NAMES]  # trigger


@scenario(finds_write("Review"), finds_loop("Book", origin="read", trigger="read"))
def read_and_write() -> object:
    """A read and a write of one loop are two findings."""
    user = User.objects.get(username="user0")
    for number in range(4):
        book = Book.objects.get(title=f"Book {number}")  # read
        Review.objects.create(book=book, user=user, stars=5)  # trigger
    return Review.objects.count()
