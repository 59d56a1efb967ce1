"""Comments that silence in templates, and at classes whose querysets a framework built."""

from pathlib import Path

import pytest
from django.template import Context, Engine
from django.test import override_settings
from django.test.client import Client
from django.urls import path

import quell
from tests.library.models import Book
from tests.silencing.conftest import Write, codes_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def _render(file: Path, text: str) -> quell.watch:
    file.write_text(text, encoding="utf-8")
    engine = Engine(dirs=[str(file.parent)])
    with quell.watch() as watch:
        engine.get_template(file.name).render(Context({"books": Book.objects.order_by("pk")}))
    return watch


TEMPLATE = "<ul>\n{% for book in books %}\n{{ book.author }}MARK\n{% endfor %}\n</ul>"


@pytest.mark.parametrize("comment", ["{# quell: ignore[Q101] #}", "{# a #}{#quell: ignore[Q101] schön#}"])
def test_template_line_is_silenced(tmp_path: Path, comment: str) -> None:
    """A template comment on the line silences what the line loads."""
    watch = _render(tmp_path / "list.html", TEMPLATE.replace("MARK", comment))

    assert codes_of(watch) == ([], ["Q101"])


@pytest.mark.parametrize(
    "text",
    [
        TEMPLATE.replace("MARK", ""),
        TEMPLATE.replace("MARK", "{# quell: ignore[Q102] #}"),
        TEMPLATE.replace("MARK", "<!-- # quell: ignore[Q101] -->"),
        TEMPLATE.replace("MARK", "\n{# quell: ignore[Q101] #}"),
    ],
)
def test_template_line_without_its_comment_is_reported(tmp_path: Path, text: str) -> None:
    """Other codes, other comments and other lines silence nothing."""
    assert codes_of(_render(tmp_path / "list.html", text)) == (["Q101"], [])


def test_edited_template_is_read_again(tmp_path: Path) -> None:
    """A template changes while the process runs, and its comment counts at once."""
    file = tmp_path / "list.html"

    before = codes_of(_render(file, TEMPLATE.replace("MARK", "")))
    after = codes_of(_render(file, TEMPLATE.replace("MARK", " {# quell: ignore[Q101] #}")))

    assert (before, after) == ((["Q101"], []), ([], ["Q101"]))


def test_template_without_a_file_is_reported() -> None:
    """A template from a text has no lines to read."""
    with quell.watch() as watch:
        Engine().from_string(TEMPLATE.replace("MARK", "{# quell: ignore[Q101] #}")).render(
            Context({"books": Book.objects.order_by("pk")})
        )

    assert codes_of(watch) == (["Q101"], [])


VIEW = """
from django.http import HttpResponse
from django.views.generic import ListView
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

@method_decorator(never_cache, name="dispatch")
class Books(ListView):{comment}
    model = Book
    ordering = "pk"

    def render_to_response(self, context):
        return HttpResponse(" ".join(self.text(book) for book in context["object_list"]))

    def text(self, book):
        return str(book.author)
"""


@pytest.mark.parametrize(
    ("comment", "codes"), [("", (["Q101"], [])), ("  # quell: ignore[Q101]", ([], ["Q101"]))]
)
def test_class_line_silences_its_querysets(
    write: Write, comment: str, codes: tuple[list[str], list[str]]
) -> None:
    """Where a framework built the queryset, the line of the class takes the comment."""
    module = write(VIEW.format(comment=comment))
    module.__dict__["urlpatterns"] = [path("", module.Books.as_view())]

    with override_settings(ROOT_URLCONF=module.__name__), quell.watch() as watch:
        Client().get("/")

    assert codes_of(watch) == codes
