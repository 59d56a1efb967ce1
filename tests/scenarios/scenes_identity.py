"""Which rows are one and the same: instances that are gone, rows without a plain key, trees and chains."""

from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.contenttypes.models import ContentType

from tests.library.models import Author, Book, Category, Country, Loan, Note
from tests.scenarios.corpus import Fix, finds, finds_loop, scenario


def _children(node: Any) -> list[Any]:
    return [[child.name, _children(child)] for child in node.children.order_by("pk")]  # descent


def _only_child(node: Any) -> list[str]:
    found = [_only_child(child) for child in node.children.all()]
    return [node.name, *(name for names in found for name in names)]


def _path(node: Any) -> str:
    return f"{_path(node.parent)}/{node.name}" if node.parent else node.name  # climb


@scenario(finds("Author", "country", origin="trigger", count=3), databases=True)
def temporary_instances() -> object:
    """Each is gone before the next one is made, which Python puts at the same address."""
    found = set()
    for key in list(Country.objects.values_list("pk", flat=True)):
        author = Author(country_id=key)
        found.add(author.country.name)  # trigger
        del author
    return found


@scenario(finds("Author", "country", origin="trigger", count=3), databases=True)
def temporary_instances_in_a_comprehension() -> object:
    """Without a name they are gone even sooner."""
    keys = list(Country.objects.values_list("pk", flat=True))
    return [Author(country_id=key).country.name for key in keys]  # trigger


@scenario()
def temporary_instances_below_the_threshold() -> object:
    """Two are no loop."""
    keys = list(Country.objects.values_list("pk", flat=True)[:2])
    return [Author(country_id=key).country.name for key in keys]


@scenario(finds("Loan", "book", count=8))
def iterator_over_composite_keys(fix: Fix) -> object:
    """Rows that are dropped one by one, and whose key is no column."""
    loans = fix(Loan.objects.order_by("member_id", "number"))  # origin
    return [loan.book.title for loan in loans.iterator(chunk_size=100)]  # trigger


@scenario(finds_loop("Book", origin="trigger"))
def awaited_refreshes_in_a_loop() -> object:
    """The coroutine waits for the thread that reloads."""

    async def texts() -> list[str]:
        books = [book async for book in Book.objects.order_by("pk")]
        for book in books:
            await book.arefresh_from_db()  # trigger
        return [book.text for book in books]

    return async_to_sync(texts)()


@scenario()
def awaited_refresh_of_one_row() -> object:
    """No loop."""

    async def text() -> str:
        book = await Book.objects.aget(title="Book 1")
        await book.arefresh_from_db()
        return str(book.text)

    return async_to_sync(text)()


@scenario(
    finds("Category", "children", trigger="descent", count=2),
    finds("Category", "children__children", trigger="descent", count=4),
    finds("Category", "children__children__children", trigger="descent", count=8),
)
def descent_into_a_tree() -> object:
    """The nodes of each list ask on their own, one level below the other."""
    tops = Category.objects.filter(parent=None).order_by("pk")  # origin
    return [_children(top) for top in tops]


@scenario()
def descent_along_only_children() -> object:
    """A list of one row is no list of rows that ask on their own, at any depth."""
    top = Category.objects.create(name="Lone")
    middle = Category.objects.create(name="Lone child", parent=top)
    Category.objects.create(name="Lone grandchild", parent=middle)
    return _only_child(Category.objects.get(name="Lone"))


@scenario()
def climb_from_one_node() -> object:
    """A chain of parents is one row after the other."""
    return _path(Category.objects.get(name="Top 0 1 1"))


@scenario()
def climb_in_a_loop_from_one_node() -> object:
    """So is a loop that goes up."""
    node: Any = Category.objects.get(name="Top 0 1 1")
    names = []
    while node is not None:
        names.append(node.name)
        node = node.parent
    return names


@scenario()
def climb_from_two_nodes() -> object:
    """Two rows that were got one by one."""
    return [_path(Category.objects.get(name="Top 0 1 1")), _path(Category.objects.get(name="Top 1 0 0"))]


@scenario(finds("Category", "parent__parent", trigger="climb", count=16))
def climb_from_each_of_a_list(fix: Fix) -> object:
    """Rows of one list that each go up."""
    leaves = fix(Category.objects.filter(parent__parent__isnull=False).order_by("pk"))  # origin
    return [_path(leaf) for leaf in leaves]


@scenario()
def content_types_by_key() -> object:
    """Django keeps each of them once it has asked."""
    keys = list(ContentType.objects.order_by("pk").values_list("pk", flat=True)[:5])
    ContentType.objects.clear_cache()
    return [ContentType.objects.get_for_id(key).model for key in keys]


@scenario()
def content_types_by_name() -> object:
    """By whatever it is asked for."""
    ContentType.objects.clear_cache()
    names = ("author", "book", "tag", "language")
    return [ContentType.objects.get_by_natural_key("library", name).model for name in names]


@scenario()
def content_types_of_generic_relations() -> object:
    """A generic relation asks for that of its model."""
    books = Book.objects.prefetch_related("notes").order_by("pk")
    ContentType.objects.clear_cache()
    return [len(book.notes.all()) for book in books]


@scenario(finds("Note", "content_type", count=5))
def content_types_by_foreign_key(fix: Fix) -> object:
    """A foreign key knows no cache."""
    notes = fix(Note.objects.order_by("pk"))  # origin
    return [note.content_type.model for note in notes]  # trigger
