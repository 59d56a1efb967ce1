"""Show a text in the language of a page: labels, numbers, and what was made of templates."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypeAlias

from quell.wording.outcomes import OUTCOMES
from quell.wording.refusals import REFUSALS
from quell.wording.sentences import CLAUSES
from quell.wording.templates import NUMBERS, Part, Values, Wording

# What stands on pages; several texts are one with this between them.
TEXTS = Part(*CLAUSES, *OUTCOMES, *REFUSALS, between="; ")
# Longer ones are not worth the time: no page of quell has them.
_MAX_LENGTH = 4_000
_MAX_TEXTS = 20
# The name of a model, which the catalogue of its project may have.
_NOUN = "noun"

_Found: TypeAlias = tuple[tuple[Wording, Values], ...]


class Write(Protocol):
    """How a language writes numbers: with so many decimals, and its thousands apart or not."""

    def __call__(self, value: float, decimals: int, *, is_grouped: bool) -> str:
        """Return a number."""


def _choose(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


def _plain(value: float, decimals: int, *, is_grouped: bool) -> str:
    return f"{value:,.{decimals}f}" if is_grouped else f"{value:.{decimals}f}"


@dataclass(frozen=True, slots=True)
class Words:
    """The language of a page, English by default; called with a label it returns that."""

    language: str = "en"
    gettext: Callable[[str], str] = str
    ngettext: Callable[[str, str, int], str] = _choose
    write: Write = _plain

    def __call__(self, label: str) -> str:
        """Return a label."""
        return self.gettext(label)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number."""
        return self.write(value, decimals, is_grouped=False)

    def message(self, text: str) -> str:
        """Return what a finding, a proof or a page says; as it is where no template fits."""
        found = read(text)
        try:
            return self._joined(TEXTS, found) if found else text
        except (LookupError, ValueError):
            # A catalogue of a project, with placeholders that the template does not have.
            return text

    def _joined(self, part: Part, found: _Found) -> str:
        texts = [self._said(wording, values) for wording, values in found]
        if part.last is None or len(texts) == 1:
            return part.between.join(texts)
        said = texts[0]
        for text in texts[1:]:
            said = self.gettext(part.last.one).format(effects=said, effect=text)
        return said

    def _said(self, wording: Wording, values: Values) -> str:
        if wording.many:
            count = int(values["count"].replace(",", ""))
            template = self.ngettext(wording.one, wording.many, count)
        else:
            template = self.gettext(wording.one)
        return template.format(**{name: self._value(wording, name, text) for name, text in values.items()})

    def _value(self, wording: Wording, name: str, text: str) -> str:
        if name in wording.parts:
            found = wording.parts[name].read(text)
            return self._joined(wording.parts[name], found) if found else text
        if name in NUMBERS:
            decimals = len(text.partition(".")[2])
            return self.write(float(text.replace(",", "")), decimals, is_grouped="," in text)
        return self.gettext(text) if name == _NOUN else text


ENGLISH = Words()


@lru_cache(maxsize=1024)
def read(text: str) -> _Found | None:
    """Return the templates and values that a text was made of, ``None`` where it is none of quell's."""
    if len(text) > _MAX_LENGTH or text.count(TEXTS.between) >= _MAX_TEXTS:
        return None
    return TEXTS.read(text)
