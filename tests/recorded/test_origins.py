"""The names of places that build querysets, and whether these are still there."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth import get_user, login
from django.contrib.sessions.backends.cache import SessionStore
from django.http import HttpRequest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from rest_framework.test import APIRequestFactory

from quell.loading.recorded.origins import Origin
from quell.loading.recorded.places import vanished
from quell.recording import record
from tests.library.models import Author, Book
from tests.recorded import drifted, work

pytestmark = pytest.mark.usefixtures("library")

HERE = "tests.recorded.drifted"
LIST = "tests/library/templates/library/list.html"


def _origins(run: Callable[[], object]) -> list[str]:
    with record() as recorder:
        run()
    return [str(origin) for origin in recorder.plans]


def test_equal_expressions_of_one_function_are_told_apart() -> None:
    """Two querysets of one function have two names, also where they are written alike."""
    assert _origins(work.titles_and_texts) == [
        "tests.recorded.work:titles_and_texts: Book.objects.filter(pk__gt=0)",
        "tests.recorded.work:titles_and_texts: Book.objects.filter(pk__gt=0)#2",
    ]


def test_quotes_and_line_breaks_do_not_matter() -> None:
    """An expression is spelled in one way, however it is formatted, and without its comments."""
    expected = f"{HERE}:books: Book.objects.filter(title__contains='Book')#2"
    assert _origins(lambda: list(drifted.books())) == [expected]


def test_inner_functions_and_comprehensions_are_part_of_the_name() -> None:
    """What is built in a comprehension belongs to its function on every Python."""
    assert _origins(drifted.outer) == [f"{HERE}:outer.<locals>.inner: Book.objects.order_by('title')"]


def test_method_is_named_by_the_class_that_runs_it() -> None:
    """Two views that inherit one method have two names."""
    runs = [
        lambda cls=cls: cls.as_view({"get": "list"})(APIRequestFactory().get("/")).render()
        for cls in (work.BookViewSet, work.TextViewSet)
    ]
    assert [_origins(run) for run in runs] == [
        ["tests.recorded.work:BookViewSet.get_queryset: Book.objects.order_by('pk')"],
        ["tests.recorded.work:TextViewSet.get_queryset: Book.objects.order_by('pk')"],
    ]


def test_generic_view_is_named_by_its_class() -> None:
    """What a library's method builds belongs to the class that it runs for."""
    view = work.AuthorListView.as_view()
    assert _origins(lambda: view(APIRequestFactory().get("/")).render()) == [
        "tests.recorded.work:AuthorListView.get_queryset (library.Author)"
    ]


def test_list_view_is_named_by_its_class(tmp_path: Path, settings: Any) -> None:
    """The rows of a ListView are read in its template, when the view is gone."""
    (tmp_path / "recorded").mkdir()
    text = "{% for author in object_list %}{{ author.country }}{% endfor %}"
    (tmp_path / "recorded" / "authors.html").write_text(text)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    view: Any = work.AuthorList.as_view()
    with record() as recorder:
        assert b"Country 0" in view(RequestFactory().get("/")).render().content

    [(origin, plan)] = recorder.plans.items()
    assert str(origin) == "tests.recorded.work:AuthorList.get_queryset (library.Author)"
    assert plan.paths == ("country",)


def test_queryset_that_a_template_builds_is_named_by_its_tag(tmp_path: Path, settings: Any) -> None:
    """A manager in a context is asked by the template."""
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "books.html").write_text("{% for book in books.all %}{{ book.title }}{% endfor %}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(folder)]}]
    with record() as recorder:
        assert "Book 0" in render_to_string("books.html", {"books": Book.objects})
    [origin] = recorder.plans

    assert str(origin) == "templates/books.html: for book in books.all"


def test_template_without_a_file_has_no_name() -> None:
    """A template that is a text in the code cannot be found again."""
    template = Template("{% for book in books.all %}{{ book.title }}{% endfor %}")
    assert all(
        "templates" not in name
        for name in _origins(lambda: template.render(Context({"books": Book.objects})))
    )


def test_user_of_a_request_is_nobodys_queryset(rf: RequestFactory, django_user_model: Any) -> None:
    """Whoever reads ``request.user`` first has not built its queryset."""
    user = django_user_model.objects.get(username="reader")
    request: HttpRequest = rf.get("/")
    request.session = SessionStore()
    login(request, user, "django.contrib.auth.backends.ModelBackend")

    assert _origins(lambda: get_user(request).is_authenticated) == []


def test_keys_and_columns_are_nobodys_querysets() -> None:
    """What Django loads on demand hangs on the rows that ask for it."""
    author = Author.objects.defer("name").order_by("pk")[0]
    assert _origins(lambda: (author.country.name, author.name)) == []


@pytest.mark.parametrize(
    ("place", "code"),
    [
        (f"{HERE}:books", "Book.objects.filter(title__contains='Book')#2"),
        (f"{HERE}:outer.<locals>.inner", "Book.objects.order_by('title')"),
        (f"{HERE}:Shelf.first", "Book.objects.order_by('pk')"),
        (f"{HERE}:TopShelf.last", "Book.objects.order_by('-pk')"),
        (f"{HERE}:TopShelf.all", "Book.objects.exclude(title='')"),
        (f"{HERE}:Shelf.none", "Book.objects.filter(pk=0)"),
        (f"{HERE}:TopShelf.all", ""),
        (LIST, "for book in books"),
        ("tests/recorded/drifted.py:books", ""),
        ("collections:OrderedDict.__len__", "Book.objects.all()"),
    ],
)
def test_origin_that_is_there_has_not_vanished(place: str, code: str) -> None:
    """Whatever kind of function, and whoever inherits it: it is found, or nobody can tell."""
    assert vanished(Origin(place, "library.Book", code)) == ""


@pytest.mark.parametrize(
    ("place", "code", "reason"),
    [
        ("tests.recorded.gone:books", "", "there is no module tests.recorded.gone"),
        (f"{HERE}:gone", "", f"{HERE} has no gone"),
        (f"{HERE}:Shelf.gone", "", f"{HERE} has no Shelf.gone"),
        (f"{HERE}:books", "Book.objects.all()", "Book.objects.all() is not in"),
        (f"{HERE}:books", "Book.objects.filter(title__contains='Book')#3", "is not in"),
        ("library/gone.html", "for book in books", "there is no template library/gone.html"),
        (LIST, "for gone in books", f"for gone in books is not in {LIST}"),
        ("tests/recorded/gone.py:books", "", "there is no file tests/recorded/gone.py"),
    ],
)
def test_origin_that_is_gone_says_what_is_missing(place: str, code: str, reason: str) -> None:
    """A renamed module, function, expression, template or tag is named."""
    assert reason in vanished(Origin(place, "library.Book", code))


def test_code_without_a_source_is_known_by_its_function(tmp_path: Path) -> None:
    """Where there are only compiled files, the one queryset of a function and a model has its plan."""
    from quell import FetchPlan
    from quell.loading.recorded.blocks import apply_plans

    text = (
        "from tests.library.models import Book\ndef read():\n    return list(Book.objects.order_by('pk'))\n"
    )
    module = ModuleType("compiled")
    exec(compile(text, str(tmp_path / "compiled.py"), "exec"), module.__dict__)
    sys.modules["compiled"] = module
    origin = Origin("compiled:read", "library.Book", "Book.objects.order_by('pk')")
    other = Origin("compiled:read", "library.Book", "Book.objects.all()")
    try:
        with apply_plans({origin: FetchPlan(only=["title"])}):
            one = module.read()[0].get_deferred_fields()
        with apply_plans({origin: FetchPlan(only=["title"]), other: FetchPlan(only=["pk"])}):
            both = module.read()[0].get_deferred_fields()
    finally:
        del sys.modules["compiled"]

    assert "text" in one
    assert not both
