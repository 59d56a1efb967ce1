"""The catalogues have every text, and a translation of each."""

from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.utils import translation

from tools import messages


@pytest.mark.parametrize("language", messages.languages())
def test_catalogue_is_complete(language: str) -> None:
    """Nothing is missing, fuzzy, empty or of other placeholders, and what is compiled is what was written."""
    assert list(messages.complaints(language)) == []


def test_every_language_that_is_shipped_is_german_at_least() -> None:
    """There is one, or the test above says nothing."""
    assert "de" in messages.languages()


def test_catalogue_has_neither_dates_nor_places_of_a_machine() -> None:
    """It changes when a text does, and never else."""
    text = messages.file_of("de").read_text()

    assert "Date" not in text.split("\n\n")[0]
    assert str(messages.ROOT) not in text
    assert messages.as_po(messages.updated("de")).decode() == text


def test_module_gives_the_texts_that_are_marked() -> None:
    """By any of the names that Django has for it, in an f-string as well, and no others."""
    text = 'f"{_(\'a\')}"; ngettext("b", "c", n); gettext_lazy("d" "e"); wording("f", "g"); other("h"); _(name); _("")'

    assert [each.id for each in messages.in_module(text, "x.py")] == ["a", ("b", "c"), "de", ("f", "g")]


def test_template_gives_the_texts_that_django_looks_up() -> None:
    """Placeholders are spelled as Django spells them."""
    text = (
        "{% load i18n %}{% if x %}<p title=\"{% translate 'a 5%' %}\">{% endif %}"
        "{% blocktranslate count n=x %}{{ n }} b{% plural %}{{ n }} c{% endblocktranslate %}"
    )
    assert [each.id for each in messages.in_template(text, "x.html")] == ["a 5%%", ("%(n)s b", "%(n)s c")]


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (Message("a {b}", "c {b}"), None),
        (Message("a {b}", ""), "is empty"),
        (Message("a {b}", "c"), "has other placeholders"),
        (Message("%(n)s a", "%(m)s a"), "has other placeholders"),
        (Message(("{count} a", "{count} b"), ("{count} c", "")), "is empty"),
        (Message(("{count} a", "{count} b"), ("{count} c", "d")), "has other placeholders"),
        (Message("a", "b", flags=["fuzzy"]), "is fuzzy"),
    ],
)
def test_wrong_translation_is_told(message: Message, problem: str | None) -> None:
    """Each mistake has its words."""
    assert list(messages.problems_of(message)) == ([problem] if problem else [])


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the German catalogue, in place of it."""
    monkeypatch.setattr(messages, "LOCALE", tmp_path)
    for name in ("django.po", "django.mo"):
        file = tmp_path / "de" / "LC_MESSAGES" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((messages.SOURCE / "locale" / "de" / "LC_MESSAGES" / name).read_bytes())
    return tmp_path / "de" / "LC_MESSAGES" / "django.po"


def test_missing_and_forgotten_texts_are_told(copy: Path) -> None:
    """A text that is marked and not there, and one that is there and not marked."""
    copy.write_text(copy.read_text().replace('msgid "Findings"', 'msgid "Findinks"'))
    found = list(messages.complaints("de"))

    assert "de: is missing: Findings" in found
    assert "de: is marked nowhere: Findinks" in found
    assert "de: was changed and not compiled: run make messages" in found


def test_new_language_is_begun_and_found_incomplete(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is there to be translated; until then its texts are English."""
    assert messages.main(["pl"]) == 1

    assert "pl: is empty: Findings" in capsys.readouterr().out
    assert "nplurals=3" in messages.file_of("pl").read_text()


def test_check_changes_nothing(copy: Path) -> None:
    """It tells, and leaves the repair to make messages."""
    copy.write_text(copy.read_text().replace("Befunde", "Funde"))
    before = copy.read_bytes(), copy.with_suffix(".mo").read_bytes()

    assert messages.main(["--check"]) == 1
    assert (copy.read_bytes(), copy.with_suffix(".mo").read_bytes()) == before
    assert messages.main([]) == 0
    assert messages.main(["--check"]) == 0


def test_django_finds_the_catalogue() -> None:
    """It lies where Django looks in an application."""
    with translation.override("de"):
        assert translation.gettext("Needless database work") == "Unnötige Datenbankarbeit"
