"""One language per page, English elsewhere."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.utils import translation

import quell
from quell.reporting import webpage
from quell.reporting.table import render as as_text
from quell.reporting.text import describe
from quell.translating import translated, words
from quell.wording.reading import ENGLISH
from tests.reporting.samples import HOSTILE, hostile_report, report
from tests.wording.pseudo import WIDE, plain_letters

_ENGLISH = "3 permissions each loaded their content_type on their own: 3 queries, none needed"
# What a project names, and what is a name of quell or of SQL.
_NAMES = ("quell 0.1.0.dev0", "quell", "n_plus_one", "duplicate_query", "Q101", "Q104", "shop.Ticket", "shop.Customer",
          "TicketView.queryset", "GET /tickets/", "/tickets/", "customer", "views.py", "ValueError: no", "--user",
          "GET /good/", "quell-baseline.json", "--write-baseline", "Q1O1", " gone", " in x", "x")  # fmt: skip


@pytest.fixture
def watched(db: None) -> quell.watch:
    """An N+1 of rows whose model has a translated name, seen by somebody who reads German."""
    owner = ContentType.objects.create(app_label="shop", model="order")
    for number in range(3):
        Permission.objects.create(codename=f"p{number}", name="may", content_type=owner)
    rows = Permission.objects.filter(name="may")
    with translation.override("de"):
        with quell.watch() as watch:
            found = [permission.content_type.model for permission in rows]
        assert len(found) == 3
        assert watch.findings
        assert translation.get_language() == "de"
    return watch


def test_message_is_english_whoever_asks(watched: quell.watch) -> None:
    """Logs and files of a project do not mix languages."""
    (finding,) = watched.findings

    assert finding.message == _ENGLISH
    with translation.override("de"):
        assert _ENGLISH in describe(finding)
        assert _ENGLISH in watched.report()


def test_message_is_translated_with_the_name_of_the_model(watched: quell.watch) -> None:
    """For a page, from its text alone."""
    with translation.override("de"):
        assert translated(watched.findings[0].message) == (
            "3 Berechtigungen haben content_type je für sich geladen: 3 Abfragen, keine nötig"
        )
    assert translated(_ENGLISH) == _ENGLISH


def test_numbers_are_those_of_the_language() -> None:
    """They are part of the sentence."""
    text = "the same SELECT ran 1,234 times with the same parameters: 1,234 queries, none needed"
    with translation.override("de"):
        assert translated(text) == (
            "dasselbe SELECT lief 1.234-mal mit denselben Parametern: 1.234 Abfragen, keine nötig"
        )


@pytest.mark.parametrize("language", [None, "en", "eo"])
def test_language_without_a_catalogue_is_english(language: str | None) -> None:
    """Also where nothing is to be translated, and where Django alone has the language."""
    with translation.override(language):
        assert words() is ENGLISH


def test_report_is_in_german() -> None:
    """Labels, sentences and numbers; code stays."""
    with translation.override("de"):
        page = webpage.render(report(), words())

    assert '<html lang="de">' in page
    assert "<h1>Unnötige Datenbankarbeit</h1>" in page
    assert "4 tickets haben customer je für sich geladen: 4 Abfragen, keine nötig" in page
    assert "12,5" in page
    assert "braucht eine Anmeldung: mit --user einen Benutzer nennen" in page
    assert ".select_related(&quot;customer&quot;)" in page


def test_report_leaves_nothing_untranslated() -> None:
    """Whatever a person reads or hears is translated, but for names and for the documentation."""
    assert plain_letters(webpage.render(report(), WIDE), (*_NAMES, "tickets", "few rows", "it writes")) == []


def test_untranslated_text_would_be_seen() -> None:
    """The proof above can fail: in English, it does."""
    found = plain_letters(webpage.render(report()), _NAMES)

    assert {"Findings", "Not judged", "Because of"} <= set(found)
    assert any("sorted upwards" in text for text in found)


def test_documentation_in_a_report_says_that_it_is_english() -> None:
    """A voice that reads it out has to know; in an English report it is nothing special."""
    assert '<div lang="en">' in webpage.render(report(), WIDE)
    assert '<div lang="en">' not in webpage.render(report())


def test_hostile_names_add_no_element_in_another_language() -> None:
    """They are escaped after they were translated."""
    page = webpage.render(hostile_report(), WIDE)

    assert page.count("<script>") == 1
    assert HOSTILE not in page


def test_terminal_is_english() -> None:
    """As all commands of Django are."""
    with translation.override("de"):
        text = as_text(report())

    assert "1 finding silenced: 1 by comment" in text
    assert "needs a login: name a user with --user" in text
