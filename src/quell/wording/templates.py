"""
Templates of texts: English is made of them, and recognised by them.

# Note [Texts are recognised]
A text is English wherever it is kept: in a finding, a log, a file, a store. A page shows it in the language of whoever
reads it, and has nothing but the text, which may be of another process, of last week, or of an older release. So it
looks for the template that the text was made of, takes the translation of that, and puts the values in again. What
no template fits is shown as it is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from string import Formatter
from typing import TypeAlias

# Placeholders that hold a number; all others hold a text, or one that was made of another template.
NUMBERS = frozenset({"count", "needed", "other", "seconds"})
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_TEXT = r".+?"
# Placeholders that hold a name of Python, of which no text in front of it can be a part.
_NAMES = frozenset({"method"})

Values: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Wording:
    """
    A template with named placeholders.

    ``many`` is the template for other numbers than 1, where ``count`` decides. ``parts`` are the templates that the
    value of a placeholder is made of.
    """

    one: str
    many: str = ""
    parts: Mapping[str, "Part"] = field(default_factory=dict)

    def __call__(self, **values: str | int) -> str:
        """Return the English text."""
        template = self.many if self.many and values["count"] != 1 else self.one
        return template.format(
            **{name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
        )

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """What recognises a text, compiled once."""
        return tuple(re.compile(self._regex(text, is_named=True), re.DOTALL) for text in self._templates)

    @cached_property
    def regex(self) -> str:
        """What recognises it as a part of another text."""
        return "|".join(self._regex(text, is_named=False) for text in self._templates)

    @property
    def weight(self) -> int:
        """How much of a text it says by itself: what says more is the better explanation of a text."""
        return sum(len(literal) for literal, _, _, _ in Formatter().parse(self.one))

    def read(self, text: str) -> Values | None:
        """Return the values that a text was made with, ``None`` where it was not made of this template."""
        for pattern in self.patterns:
            found = pattern.fullmatch(text)
            if found is not None:
                return found.groupdict()
        return None

    @property
    def _templates(self) -> tuple[str, ...]:
        return (self.one, self.many) if self.many else (self.one,)

    def _regex(self, template: str, *, is_named: bool) -> str:
        return "".join(self._pieces(template, is_named=is_named))

    def _pieces(self, template: str, *, is_named: bool) -> Iterator[str]:
        for literal, name, _, _ in Formatter().parse(template):
            yield re.escape(literal)
            if name:
                inner = self._value(name)
                yield f"(?P<{name}>{inner})" if is_named else f"(?:{inner})"

    def _value(self, name: str) -> str:
        if name in self.parts:
            return self.parts[name].regex
        if name in NUMBERS:
            return _NUMBER
        return r"\w+" if name in _NAMES else _TEXT


class Part:
    """
    Texts of some templates, one or several with something between them.

    Args:
        wordings: The templates; the one that says most by itself is tried first.
        between: What stands between two of them; nothing where there is only one.
        last: The template for what stands in front of the last one, where that is translated, too.
    """

    def __init__(self, *wordings: Wording, between: str = "", last: Wording | None = None) -> None:
        self.wordings: Sequence[Wording] = sorted(wordings, key=lambda each: -each.weight)
        self.between = between
        self.last = last

    @cached_property
    def regex(self) -> str:
        """What recognises it as a part of another text."""
        one = "|".join(each.regex for each in self.wordings)
        return f"(?:{one})(?:{re.escape(self.between)}(?:{one}))*" if self.between else one

    def join(self, texts: Sequence[str]) -> str:
        """Return English texts as one."""
        return self.between.join(texts)

    def read(self, text: str) -> tuple[tuple[Wording, Values], ...] | None:
        """
        Return the templates and values that a text was made of, ``None`` where it was not.

        Values may hold what stands between two texts. Then the reading with most texts is taken.
        """
        return self._read(text, {})

    def _read(
        self, text: str, known: "dict[str, tuple[tuple[Wording, Values], ...] | None]"
    ) -> tuple[tuple[Wording, Values], ...] | None:
        if text not in known:
            known[text] = self._split(text, known) or self._whole(text)
        return known[text]

    def _split(
        self, text: str, known: "dict[str, tuple[tuple[Wording, Values], ...] | None]"
    ) -> tuple[tuple[Wording, Values], ...] | None:
        end = text.find(self.between) if self.between else -1
        while end >= 0:
            first = self._whole(text[:end])
            rest = self._read(text[end + len(self.between) :], known) if first else None
            if first and rest:
                return (*first, *rest)
            end = text.find(self.between, end + 1)
        return None

    def _whole(self, text: str) -> tuple[tuple[Wording, Values], ...] | None:
        for wording in self.wordings:
            values = wording.read(text)
            if values is not None:
                return ((wording, values),)
        return None


def wording(one: str, many: str = "", **parts: Part) -> Wording:
    """Return a template; ``make messages`` knows texts that are translated by this call."""
    return Wording(one, many, parts)
