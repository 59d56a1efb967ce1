"""
The part of Markdown that the pages about findings are written in, as values to be drawn by other sinks.

Headings, paragraphs, lists of one level, tables and fenced code; within a line code and links. What else there is in
Markdown is text here, and a test sees to it that the pages hold none of it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

_FENCE = "```"
_ITEM = "- "
_HEADING = re.compile(r"(#{1,3}) (.+)")
_RULE = re.compile(r"\|[\s:|-]+\|")
_BAR = re.compile(r"(?<!\\)\|")
_INLINE = re.compile(r"`(?P<code>[^`]+)`|\[(?P<text>[^\]]+)\]\((?P<target>[^)]+)\)")


@dataclass(frozen=True, slots=True)
class Run:
    """A part of a line: text, code, or a link where there is a ``target``."""

    text: str
    is_code: bool = False
    target: str = ""


Line: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; the title of a page is of level 1."""

    level: int
    line: Line


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, on one line."""

    line: Line


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of code."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; its first row is the head."""

    rows: tuple[tuple[Line, ...], ...]


Block: TypeAlias = Heading | Paragraph | Code | Items | Table


def parse(text: str) -> tuple[Block, ...]:
    """Return the blocks of a page."""
    return tuple(_blocks(text.splitlines()))


def plain(line: Line) -> str:
    """Return the text of a line."""
    return "".join(run.text for run in line)


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        if lines[at].startswith(_FENCE):
            end = next(n for n in range(at + 1, len(lines)) if lines[n].startswith(_FENCE))
            yield Code(lines[at].removeprefix(_FENCE), "\n".join(lines[at + 1 : end]))
            at = end + 1
        elif not lines[at].strip():
            at += 1
        else:
            end = next((n for n in range(at, len(lines)) if not lines[n].strip()), len(lines))
            yield _block(lines[at:end])
            at = end


def _block(lines: Sequence[str]) -> Block:
    heading = _HEADING.fullmatch(lines[0])
    if heading:
        return Heading(len(heading[1]), _line(heading[2]))
    if lines[0].startswith("|"):
        return Table(tuple(_row(line) for line in lines if not _RULE.fullmatch(line)))
    if lines[0].startswith(_ITEM):
        return Items(tuple(map(_line, _items(lines))))
    return Paragraph(_line(" ".join(lines)))


def _items(lines: Sequence[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if line.startswith(_ITEM):
            items.append(line.removeprefix(_ITEM))
        else:
            items[-1] += f" {line.strip()}"
    return items


def _row(line: str) -> tuple[Line, ...]:
    return tuple(_line(cell.strip().replace("\\|", "|")) for cell in _BAR.split(line.strip())[1:-1])


def _line(text: str) -> Line:
    runs: list[Run] = []
    end = 0
    for match in _INLINE.finditer(text):
        runs.append(Run(text[end : match.start()]))
        if match["code"] is not None:
            runs.append(Run(match["code"], is_code=True))
        else:
            runs.append(Run(match["text"], target=match["target"]))
        end = match.end()
    return tuple(run for run in (*runs, Run(text[end:])) if run.text)
