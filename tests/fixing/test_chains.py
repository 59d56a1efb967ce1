"""Chains of calls, given and expected."""

from textwrap import dedent

import pytest

from quell.loading.plan import FetchPlan
from tests.fixing.conftest import Rewrite

JOIN = FetchPlan("author__country")
PREFETCH = FetchPlan("tags")
BOTH = FetchPlan("author", "tags")

CASES = {
    "a manager": (
        BOTH,
        "for book in Book.objects.all():  # here\n    print(book)\n",
        'for book in Book.objects.all().select_related("author").prefetch_related("tags"):  # here\n'
        "    print(book)\n",
    ),
    "a slice": (
        JOIN,
        "rows = Book.objects.order_by('pk')[:10]  # here\n",
        "rows = Book.objects.order_by('pk').select_related('author__country')[:10]  # here\n",
    ),
    "a call that returns one row": (
        PREFETCH,
        "row = Book.objects.filter(pk=1).first()  # here\n",
        'row = Book.objects.filter(pk=1).prefetch_related("tags").first()  # here\n',
    ),
    "a manager that is asked for one row": (
        PREFETCH,
        "row = Book.objects.get(pk=1)  # here\n",
        'row = Book.objects.prefetch_related("tags").get(pk=1)  # here\n',
    ),
    "a method of the project": (
        PREFETCH,
        "rows = Book.objects.written().by_title()  # here\n",
        'rows = Book.objects.written().by_title().prefetch_related("tags")  # here\n',
    ),
    "a union": (
        PREFETCH,
        "rows = Book.objects.filter(pk=1).union(others)  # here\n",
        'rows = Book.objects.filter(pk=1).prefetch_related("tags").union(others)  # here\n',
    ),
    "another manager on the line": (
        JOIN,
        "rows = Book.objects.filter(author__in=Author.objects.filter(pk=1))  # here\n",
        'rows = Book.objects.filter(author__in=Author.objects.filter(pk=1)).select_related("author__country")'
        "  # here\n",
    ),
    "calls over lines in parentheses": (
        BOTH,
        "rows = (\n    Book.objects.filter(pk=1)  # here\n    # in order\n    .order_by('pk')  # by key\n)\n",
        "rows = (\n    Book.objects.filter(pk=1)  # here\n    # in order\n    .order_by('pk')\n"
        "    .select_related('author')\n    .prefetch_related('tags')  # by key\n)\n",
    ),
    "calls over lines with backslashes": (
        PREFETCH,
        "# here\nrows = Book.objects.filter(pk=1) \\\n    .order_by('pk')\n",
        "# here\nrows = Book.objects.filter(pk=1) \\\n    .order_by('pk') \\\n    .prefetch_related('tags')\n",
    ),
    "parentheses inside of a chain": (
        PREFETCH,
        "rows = (Book.objects\n        .filter(pk=1))[:5]  # here\n",
        'rows = (Book.objects\n        .filter(pk=1)\n        .prefetch_related("tags"))[:5]  # here\n',
    ),
    "a comprehension": (
        PREFETCH,
        "names = [book.title for book in Book.objects.all() if book.pk]  # here\n",
        'names = [book.title for book in Book.objects.all().prefetch_related("tags") if book.pk]  # here\n',
    ),
    "an argument": (
        PREFETCH,
        "show(list(Book.objects.all()), key=1)  # here\n",
        'show(list(Book.objects.all().prefetch_related("tags")), key=1)  # here\n',
    ),
    "a value that is awaited": (
        PREFETCH,
        "async def view():\n    row = await Book.objects.aget(pk=1)  # here\n",
        'async def view():\n    row = await Book.objects.prefetch_related("tags").aget(pk=1)  # here\n',
    ),
    "the default manager": (
        PREFETCH,
        "rows = Book._default_manager.all()  # here\n",
        'rows = Book._default_manager.all().prefetch_related("tags")  # here\n',
    ),
    "a model behind its module": (
        PREFETCH,
        "rows = models.Book.objects.all()  # here\n",
        'rows = models.Book.objects.all().prefetch_related("tags")  # here\n',
    ),
    "the manager of a relation": (
        PREFETCH,
        "rows = author.books.all()  # here\n",
        'rows = author.books.all().prefetch_related("tags")  # here\n',
    ),
    "super": (
        PREFETCH,
        "class A(B):\n    def get_queryset(self):\n        return super().get_queryset()  # here\n",
        "class A(B):\n    def get_queryset(self):\n"
        '        return super().get_queryset().prefetch_related("tags")  # here\n',
    ),
    "super with arguments": (
        PREFETCH,
        "class A(B):\n    def get_queryset(self, request):\n"
        "        return super().get_queryset(request).filter(pk=1)  # here\n",
        "class A(B):\n    def get_queryset(self, request):\n"
        '        return super().get_queryset(request).filter(pk=1).prefetch_related("tags")  # here\n',
    ),
    "a name that is chained later": (
        JOIN,
        "rows = Book.objects.all()  # here\nrows = rows.filter(pk=1)\n",
        'rows = Book.objects.all().select_related("author__country")  # here\nrows = rows.filter(pk=1)\n',
    ),
    "a shortcut": (
        PREFETCH,
        "row = get_object_or_404(Book, pk=1)  # here\n",
        'row = get_object_or_404(Book.objects.prefetch_related("tags"), pk=1)  # here\n',
    ),
    "a shortcut over a queryset": (
        PREFETCH,
        "row = get_object_or_404(Book.objects.filter(pk=1), pk=1)  # here\n",
        'row = get_object_or_404(Book.objects.filter(pk=1).prefetch_related("tags"), pk=1)  # here\n',
    ),
    "rows that are read in pieces": (
        PREFETCH,
        "rows = Book.objects.iterator(chunk_size=10)  # here\n",
        'rows = Book.objects.prefetch_related("tags").iterator(chunk_size=10)  # here\n',
    ),
    "windows line ends and tabs": (
        JOIN,
        "def view():\r\n\treturn Book.objects.all()  # here\r\n",
        'def view():\r\n\treturn Book.objects.all().select_related("author__country")  # here\r\n',
    ),
}


@pytest.mark.parametrize(("plan", "given", "expected"), CASES.values(), ids=CASES)
def test_chain_takes_a_plan(rewrite: Rewrite, plan: FetchPlan, given: str, expected: str) -> None:
    """The calls are added behind the last one that returns a queryset; nothing else changes."""
    assert rewrite(given, plan) == expected


REFUSALS = {
    "two querysets": (
        JOIN,
        "rows = Book.objects.filter(pk=1) | Book.objects.filter(pk=2)",
        "the line builds 2 querysets of library.Book, and only one of them is to change",
    ),
    "no queryset": (
        JOIN,
        "rows = helper()",
        "the line builds no queryset of library.Book that the source spells",
    ),
    "another model": (
        JOIN,
        "rows = Author.objects.all()",
        "the line builds no queryset of library.Book that the source spells",
    ),
    "values": (
        JOIN,
        "rows = Book.objects.values('pk')",
        "values() returns no instances that could hold what is loaded",
    ),
    "raw SQL": (
        JOIN,
        "rows = Book.objects.raw('SELECT 1')",
        "raw SQL takes no joins and no columns: select what is needed in the SQL, or append prefetch_related()",
    ),
    "an iterator": (
        PREFETCH,
        "rows = Book.objects.iterator()",
        "iterator() needs a chunk_size to prefetch: write it, and run this again",
    ),
    "a key that is left out": (
        JOIN,
        "rows = Book.objects.defer('author')",
        "defer() leaves out a key that is needed: take it out of there, and run this again",
    ),
    "columns that a name holds": (
        JOIN,
        "rows = Book.objects.only(*NAMES)",
        "the names of only() are no plain texts, and it may leave out a key that is needed",
    ),
}


@pytest.mark.parametrize(("plan", "given", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_chain_is_left_with_a_reason(rewrite: Rewrite, plan: FetchPlan, given: str, reason: str) -> None:
    """What cannot be changed safely is left as it is."""
    assert rewrite(f"{given}  # here\n", plan) == f"refused: {reason}"


def test_chain_in_code_that_python_cannot_read_is_left(rewrite: Rewrite) -> None:
    """A file with an error in it is no file to change."""
    assert rewrite("rows = Book.objects.all(  # here\n", JOIN).startswith(
        "refused: LibCST cannot read the file"
    )


def test_chain_that_loads_everything_is_left(rewrite: Rewrite) -> None:
    """A plan that the source has already is not written twice."""
    source = 'rows = Book.objects.select_related("author__country")  # here\n'
    reason = "the source loads it already: other code at the line takes it away again"
    assert rewrite(source, JOIN) == f"refused: {reason}"


def test_change_keeps_every_other_byte(rewrite: Rewrite) -> None:
    """What is around a change stays, however it is written."""
    source = dedent(
        """
        # -*- coding: utf-8 -*-
        import os ;  import sys
        def f( a,b ) :
            x = {  'a':1,}   # ünï
            return  Book . objects . all( )   # here
        """
    )
    expected = source.replace("all( )", "all( ).select_related('author__country')")
    assert rewrite(source, JOIN) == expected.removeprefix("\n")


LONG = FetchPlan("author__country", "editor__country", "publisher__country", "tags")


def test_long_line_becomes_several(rewrite: Rewrite) -> None:
    """A chain that would be too long stands in parentheses, with a call to a line."""
    given = "def view():\n    rows = Book.objects.filter(pk=1)[:5]  # here\n    return rows\n"
    assert rewrite(given, LONG, limit=88) == (
        "def view():\n    rows = (\n        Book.objects.filter(pk=1)\n"
        '        .select_related("author__country", "editor__country", "publisher__country")\n'
        '        .prefetch_related("tags")[:5]\n    )  # here\n    return rows\n'
    )


def test_long_call_becomes_several_lines(rewrite: Rewrite) -> None:
    """A call that is too long has an argument to a line."""
    given = "rows = Book.objects.filter(pk=1)  # here\n"
    assert rewrite(given, LONG, limit=60) == (
        "rows = (\n    Book.objects.filter(pk=1)\n    .select_related(\n"
        '        "author__country",\n        "editor__country",\n        "publisher__country",\n    )\n'
        '    .prefetch_related("tags")\n)  # here\n'
    )
