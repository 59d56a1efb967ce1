"""
A language that is English in wide letters: what is shown in plain ones was not translated.

It stands in for every catalogue, Django's own included. Placeholders, tags and entities stay as they are.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from quell.findings import Finding
from quell.wording.reading import ENGLISH, Words, read

_KEPT = re.compile(r"(%\(\w+\)\w|%\w|\{\w*\}|<[^>]*>|&\w+;)")
_LETTER = re.compile(r"[A-Za-z]")
# Elements whose text is code, or is of no language; a void element has no end.
_CODE = frozenset({"code", "pre", "script", "style", "textarea"})
_VOID = frozenset({"meta", "wbr", "link", "input", "img", "br", "hr"})
_SPOKEN = frozenset({"alt", "aria-label", "data-copied", "data-done", "data-down", "data-failed", "data-select"}) | {
    "data-quell-done", "data-quell-failed", "data-up", "placeholder", "title",
}  # fmt: skip


def wide(text: str) -> str:
    """Return a text in wide letters."""
    parts = _KEPT.split(text)
    return "".join(
        part if position % 2 else _LETTER.sub(lambda found: chr(ord(found[0]) + 0xFEE0), part)
        for position, part in enumerate(parts)
    )


def wide_number(one: str, many: str, count: int) -> str:
    """Return the text for a number in wide letters."""
    return wide(one if count == 1 else many)


WIDE = Words(language="eo", gettext=wide, ngettext=wide_number)


@contextmanager
def wide_language() -> Iterator[None]:
    """Let everything that goes through Django's translations come out in wide letters."""
    with pytest.MonkeyPatch.context() as patch, translation.override("de"):
        # What chooses between the real functions and those of USE_I18N = False.
        # It is private, so the stubs have none.
        chosen = translation._trans  # type: ignore[attr-defined]
        patch.setattr(chosen, "gettext", wide)
        patch.setattr(chosen, "ngettext", wide_number)
        patch.setattr(chosen, "pgettext", lambda context, text: wide(text))
        patch.setattr(chosen, "npgettext", lambda context, *given: wide_number(*given))
        patch.setattr(trans_real, "gettext", wide)
        yield


class _Shown(HTMLParser):
    """Collects what a person reads or hears."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._open: list[tuple[str, bool]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        is_quiet = self._is_quiet or tag in _CODE or (tag != "html" and attributes.get("lang") == "en")
        if not is_quiet:
            self.texts += [value for name, value in attributes.items() if name in _SPOKEN and value]
        if tag not in _VOID:
            self._open.append((tag, is_quiet))

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._is_quiet and data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def _is_quiet(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def plain_letters(page: str, names: Iterable[str], *, whole: Iterable[str] = ()) -> list[str]:
    """
    Return the texts of a page that hold letters of no translation.

    Args:
        page: In wide letters, but for code and for what others have named.
        names: What others have named, wherever it stands.
        whole: The same, where it is all of a text.
    """
    known = re.compile("|".join([r"\{\w+\}", *map(re.escape, sorted(names, key=len, reverse=True))]))
    return [
        text for text in _Shown(page).texts if text not in {*whole} and _LETTER.search(known.sub("", text))
    ]


def assert_translatable(finding: Finding) -> None:
    """Assert that all of a message is recognised, and comes out the same in English."""
    assert not finding.message or read(finding.message), finding.message
    assert ENGLISH.message(finding.message) == finding.message
