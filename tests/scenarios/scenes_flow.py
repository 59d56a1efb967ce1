"""How rows travel through code between the queryset and the load."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet

from tests.library.models import Author, Book, Category, Member, Publisher
from tests.scenarios.corpus import Fix, finds, scenario


def _author_of(book: Any) -> str:
    return str(book.author.name)  # in a helper


def _newest(publisher: Publisher) -> "QuerySet[Any, Any]":
    return publisher.books.all()  # related root


def _stream(rows: Iterable[Any]) -> Iterator[Any]:
    yield from rows


@scenario(finds("Book", "author", trigger="in a helper"))
def helper(fix: Fix) -> object:
    """The trigger is the line that loads, the origin the line that built the queryset."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [_author_of(book) for book in books]


@scenario()
def helper_for_two_rows_of_two_querysets() -> object:
    """The same helper for two rows that have nothing in common."""
    one = Book.objects.get(title="Book 1")
    other = Book.objects.filter(title="Book 2").first()
    return [_author_of(one), _author_of(other)]


@scenario(finds("Book", "author", trigger="first line"))
def different_lines(fix: Fix) -> object:
    """Rows of one list, each on a line of its own."""
    one, two, three, *_ = fix(Book.objects.order_by("pk"))  # origin
    first = one.author.name  # first line
    second = two.author.name
    return [first, second, three.author.name]


@scenario(finds("Book", "author", trigger="models.py:byline"))
def through_a_property(fix: Fix) -> object:
    """The property's line is the innermost user line."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [book.byline for book in books]


@scenario(finds("Author", "books", trigger="models.py:titles"))
def through_a_cached_property(fix: Fix) -> object:
    """A cached property loads once per row."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    return [(author.titles, author.titles) for author in authors]


@scenario(
    finds("Book", "author", trigger="loads"),
    finds("Book", "author__country", trigger="models.py:country_name"),
)
def property_behind_a_relation(fix: Fix) -> object:
    """Two lines, two findings, one plan."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [book.author.country_name for book in books]  # loads


@scenario(finds("Book", "author", origin="related root"))
def rows_of_one_publisher() -> object:
    """The related manager's line built the queryset, in another function."""
    publisher = Publisher.objects.get(name="Publisher 0")
    return [book.author.name for book in _newest(publisher)]  # trigger


@scenario(
    finds("Publisher", "books__author", trigger="inner"),
    finds("Publisher", "books", trigger="outer"),
)
def rows_of_each_publisher(fix: Fix) -> object:
    """Repeated for every publisher, the root is the list of publishers."""
    found = []
    for publisher in fix(Publisher.objects.order_by("pk")):  # origin
        for book in _newest(publisher):  # outer
            found += [book.author.name]  # inner
    return found


@scenario(finds("Book", "author", count=6))
def list_of_a_queryset(fix: Fix) -> object:
    """A list holds the same rows."""
    books = list(fix(Book.objects.order_by("pk")))  # origin
    return [book.author.name for book in books[::-1]]  # trigger


@scenario(finds("Book", "author", origin="one"), finds("Book", "author", origin="two"))
def two_lists_as_one() -> object:
    """Two querysets in one loop are two origins to change."""
    one = Book.objects.filter(title__lt="Book 3")  # one
    two = Book.objects.filter(title__gte="Book 3")  # two
    return [book.author.name for book in [*one, *two]]  # trigger


@scenario()
def one_row_each_of_two_lists() -> object:
    """One row of each queryset is no list."""
    one = Book.objects.filter(title="Book 3")
    two = Book.objects.filter(title="Book 4")
    return [book.author.name for book in chain(one, two)]


@scenario(finds("Book", "author"), databases=True)
def union(fix: Fix) -> object:
    """Rows of a union have the first queryset as their root, and there the fix is to be written."""
    books = fix(Book.objects.filter(title="Book 1")).union(Book.objects.filter(title="Book 2"))  # origin
    return [book.author.name for book in books]  # trigger


@scenario(finds("Book", "author"))
def either_of_two_conditions(fix: Fix) -> object:
    """Two querysets joined by | are one."""
    others = Book.objects.filter(title="Book 2")
    books = fix(Book.objects.filter(title="Book 1") | others)  # origin
    return [book.author.name for book in books]  # trigger


@scenario(finds("Book", "author", count=6), databases=True)
def iterator(fix: Fix) -> object:
    """Rows that are dropped one after the other are told apart all the same."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [book.author.name for book in books.iterator(chunk_size=2)]  # trigger


@scenario(finds("Book", "author"))
def generator(fix: Fix) -> object:
    """Rows may come out of a generator."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [book.author.name for book in _stream(books)]  # trigger


@scenario(finds("Book", "author"))
def page(fix: Fix) -> object:
    """A page is a slice of the queryset."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [book.author.name for book in Paginator(books, 3).page(1)]  # trigger


@scenario(finds("Book", "author"))
def every_page(fix: Fix) -> object:
    """All pages of one paginator have one origin."""
    pages = Paginator(fix(Book.objects.order_by("pk")), 2)  # origin
    return [book.author.name for page in pages for book in page]  # trigger


@scenario(finds("Book", "author"), databases=True)
def raw(fix: Fix) -> object:
    """Rows of SQL that somebody wrote have a line, too."""
    books = fix(Book.objects.raw("SELECT * FROM library_book ORDER BY id"))  # origin
    return [book.author.name for book in books]  # trigger


@scenario(finds("Book", "author"))
def gets_in_a_loop() -> object:
    """Rows that one loop got one by one are one root; the loop itself is another finding's."""
    titles = ["Book 0", "Book 1"]
    books = [Book.objects.get(title=title) for title in titles]  # origin
    return [book.author.name for book in books]  # trigger


@scenario()
def two_gets() -> object:
    """Two rows on two lines are not a loop."""
    one = Book.objects.get(title="Book 0")
    two = Book.objects.get(title="Book 1")
    return [one.author.name, two.author.name]


@scenario(finds("Book", "author"))
def rows_reloaded() -> object:
    """A row that was refreshed is still a row of its queryset."""
    books = Book.objects.order_by("pk")[:2]  # origin
    found = []
    for book in books:
        book.refresh_from_db()
        found.append(book.author.name)  # trigger
    return found


@scenario(finds("Author", "books__reviews", trigger="inner"), finds("Author", "books", trigger="outer"))
def rows_kept_for_later(fix: Fix) -> object:
    """Rows may be collected first and read later."""
    kept = []
    for author in fix(Author.objects.order_by("pk")):  # origin
        kept.extend(author.books.all())  # outer
    return [[review.stars for review in book.reviews.all()] for book in kept]  # inner


@scenario(
    finds("Category", "children__children", trigger="inner"), finds("Category", "children", trigger="outer")
)
def two_levels_of_a_tree(fix: Fix) -> object:
    """A tree to a fixed depth."""
    found = []
    for top in fix(Category.objects.filter(parent=None).order_by("pk")):  # origin
        for middle in top.children.all():  # outer
            found += [leaf.name for leaf in middle.children.all()]  # inner
    return found


@scenario(finds("Member", "follows__loans", trigger="inner"), finds("Member", "follows", trigger="outer"))
def loans_of_followed_members(fix: Fix) -> object:
    """A path through a relation of a model to itself."""
    found = []
    for member in fix(Member.objects.order_by("pk")):  # origin
        for other in member.follows.all():  # outer
            found += sorted(loan.pk for loan in other.loans.all())  # inner
    return found
