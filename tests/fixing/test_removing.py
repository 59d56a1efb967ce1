"""What nothing uses is taken out of the calls that load it."""

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from quell.advice.unused import Removal, read_removal
from quell.management.fixing.changes import Fixer
from quell.management.fixing.planning import Files
from quell.management.fixing.safety import Project
from quell.management.fixing.source import Territory
from quell.management.fixing.units import Unit, gather
from tests.fixing.conftest import finding_at

AUTHOR = 'remove "author" from .select_related()'
COUNTRY = 'replace "author__country" by "author" in .select_related()'
TAGS = 'remove "tags" from .prefetch_related()'
FILLED = 'remove Prefetch("tags", to_attr="labels") from .prefetch_related()'
TEXT = '.defer("text")'

CASES = {
    "an argument": (
        [AUTHOR],
        'rows = Book.objects.select_related("author", "editor")  # here\n',
        'rows = Book.objects.select_related("editor")  # here\n',
    ),
    "the last argument": (
        [AUTHOR],
        'rows = Book.objects.select_related("editor", "author",)  # here\n',
        'rows = Book.objects.select_related("editor",)  # here\n',
    ),
    "neighbours": (
        [AUTHOR, 'remove "publisher" from .select_related()'],
        "rows = Book.objects.select_related('editor', 'author', 'publisher')  # here\n",
        "rows = Book.objects.select_related('editor')  # here\n",
    ),
    "both ends": (
        [AUTHOR, 'remove "publisher" from .select_related()'],
        "rows = Book.objects.select_related('author', 'editor', 'publisher')  # here\n",
        "rows = Book.objects.select_related('editor')  # here\n",
    ),
    "a part of a path": (
        [COUNTRY],
        "rows = Book.objects.select_related('author__country')  # here\n",
        "rows = Book.objects.select_related('author')  # here\n",
    ),
    "a part of a path that stands beside it": (
        [COUNTRY],
        'rows = Book.objects.select_related("author", "author__country")  # here\n',
        'rows = Book.objects.select_related("author")  # here\n',
    ),
    "a call behind others": (
        [TAGS],
        'rows = Book.objects.filter(pk=1).prefetch_related("tags")[:10]  # here\n',
        "rows = Book.objects.filter(pk=1)[:10]  # here\n",
    ),
    "a call in front of others": (
        [AUTHOR],
        'rows = Book.objects.select_related("author").filter(pk=1)  # here\n',
        "rows = Book.objects.filter(pk=1)  # here\n",
    ),
    "the only call": (
        [AUTHOR],
        'rows = Book.objects.select_related("author")  # here\n',
        "rows = Book.objects.all()  # here\n",
    ),
    "all calls": (
        [AUTHOR, TAGS],
        'rows = Book.objects.select_related("author").prefetch_related("tags")  # here\n',
        "rows = Book.objects.all()  # here\n",
    ),
    "a call that super() is made of": (
        [AUTHOR],
        "class A(B):\n    def get_queryset(self):\n"
        '        return super().get_queryset().select_related("author")  # here\n',
        "class A(B):\n    def get_queryset(self):\n        return super().get_queryset()  # here\n",
    ),
    "a call on a line of its own": (
        [TAGS],
        'rows = (\n    Book.objects.filter(pk=1)  # here\n    .order_by("pk")\n    .prefetch_related(\n'
        '        "tags",\n    )\n)\n',
        'rows = (\n    Book.objects.filter(pk=1)  # here\n    .order_by("pk")\n)\n',
    ),
    "an argument on a line of its own": (
        [TAGS],
        'rows = Book.objects.prefetch_related(  # here\n    "tags",\n    "notes",\n)\n',
        'rows = Book.objects.prefetch_related(  # here\n    "notes",\n)\n',
    ),
    "a list of its own": (
        [FILLED],
        'rows = Book.objects.prefetch_related("tags", Prefetch("tags", to_attr="labels"))  # here\n',
        'rows = Book.objects.prefetch_related("tags")  # here\n',
    ),
    "a list by keyword": (
        [FILLED],
        'rows = Book.objects.prefetch_related(Prefetch(lookup="tags", to_attr="labels"), "notes")  # here\n',
        'rows = Book.objects.prefetch_related("notes")  # here\n',
    ),
    "a column": (
        [TEXT],
        "rows = Book.objects.all()  # here\n",
        'rows = Book.objects.all().defer("text")  # here\n',
    ),
    "a column beside another": (
        [TEXT],
        'rows = Book.objects.defer("title")  # here\n',
        'rows = Book.objects.defer("title", "text")  # here\n',
    ),
    "a column that only() names": (
        [TEXT],
        'rows = Book.objects.only("title", "text")  # here\n',
        'rows = Book.objects.only("title")  # here\n',
    ),
    "a column and a relation": (
        [TEXT, AUTHOR],
        'rows = Book.objects.order_by("pk").select_related("author")  # here\n',
        'rows = Book.objects.order_by("pk").defer("text")  # here\n',
    ),
    "the names of an admin": (
        ['remove "author" from list_select_related'],
        'class A(admin.ModelAdmin):  # here\n    list_select_related = ("author", "editor")\n',
        'class A(admin.ModelAdmin):  # here\n    list_select_related = ("editor",)\n',
    ),
    "the only name of an admin": (
        ['remove "author" from list_select_related'],
        'class A(admin.ModelAdmin):  # here\n    list_select_related = ("author",)\n',
        "class A(admin.ModelAdmin):  # here\n    list_select_related = ()\n",
    ),
    "a list of an admin": (
        ['replace "author__country" by "author" in list_select_related'],
        "class A(admin.ModelAdmin):  # here\n    list_select_related = ['author__country']\n",
        "class A(admin.ModelAdmin):  # here\n    list_select_related = ['author']\n",
    ),
    "the only name of a list": (
        ['remove "author" from list_select_related'],
        "class A(admin.ModelAdmin):  # here\n    list_select_related = ['author']\n",
        "class A(admin.ModelAdmin):  # here\n    list_select_related = []\n",
    ),
}
REFUSED = {
    "a comment": (
        [AUTHOR],
        'rows = Book.objects.select_related(  # here\n    "author",  # for the list\n    "editor",\n)\n',
        "a comment stands beside what is to go: take it out by hand",
    ),
    "a name": (
        [AUTHOR],
        "rows = Book.objects.select_related(AUTHOR)  # here\n",
        'the source does not name "author" in select_related: take it out where it is named',
    ),
    "several": (
        [AUTHOR],
        "rows = Book.objects.select_related(*NAMES, key=1)  # here\n",
        'the source does not name "author" in select_related: take it out where it is named',
    ),
    "parentheses": (
        [AUTHOR],
        'rows = (Book.objects.filter(pk=1)).select_related("author")  # here\n',
        "parentheses stand in front of select_related(): take it out by hand",
    ),
    "a class that names nothing": (
        [AUTHOR],
        "class A(B):  # here\n    pass\n",
        "the class takes its queryset from what the source does not spell",
    ),
    "an admin that asks a function": (
        ['remove "author" from list_select_related'],
        "class A(admin.ModelAdmin):  # here\n    list_select_related = names()\n",
        'the source does not name "author" in list_select_related: take it out where it is named',
    ),
}


def _changed(folder: Path, source: str, suggestions: list[str]) -> str:
    text = dedent(source)
    file = folder / "views.py"
    file.write_bytes(text.encode())
    first = finding_at(file, text, None, proof=None)
    place = "A.list_select_related" if "list_select_related" in suggestions[0] else ""
    unused = [
        replace(
            first,
            code="Q107" if item == TEXT else "Q106",
            path=item.split('"')[1],
            suggestion=item,
            place=place,
        )
        for item in suggestions
    ]
    units, refusals = gather(unused)
    assert not refusals
    fixer = Fixer(Files(Territory((folder,))), Project((folder,)))
    change, refusals = fixer.change(units[0], ["/"])
    return fixer.texts([change])[file][1] if change is not None else refusals[0].reason


@pytest.mark.parametrize(("suggestions", "given", "expected"), CASES.values(), ids=CASES)
def test_what_nothing_uses_is_taken_out(
    tmp_path: Path, suggestions: list[str], given: str, expected: str
) -> None:
    """Arguments, calls that are left without any, names of an admin, columns; every other byte stays."""
    assert _changed(tmp_path, given, suggestions) == expected


@pytest.mark.parametrize(("suggestions", "given", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_the_source_does_not_spell_is_left(
    tmp_path: Path, suggestions: list[str], given: str, reason: str
) -> None:
    """A person is told where to look."""
    assert _changed(tmp_path, given, suggestions) == reason


@pytest.mark.parametrize(
    ("suggestion", "removal"),
    [
        (AUTHOR, Removal("author", "select_related")),
        (COUNTRY, Removal("author__country", "select_related", kept="author")),
        (FILLED, Removal("tags", "prefetch_related", to_attr="labels")),
        ('remove "author" from list_select_related', Removal("author", "list_select_related")),
        ('remove "tags" from prefetch_related_objects()', None),
        ('do not load "author"', None),
        ('name the relations that are used in .select_related(), without "author"', None),
    ],
)
def test_read_removal_reads_what_advice_writes(suggestion: str, removal: Removal | None) -> None:
    """What is no argument of a call is for a person."""
    assert read_removal(suggestion) == removal


def test_a_prefetch_that_needs_code_is_left_to_a_person(tmp_path: Path) -> None:
    """A column of rows that are prefetched by name takes a queryset for the prefetch."""
    finding = finding_at(
        tmp_path / "views.py",
        "rows = Book.objects.all()  # here\n",
        None,
        code="Q107",
        proof=None,
        suggestion='Prefetch("notes", queryset=Note.objects.defer("text")) instead of "notes"',
    )
    units, refusals = gather([finding])

    assert units == []
    assert refusals[0].reason == "only other code helps, which a person has to write"
    assert Unit().all == ()
