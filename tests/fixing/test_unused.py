"""``quell fix --unused`` over a project in files: what no page uses goes, what one page uses stays."""

import shutil
from pathlib import Path

import pytest

from tests.fixing.project import Project

VIEWS = """
from django.http import HttpResponse
from django.views.generic import ListView

from shop.models import Book


def titles(request):
    rows = Book.objects.select_related("author").prefetch_related("tags", "reviews")
    return HttpResponse(", ".join(f"{book.title} {len(book.reviews.all())}" for book in rows))


def names(request):
    return HttpResponse(", ".join(book.author.name for book in all_books()))


def bare(request):
    return HttpResponse(", ".join(book.title for book in all_books()))


def all_books():
    return Book.objects.select_related("author")


class Titles(ListView):
    queryset = Book.objects.order_by("title").prefetch_related("tags")

    def render_to_response(self, context):
        return HttpResponse(", ".join(book.title for book in context["object_list"]))
"""
URLS = """
from django.urls import path

from shop import views

urlpatterns = [
    path("titles/", views.titles),
    path("names/", views.names),
    path("bare/", views.bare),
    path("view/", views.Titles.as_view()),
]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that loads too much."""
    found = Project(tmp_path_factory.mktemp("shop"))
    (found.folder / "shop" / "generated.py").unlink()
    (found.folder / "shop" / "views.py").write_text(VIEWS.removeprefix("\n"))
    (found.folder / "urls.py").write_text(URLS.removeprefix("\n"))
    found.prepare()
    return found


def test_fix_takes_out_what_no_page_uses(project: Project, tmp_path: Path) -> None:
    """The relation that one page reads stays in the queryset that both pages use; a second run changes nothing."""
    folder = tmp_path / "shop"
    shutil.copytree(project.folder, folder)
    found = object.__new__(Project)
    found.folder = folder

    first = found.run("quell", "fix", "--unused", "--apply")
    views = (folder / "shop" / "views.py").read_text()
    second = found.run("quell", "fix", "--unused", "--apply")

    assert 'rows = Book.objects.prefetch_related("reviews")\n' in views
    assert 'return Book.objects.select_related("author")\n' in views
    assert 'queryset = Book.objects.order_by("title")\n' in views
    assert "/titles/: as it is written, the same output with 2 instead of 3 queries" in first.stdout
    assert (first.returncode, first.stderr) == (0, "")
    assert second.stdout == "nothing to change\n"


def test_fix_judges_what_is_unused_over_all_pages(project: Project) -> None:
    """With some pages alone nobody knows what the others use."""
    done = project.run("quell", "fix", "--unused", "/titles/")

    assert "--unused judges what no page uses, so it visits all pages: leave out the URLs" in done.stderr
    assert done.returncode == 2


def test_fix_leaves_what_a_page_may_use_that_could_not_be_visited(project: Project, tmp_path: Path) -> None:
    """A page that fails may read what no other one does."""
    folder = tmp_path / "shop"
    shutil.copytree(project.folder, folder)
    urls = folder / "urls.py"
    urls.write_text(urls.read_text().replace("]", '    path("fails/", lambda request: 1 / 0),\n]'))
    found = object.__new__(Project)
    found.folder = folder

    done = found.run("quell", "fix", "--unused")

    assert "why    /fails/ could not be visited, and may use it" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("nothing to change; ")
