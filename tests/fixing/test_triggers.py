"""Lines that ask a related manager, given and expected."""

from pathlib import Path

import pytest

from quell.events import Location
from quell.findings import Finding
from quell.management.fixing.source import CannotFixError, Source, apply_edits
from quell.management.fixing.templates import template_edits
from quell.management.fixing.tree import Tree
from quell.management.fixing.triggers import Reading, reading_of, trigger_edits
from quell.management.fixing.wanted import read_wanted

COUNT = Reading("tags", "tag_count", "count", "")
EXISTS = Reading("tags", "has_tags", "exists", "")
ROWS = Reading("reviews", "good_reviews", "", ".filter(stars__gt=3).order_by('pk')")
FIRST = Reading("reviews", "first_reviews", "first", ".order_by('pk')")

CASES = {
    "a number": (
        COUNT,
        "def f(book):\n    return book.tags.count()",
        'def f(book):\n    return book.tag_count if hasattr(book, "tag_count") else book.tags.count()',
    ),
    "a number of all": (
        COUNT,
        "def f(book):\n    number = book.tags.all().count()",
        'def f(book):\n    number = book.tag_count if hasattr(book, "tag_count") else book.tags.all().count()',
    ),
    "a number in an expression": (
        COUNT,
        "def f(book):\n    return 1 + book.tags.count()",
        'def f(book):\n    return 1 + (book.tag_count if hasattr(book, "tag_count") else book.tags.count())',
    ),
    "a question": (
        EXISTS,
        "def f(self):\n    return self.tags.exists()",
        'def f(self):\n    return self.has_tags if hasattr(self, "has_tags") else self.tags.exists()',
    ),
    "the first row": (
        FIRST,
        "def f(self):\n    return self.reviews.order_by('pk').first()",
        "def f(self):\n    return (\n        next(iter(self.first_reviews), None)\n"
        "        if hasattr(self, 'first_reviews')\n        else self.reviews.order_by('pk').first()\n    )",
    ),
    "rows in a loop": (
        ROWS,
        "def f(x):\n    for y in x.reviews.filter(stars__gt=3).order_by('pk'): pass",
        "def f(x):\n    for y in (x.good_reviews if hasattr(x, 'good_reviews') else "
        "x.reviews.filter(stars__gt=3).order_by('pk')): pass",
    ),
    "rows in a function that reads them": (
        ROWS,
        "def f(x):\n    return list(x.reviews.filter(stars__gt=3).order_by('pk'))",
        "def f(x):\n    return list((x.good_reviews if hasattr(x, 'good_reviews') else "
        "x.reviews.filter(stars__gt=3).order_by('pk')))",
    ),
}


def _tree(text: str) -> Tree:
    return Tree(Source(Path("/nowhere/views.py"), text))


def _changed(text: str, reading: Reading, line: int = 2) -> str:
    return apply_edits(text, trigger_edits(_tree(text), Location("views.py", line), reading))


@pytest.mark.parametrize(("reading", "given", "expected"), CASES.values(), ids=CASES)
def test_trigger_reads_what_its_row_holds(reading: Reading, given: str, expected: str) -> None:
    """The line reads the attribute, and asks as before where there is none."""
    assert _changed(given, reading) == expected


@pytest.mark.parametrize(("reading", "given", "expected"), CASES.values(), ids=CASES)
def test_trigger_is_changed_once(reading: Reading, given: str, expected: str) -> None:
    """A line that reads the attribute already stays as it is."""
    line = next(
        number for number, text in enumerate(expected.splitlines(), 1) if f".{reading.accessor}." in text
    )
    assert trigger_edits(_tree(expected), Location("views.py", line), reading) == []


def test_trigger_reads_rows_that_a_name_holds() -> None:
    """Where the line only reads a name, what gave the name its value is changed."""
    given = "def f(x):\n    reviews = x.reviews.filter(stars__gt=3).order_by('pk')\n    return [y.pk for y in reviews]"
    found = _changed(given, ROWS, line=3)
    assert "reviews = (\n        x.good_reviews\n        if hasattr(x, 'good_reviews')\n" in found
    assert found.endswith("    return [y.pk for y in reviews]")


REFUSALS = {
    "other rows": (
        ROWS,
        "def f(x):\n    return list(x.reviews.filter(stars__gt=4).order_by('pk'))",
        "in another way",
    ),
    "two questions": (COUNT, "def f(x, y):\n    return x.tags.count() + y.tags.count()", "more than once"),
    "a longer way": (COUNT, "def f(x):\n    return x.book.tags.count()", "read from is more than a name"),
    "rows that are handed on": (
        ROWS,
        "def f(x):\n    return x.reviews.filter(stars__gt=3).order_by('pk')",
        "as only a queryset can be",
    ),
    "rows that are handed on by a name": (
        ROWS,
        "def f(x):\n    rows = x.reviews.filter(stars__gt=3).order_by('pk')\n    return rows.filter(pk=1)",
        "as only a queryset can be",
    ),
    "rows that are waited for": (
        ROWS,
        "async def f(x):\n    return [y async for y in x.reviews.filter(stars__gt=3).order_by('pk')]",
        "as only a queryset can be",
    ),
}


@pytest.mark.parametrize(("reading", "given", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_trigger_is_left_with_a_reason(reading: Reading, given: str, reason: str) -> None:
    """A line that asks for something else, or does more with the answer, is left as it is."""
    with pytest.raises(CannotFixError, match=reason):
        _changed(given, reading)


READINGS = {
    '.annotate(tag_count=Count("tags"))': Reading("tags", "tag_count", "count", ""),
    '.annotate(n=Subquery(Tag.objects.filter(books=OuterRef("pk")).filter(name="a").order_by()'
    '.values(n=Func("pk", function="COUNT"))))': Reading("tags", "n", "count", ".filter(name='a')"),
    '.annotate(n=Exists(Tag.objects.filter(books=OuterRef("pk"))))': Reading("tags", "n", "exists", ""),
    '.prefetch_related(Prefetch("tags", queryset=Tag.objects.all(), to_attr="n"))': Reading(
        "tags", "n", "", ".all()"
    ),
    '.prefetch_related(Prefetch("tags", queryset=Tag.objects.order_by("pk")[:1], to_attr="n"))': Reading(
        "tags", "n", "first", ".order_by('pk')"
    ),
}


@pytest.mark.parametrize(("code", "expected"), READINGS.items(), ids=range(len(READINGS)))
def test_reading_is_told_from_the_code_of_the_queryset(code: str, expected: Reading) -> None:
    """What the queryset then holds says what a line may read instead."""
    finding = Finding(kind="n_plus_one", code="Q101", path="tags")
    assert reading_of(finding, read_wanted(code)) == expected


@pytest.mark.parametrize(
    "code",
    [
        '.prefetch_related(Prefetch("tags", queryset=Tag.objects.all()[:3], to_attr="n"))',
        '.annotate(a=Count("tags"), b=Count("notes"))',
        '.select_related("author").annotate(a=Count("tags"))',
    ],
)
def test_reading_of_more_than_one_thing_is_refused(code: str) -> None:
    """A person decides what a line reads that could read several things."""
    with pytest.raises(CannotFixError):
        reading_of(Finding(kind="n_plus_one", code="Q101", path="tags"), read_wanted(code))


def test_reading_behind_another_relation_is_refused() -> None:
    """A number behind a relation belongs to other rows than those of the queryset."""
    with pytest.raises(CannotFixError, match="a person has to decide"):
        reading_of(
            Finding(kind="n_plus_one", code="Q101", path="author__books"),
            read_wanted('.annotate(n=Count("author__books"))'),
        )


TEMPLATES = {
    "of one page": (COUNT, True, "<b>{{ book.tags.count }}</b>", "<b>{{ book.tag_count }}</b>"),
    "of one page with a filter": (COUNT, True, "{{ book.tags.count|add:1 }}", "{{ book.tag_count|add:1 }}"),
    "of one page in a tag": (EXISTS, True, "{% if book.tags.exists %}", "{% if book.has_tags %}"),
    "of several pages": (
        COUNT,
        False,
        "<b>{{ book.tags.count|add:1 }}</b>",
        "<b>{% if book.tag_count is None %}{{ book.tags.count|add:1 }}{% else %}{{ book.tag_count|add:1 }}"
        "{% endif %}</b>",
    ),
}


@pytest.mark.parametrize(("reading", "is_exclusive", "given", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_template_reads_what_its_row_holds(
    reading: Reading, given: str, expected: str, *, is_exclusive: bool
) -> None:
    """A template of one page reads the attribute; one of several keeps a way back."""
    source = Source(Path("list.html"), f"first\n{given}\nlast")
    edits = template_edits(source, Location("list.html", 2), reading, is_exclusive=is_exclusive)
    assert apply_edits(source.text, edits) == f"first\n{expected}\nlast"


@pytest.mark.parametrize(
    ("reading", "is_exclusive", "line"),
    [
        (COUNT, False, "{% if book.tags.count %}"),
        (COUNT, True, "{{ book.tags.count }} {{ book.tags.count }}"),
        (COUNT, True, "{% include part %}"),
        (ROWS, True, "{% for review in book.reviews.all %}"),
    ],
)
def test_template_is_left_with_a_reason(reading: Reading, line: str, *, is_exclusive: bool) -> None:
    """A node that could not keep a way back, or that asks for something else, is left as it is."""
    with pytest.raises(CannotFixError):
        template_edits(
            Source(Path("list.html"), line), Location("list.html", 1), reading, is_exclusive=is_exclusive
        )
