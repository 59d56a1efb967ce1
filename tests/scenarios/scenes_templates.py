"""Loads that a template causes: the trigger is its line."""

from django.template import Context, Template
from django.template.loader import render_to_string

from tests.library.models import Author, Book
from tests.scenarios.corpus import Fix, finds, scenario


@scenario(finds("Book", "author", trigger="list.html:trigger"), databases=True)
def loop(fix: Fix) -> object:
    """A variable in a loop."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return render_to_string("library/list.html", {"books": books})


@scenario(finds("Book", "author__country", trigger="hops.html:trigger"))
def two_hops(fix: Fix) -> object:
    """Two hops in one variable are one finding."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return render_to_string("library/hops.html", {"books": books})


@scenario(finds("Book", "author", trigger="_row.html:trigger"))
def include(fix: Fix) -> object:
    """The line of the included template, not that of the include."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return render_to_string("library/include.html", {"books": books})


@scenario(finds("Book", "author", trigger="with.html:trigger"))
def name_for_a_relation(fix: Fix) -> object:
    """A name that with gives is loaded where it is given."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return render_to_string("library/with.html", {"books": books})


@scenario(finds("Book", "author", trigger="child.html:trigger"))
def inheritance(fix: Fix) -> object:
    """A block is a line of the template that fills it."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return render_to_string("library/child.html", {"books": books})


@scenario(finds("Book", "author", trigger="templatetags/library.py:tag"))
def tag(fix: Fix) -> object:
    """A tag is Python again."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return render_to_string("library/tags.html", {"books": books})


@scenario(finds("Book", "publisher", trigger="templatetags/library.py:filter"))
def filter_of_a_row(fix: Fix) -> object:
    """So is a filter."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return render_to_string("library/filters.html", {"books": books})


@scenario(finds("Book", "author", trigger="_byline.html:condition"))
def inclusion_tag(fix: Fix) -> object:
    """A condition loads as well, in the template that a tag includes."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return render_to_string("library/inclusion.html", {"books": books})


@scenario(finds("Book", "tags", trigger="managers.html:trigger"))
def manager(fix: Fix) -> object:
    """A manager in a template."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return render_to_string("library/managers.html", {"books": books})


@scenario(
    finds("Author", "books", trigger="counts.html:count"),
    finds("Author", "books", trigger="counts.html:exists"),
)
def count_and_existence() -> object:
    """Counting and testing are two findings, as two annotations replace them."""
    authors = Author.objects.order_by("pk")  # origin
    return render_to_string("library/counts.html", {"authors": authors})


@scenario(finds("Author", "books__publisher", trigger="detail.html:trigger"))
def rows_of_one_object() -> object:
    """What a template loads first belongs to the row that the view got."""
    author = Author.objects.get(name="Author 0")  # origin
    return render_to_string("library/detail.html", {"author": author})


@scenario(finds("Book", "author"))
def template_without_a_file(fix: Fix) -> object:
    """A template from a string has no line of its own, so the line that renders it is named."""
    books = fix(Book.objects.order_by("pk"))  # origin
    template = Template("{% for book in books %}{{ book.author.name }}{% endfor %}")
    return template.render(Context({"books": books}))  # trigger


@scenario()
def eager() -> object:
    """A template shows what was loaded."""
    books = Book.objects.select_related("author__country").prefetch_related("tags")
    return render_to_string("library/quiet.html", {"books": books})


@scenario()
def two_pages() -> object:
    """The same template twice, each with one row."""
    one = Book.objects.filter(title="Book 1")
    two = Book.objects.filter(title="Book 2")
    return [render_to_string("library/list.html", {"books": books}) for books in (one, two)]
