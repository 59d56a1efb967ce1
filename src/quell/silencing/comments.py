"""Comments that silence: ``# quell: ignore[Q101] reason``, and ``{# quell: ignore[Q101] #}`` in templates."""

import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache

from quell.events import Location
from quell.silencing.codes import code_of, hint_for
from quell.silencing.source import python_lines, stamp_of, template_lines
from quell.wording import outcomes

_COMMENT = re.compile(r"#\s*quell:\s*([\w-]*)\s*(?:\[([^\]#]*)\])?([^#]*)", re.IGNORECASE)
_IN_TEMPLATE = re.compile(r"\{(#.*?)#\}")
_MARK = "quell:"
_WORD = "ignore"
_ALONE = outcomes.ALONE()
_OUTSIDE = frozenset({tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """
    A comment that silences codes on the lines of its statement, from ``first`` to ``last``.

    Both are 0 where it belongs to none. ``complaints`` say what is wrong with it.
    """

    file: str
    line: int
    codes: tuple[str, ...]
    first: int = 0
    last: int = 0
    reason: str = ""
    complaints: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Comments:
    """All comments of one file that are meant for quell, and those that are about a line."""

    all: tuple[Comment, ...] = ()
    by_line: Mapping[int, tuple[Comment, ...]] = field(default_factory=dict)


_NONE = Comments()


def comments_at(spot: Location | None) -> tuple[Comment, ...]:
    """Return the comments of the statement, or of the line of a template, that a place is in."""
    return comments_in(spot.file, is_template=is_template(spot)).by_line.get(spot.line, ()) if spot else ()


def is_template(spot: Location) -> bool:
    """Tell whether a place is in a template: code always has a function, if only ``<module>``."""
    return not spot.function


def comments_in(file: str, *, is_template: bool = False) -> Comments:
    """Return the comments of a file; read once, until it is edited."""
    return _comments_in(file, stamp_of(file), is_template)


@lru_cache(maxsize=512)
def _comments_in(file: str, stamp: int, is_template: bool) -> Comments:  # noqa: FBT001 -- keys of the cache
    lines = template_lines(file) if is_template else python_lines(file)
    if not any(_MARK in line.lower() for line in lines):
        return _NONE
    found = tuple(_in_template(file, lines) if is_template else _in_module(file, lines))
    by_line: dict[int, tuple[Comment, ...]] = {}
    for comment in found:
        for number in range(comment.first, comment.last + 1):
            by_line[number] = (*by_line.get(number, ()), comment)
    return Comments(found, by_line)


def _in_template(file: str, lines: Iterable[str]) -> Iterator[Comment]:
    for number, line in enumerate(lines, 1):
        for match in _IN_TEMPLATE.finditer(line):
            for comment in _read(match[1], file, number):
                yield replace(comment, first=number, last=number)


def _in_module(file: str, lines: list[str]) -> Iterator[Comment]:
    """
    Yield the comments, each with the lines of its statement, as Python's own tokens tell them.

    A logical line is a statement, or the head of a block. A comment on a line of its own belongs to none, unless
    it is inside of brackets.
    """
    first = 0
    found: list[Comment] = []
    try:
        for token in tokenize.generate_tokens(iter(lines).__next__):
            if token.type == tokenize.COMMENT:
                comments = _read(token.string, file, token.start[0])
                if first:
                    found.extend(comments)
                else:
                    yield from (
                        replace(comment, complaints=(*comment.complaints, _ALONE)) for comment in comments
                    )
            elif token.type == tokenize.NEWLINE:
                yield from (replace(comment, first=first, last=token.start[0]) for comment in found)
                first, found = 0, []
            elif not first and token.type not in _OUTSIDE:
                first = token.start[0]
    except (tokenize.TokenError, SyntaxError):
        # What Python itself cannot read, such as the source of a notebook cell.
        return


def _read(text: str, file: str, line: int) -> Iterator[Comment]:
    for verb, names, rest in _COMMENT.findall(text):
        if verb.lower() != _WORD:
            # Prose about quell is none of its business.
            if get_close_matches(verb.lower(), [_WORD], cutoff=0.7):
                complaint = outcomes.MEANINGLESS(verb=verb)
                yield Comment(file=file, line=line, codes=(), complaints=(complaint,))
            continue
        written = [name.strip() for name in names.split(",") if name.strip()]
        wrong = tuple(
            outcomes.UNKNOWN_CODE(code=name, hint=hint_for(name)) for name in written if not code_of(name)
        )
        if not written:
            wrong = (outcomes.NO_CODE(),)
        codes = tuple(code for name in written if (code := code_of(name)))
        reason = rest.strip().lstrip("-\N{EN DASH}\N{EM DASH}:").strip()
        yield Comment(file=file, line=line, codes=codes, reason=reason, complaints=wrong)
