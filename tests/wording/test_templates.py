"""Texts are made of templates, and recognised by them."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.wording import outcomes, sentences
from quell.wording.outcomes import OUTCOMES
from quell.wording.reading import ENGLISH, TEXTS, Words, read
from quell.wording.refusals import REFUSALS
from quell.wording.sentences import CLAUSES
from quell.wording.templates import NUMBERS, Part, Wording, wording
from tests.wording.pseudo import WIDE

ALL = (*CLAUSES, *OUTCOMES, *REFUSALS)
_GERMAN = Words(
    language="de",
    gettext=lambda text: text.replace("none needed", "keine nötig"),
    ngettext=lambda one, many, count: many.replace("none needed", "keine nötig"),
    write=lambda value, decimals, *, is_grouped: (
        f"{value:,.{decimals}f}".replace(",", "·").replace(".", ",").replace("·", "." if is_grouped else "")
    ),
)


def _names(template: str) -> list[str]:
    return re.findall(r"(?<!\{)\{(\w+)\}", template)


def _value(name: str, count: int, text: str) -> str | int:
    if name in NUMBERS:
        return count
    return text.rpartition(".")[2] if name == "method" else text


def _samples(made: Wording, text: str = "shop.Order") -> Iterator[str]:
    """Yield a text for each way to make one of a template, but not for each pair of ways."""
    for count in (1, 2, 1234):
        values: dict[str, str | int] = {}
        for name in _names(made.one):
            part = made.parts.get(name)
            if part is not None:
                values[name] = next(_samples(part.wordings[count % len(part.wordings)], text))
            else:
                values[name] = _value(name, count, text)
        yield made(**values)
    for name, part in made.parts.items():
        for inner in part.wordings:
            others: dict[str, str | int] = {
                other: next(_samples(made.parts[other].wordings[0], text))
                if other in made.parts
                else _value(other, 2, text)
                for other in _names(made.one)
            }
            yield made(**{**others, name: next(_samples(inner, text))})


@pytest.mark.parametrize("made", ALL, ids=lambda made: made.one[:60])
def test_each_text_of_a_template_is_recognised(made: Wording) -> None:
    """English made again of what was recognised is the same text."""
    for text in _samples(made):
        assert read(text), text
        assert ENGLISH.message(text) == text


@pytest.mark.parametrize("made", ALL, ids=lambda made: made.one[:60])
def test_each_part_of_a_text_is_translated(made: Wording) -> None:
    """Nothing but the values is left in English."""
    for text in _samples(made, "0"):
        assert not re.search(r"[A-Za-z]", WIDE.message(text)), text


def test_templates_that_say_the_same_are_one() -> None:
    """No template hides another one."""
    texts = [made.one for made in ALL]

    assert len(texts) == len(set(texts))


@given(st.text(min_size=1, max_size=40), st.integers(1, 10**9), st.integers(1, 10**6))
def test_names_with_odd_characters_survive(name: str, count: int, needed: int) -> None:
    """Names of models and relations may hold what templates consist of; the text stays the same."""
    loaded = sentences.LOADS[""](rows=sentences.ROWS_OF(count=count, noun=name), relation=name)
    text = sentences.LOADED(load=loaded, cost=sentences.COST(count=count, needed=needed))
    whole = "; ".join([text, sentences.ASKED_AT(places=name), sentences.CHUNKS()])

    assert read(text)
    assert ENGLISH.message(whole) == whole


@given(st.text())
def test_any_text_stays_as_it_is_in_english(text: str) -> None:
    """What fits no template is left alone, and what fits one by chance says the same."""
    assert ENGLISH.message(text) == text


@pytest.mark.parametrize("text", ["", "6 books were slow", "; ", "raises", "x" * 10_000, "; " * 5_000])
def test_text_of_somebody_else_is_shown_as_it_is(text: str) -> None:
    """An older release said other things."""
    assert WIDE.message(text) == text


def test_clauses_are_told_apart() -> None:
    """Each clause has a template of its own, also where a value holds what stands between them."""
    text = "a loop wrote rows one by one: 3 queries, none needed; the loop is at a; b.py:3; asked at x.py:1"
    found = read(text)

    assert found is not None
    assert [made for made, _ in found] == [sentences.WRITTEN, sentences.LOOP_AT, sentences.ASKED_AT]
    assert found[1][1]["place"] == "a; b.py:3"


def test_several_effects_are_translated_each() -> None:
    """They are recognised one by one, with their numbers."""
    text = "mail (a and b) 2 times and another process and a sleep of 0.5 s inside the transaction of view at v.py:3"

    assert ENGLISH.message(text) == text
    assert not re.search(
        r"[A-Za-z]", WIDE.message(text).replace("a and b", "").replace("view", "").replace("v.py", "")
    )


def test_numbers_are_written_as_the_language_does() -> None:
    """A comma is no decimal point."""
    text = "the same SELECT ran 1,234 times with the same parameters: 1,234 queries, none needed"
    long = sentences.LONG(
        opened="of view", seconds="1.5", other="0.5", statements=sentences.STATEMENTS(count=2)
    )

    assert _GERMAN.message(text).endswith("1.234 times with the same parameters: 1.234 queries, keine nötig")
    assert "1,5 s" in _GERMAN.message(long)


def test_name_of_a_model_is_looked_up() -> None:
    """The catalogue of its project may have it."""
    words = Words(gettext=lambda text: "Bücher" if text == "books" else text)

    assert "6 Bücher each" in words.message(
        "6 books each loaded their author on their own: 6 queries, none needed"
    )


def test_wrong_placeholder_of_a_catalogue_breaks_no_page() -> None:
    """The English text is shown instead."""
    words = Words(gettext=lambda text: text.replace("{place}", "{plaec}"))

    assert words.message("the loop is at a.py:1") == "the loop is at a.py:1"


def test_part_joins_what_it_reads() -> None:
    """What stands between two texts may stand in a value as well."""
    part = Part(wording("a {name}"), wording("b"), between=", ")

    assert part.read("a 1, b, a 2, 3") is not None
    assert part.read("c") is None
    assert outcomes.SILENCED in TEXTS.wordings
