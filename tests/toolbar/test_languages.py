"""The panel in the language of whoever looks at it."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.test import Client, override_settings

from tests.toolbar.conftest import CONFIG
from tests.wording.pseudo import plain_letters, wide_language

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("toolbar")]
PanelOf = Callable[[HttpResponseBase], Any]
OpenPanel = Callable[[HttpResponseBase], str]

_GERMAN = {**CONFIG, "TOOLBAR_LANGUAGE": "de"}
# What the project names: models, paths and functions, and statements without a queryset.
_NAMES = ("library.Author", "library.Country", "country", "urls.py", "authors", "tests/toolbar/", "other", "INSERT",
          "GET", "Q101", "Q105", "quell", "views.py")  # fmt: skip
# A link to a line says in its title which function that is in.
_FUNCTIONS = (
    "authors",
    "authors.<locals>.<genexpr>",
    "fast_authors",
    "fast_authors.<locals>.<genexpr>",
    "create",
    "write",
)


@override_settings(DEBUG_TOOLBAR_CONFIG=_GERMAN)
def test_panel_is_in_german(panel_of: PanelOf, open_panel: OpenPanel) -> None:
    """Its labels and what findings say, while what is kept of the request is English."""
    response = Client().get("/authors/")
    page = unescape(open_panel(response))

    assert "<h4>Befunde</h4>" in page
    assert "3 authors haben country je für sich geladen: 3 Abfragen, keine nötig" in page
    assert '<code>.select_related("country")</code>' in page
    assert panel_of(response).get_stats()["findings"][0]["message"] == (
        "3 authors each loaded their country on their own: 3 queries, none needed"
    )


@override_settings(DEBUG_TOOLBAR_CONFIG=_GERMAN)
def test_page_of_a_line_is_in_german(open_panel: OpenPanel) -> None:
    """It is asked for by a link of the panel."""
    (address, *_) = re.findall(
        r'href="(/__debug__/quell_source/[^"]+)"', open_panel(Client().get("/authors/"))
    )

    assert "Der Code um Zeile" in Client().get(unescape(address)).json()["content"]


def _shown(stats: dict[str, Any]) -> str:
    with wide_language():
        return render_to_string("quell/toolbar/panel.html", stats)


@pytest.mark.parametrize("page", ["/authors/", "/fast/", "/nothing/", "/write/"])
def test_panel_leaves_nothing_untranslated(page: str, panel_of: PanelOf) -> None:
    """Whatever a person reads or hears is translated, but for code and names."""
    panel = panel_of(Client().get(page))

    assert plain_letters(_shown(panel.get_stats()), _NAMES, whole=_FUNCTIONS) == []
    with wide_language():
        assert plain_letters(f"{panel.title} {panel.nav_title} {panel.nav_subtitle}", ()) == []


def test_rare_parts_of_the_panel_are_translated(panel_of: PanelOf) -> None:
    """What was silenced, what is wrong with comments, and what was too much."""
    stats = panel_of(Client().get("/authors/")).get_stats()
    stats["silenced"] = [{"what": "library.Author country", "count": 1, "by": "views.py:1", "reason": ""}]
    stats["complaints"] = [
        'views.py:3 names no code, and silences nothing: write "quell: ignore[Q101]"',
        'views.py:4 names the unknown code "Q1O1". Did you mean "Q101"?',
    ]
    stats["dropped_count"] = stats["left_out_count"] = 2
    stats["nodes"][0]["alias"] = "other"

    assert plain_letters(_shown(stats), (*_NAMES, "Q1O1"), whole=_FUNCTIONS) == []
    assert plain_letters(_shown({"has_failed": True}), ()) == []
    for lines in ([], [(1, "x = 1")]):
        with wide_language():
            text = render_to_string(
                "quell/toolbar/source.html", {"file": "views.py", "line": 1, "lines": lines}
            )
        assert plain_letters(text, _NAMES) == []
