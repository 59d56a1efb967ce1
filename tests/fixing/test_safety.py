"""Whether code that asks may be changed together with its queryset."""

from pathlib import Path
from textwrap import dedent

import libcst as cst
import pytest
from django.test import override_settings

from quell.events import Location
from quell.management.fixing.safety import Project, check_reader
from quell.management.fixing.source import CannotFixError, read_source
from quell.management.fixing.tree import Tree
from tests.fixing.conftest import load

HEAD = """
from django.http import HttpResponse
from django.urls import path
from django.views.generic import ListView
from rest_framework import viewsets
from rest_framework.decorators import action

from tests.library.models import Book

"""


def _check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, view: str) -> str:
    """Return why the first queryset of some views is not to be changed together with what asks."""
    file = tmp_path / "read_views.py"
    file.write_text(HEAD + dedent(code) + f'\n\nurlpatterns = [path("page/", {view})]\n')
    load(file, "read_views", monkeypatch)
    tree = Tree(read_source(file))
    nodes = [node for node in tree.nodes if isinstance(node, cst.Attribute) and node.attr.value == "objects"]
    with override_settings(ROOT_URLCONF="read_views"):
        try:
            check_reader(tree, nodes[0], Location(str(file), 1), ["/page/?q=1"])
        except CannotFixError as error:
            return str(error)
    return ""


READERS = {
    "a function": ("def view(request):\n    return HttpResponse(Book.objects.all())", "view"),
    "a class": ("class View(ListView):\n    queryset = Book.objects.all()", "View.as_view()"),
    "a view set": (
        "class View(viewsets.ReadOnlyModelViewSet):\n    queryset = Book.objects.all()",
        'View.as_view({"get": "list"})',
    ),
    "a base class": (
        "class Base(ListView):\n    queryset = Book.objects.all()\nclass View(Base):\n    pass",
        "View.as_view()",
    ),
}


@pytest.mark.parametrize(("code", "view"), READERS.values(), ids=READERS)
def test_reader_is_a_view_that_only_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, view: str
) -> None:
    """What a view builds, and only shows, may hold an answer."""
    assert _check(tmp_path, monkeypatch, code, view) == ""


WRITERS = {
    "a function that looks at the method": (
        "def view(request):\n    if request.method == 'PUT': pass\n    return HttpResponse(Book.objects.all())",
        "view",
        "view() also takes other requests or writes",
    ),
    "a function that saves": (
        "def view(request):\n    book = Book.objects.first()\n    book.save()\n    return HttpResponse()",
        "view",
        "view() also takes other requests or writes",
    ),
    "a class with a handler": (
        "class View(ListView):\n    queryset = Book.objects.all()\n    def post(self, request): ...",
        "View.as_view()",
        "the view also has View.post()",
    ),
    "a view set": (
        "class View(viewsets.ModelViewSet):\n    queryset = Book.objects.all()",
        'View.as_view({"get": "list"})',
        "the view also has View.create()",
    ),
    "a view set with an action": (
        "class View(viewsets.ReadOnlyModelViewSet):\n    queryset = Book.objects.all()\n"
        "    @action(detail=True, methods=['post'])\n    def close(self, request): ...",
        'View.as_view({"get": "list"})',
        "the view also has View.close()",
    ),
    "a class whose heir has a handler": (
        "class View(ListView):\n    queryset = Book.objects.all()\n"
        "class Heir(View):\n    def delete(self, request): ...",
        "View.as_view()",
        "the view also has Heir.delete()",
    ),
    "a function that a view calls": (
        "def books():\n    return Book.objects.all()\ndef view(request):\n    return HttpResponse(books())",
        "view",
        "other code than a view builds the queryset",
    ),
}


@pytest.mark.parametrize(("code", "view", "reason"), WRITERS.values(), ids=WRITERS)
def test_writer_is_left_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, view: str, reason: str
) -> None:
    """Where rows may change between their load and the answer, the database is asked."""
    assert _check(tmp_path, monkeypatch, code, view).startswith(reason)


def test_project_knows_which_names_it_uses(tmp_path: Path) -> None:
    """A name counts in code and in templates, but not as a part of another one, nor in an environment."""
    (tmp_path / "a.py").write_text("x.tags_count_of = 1\n")
    (tmp_path / "a.html").write_text("{{ book.rating }}\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "b.py").write_text("other = 1\n")
    project = Project((tmp_path,))
    assert [project.uses(name) for name in ("tags_count", "tags_count_of", "rating", "other")] == [
        False,
        True,
        True,
        False,
    ]
