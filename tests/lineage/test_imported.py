"""Querysets of a module have one origin, whether the module was imported before the watch or within it."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

import quell
from tests.library.models import Book

MODULE = """
from tests.library.models import Book

ALL = Book.objects.all()


class Shelf:
    books = Book.objects.order_by("pk")


def of_module():
    for book in ALL.filter(text=""):  # built here
        book.author.name


def of_class():
    for book in Shelf.books.all():  # taken here
        book.author.name
"""


@pytest.fixture
def module_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that can be imported, and was not yet."""
    name = "module_with_querysets"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


def _origins(module: ModuleType) -> list[int]:
    with quell.watch() as watch:
        module.of_module()
        module.of_class()
    return [finding.origin.line for finding in watch.findings if finding.origin is not None]


@pytest.mark.parametrize("is_late", [False, True])
def test_queryset_of_a_module_begins_where_a_function_takes_it_up(
    books: list[Book], module_name: str, is_late: bool
) -> None:
    """A request that imports its view finds what all later ones find."""
    if is_late:
        with quell.watch():
            module = importlib.import_module(module_name)
    else:
        module = importlib.import_module(module_name)

    lines = MODULE.splitlines()
    assert [lines[line - 1].partition("# ")[2] for line in _origins(module)] == [
        "built here",
        "taken here",
    ]


def test_class_that_a_function_makes_has_its_own_origin(books: list[Book]) -> None:
    """Nothing was imported here, so the line that makes the queryset is known."""
    with quell.watch() as watch:

        class Shelf:
            books = Book.objects.order_by("pk")  # in a class

        for book in Shelf.books:
            assert book.author.name

    (finding,) = watch.findings
    assert finding.origin is not None
    assert "# in a class" in Path(__file__).read_text().splitlines()[finding.origin.line - 1]
