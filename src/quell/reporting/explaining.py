"""The page of a code, as the documentation has it: for a terminal, and for reports that carry it along."""

import re
import textwrap
from collections.abc import Iterator
from importlib.resources import files
from itertools import zip_longest
from urllib.parse import urljoin

from quell.findings import CODES, docs_url
from quell.reporting.markup import Block, Code, Heading, Items, Line, Paragraph, Table, parse, plain
from quell.reporting.terminal import PLAIN, Paint

_SENTENCE = re.compile(r"(?<=[.:]) ")
_GAP = "  "


def page_text(code: str) -> str:
    """Return the page of a code, in Markdown."""
    return files("quell.reporting").joinpath(f"pages/{code}.md").read_text(encoding="utf-8")


def summary_of(code: str) -> str:
    """Return the first sentence of the page."""
    first = next(block for block in parse(page_text(code)) if isinstance(block, Paragraph))
    return f"{_SENTENCE.split(plain(first.line))[0].rstrip('.:')}."


def target_of(code: str, target: str) -> str:
    """Return the address that a link of the page of a code leads to."""
    return urljoin(docs_url(code), re.sub(r"\.md(?=#|$)", ".html", target))


def explain(code: str, paint: Paint = PLAIN, *, width: int = 80) -> str:
    """Return the page of a code for a terminal of so many columns."""
    drawing = _Drawing(code, paint, width)
    lines = [line for block in parse(page_text(code)) for line in (*drawing.lines(block), "")]
    address = docs_url(code)
    return "\n".join([*lines, paint.link(address, address)])


def contents(paint: Paint = PLAIN, *, width: int = 80) -> str:
    """Return one line per code."""
    kinds = max(map(len, CODES.values()))
    lines = []
    for code, kind in CODES.items():
        indent = " " * (len(code) + kinds + 2 * len(_GAP))
        told = textwrap.wrap(summary_of(code), max(width - len(indent), 30))
        name = paint(paint.link(code, docs_url(code)), "bold")
        lines.append(f"{name}{_GAP}{kind:<{kinds}}{_GAP}{told[0]}")
        lines += [f"{indent}{more}" for more in told[1:]]
    return "\n".join(lines)


class _Drawing:
    def __init__(self, code: str, paint: Paint, width: int) -> None:
        self._code = code
        self._paint = paint
        self._width = width

    def lines(self, block: Block) -> Iterator[str]:
        match block:
            case Heading(_, line):
                yield self._paint(plain(line), "bold")
            case Code(_, text):
                yield from (f"    {line}".rstrip() for line in text.splitlines())
            case Items(items):
                for item in items:
                    yield from self._wrapped(item, "- ")
            case Table(rows):
                yield from self._table(rows)
            case Paragraph(line):
                yield from self._wrapped(line)

    def _wrapped(self, line: Line, bullet: str = "") -> Iterator[str]:
        text = _written(line)
        for number, part in enumerate(_wrap(text, self._width - len(bullet))):
            yield f"{' ' * len(bullet) if number else bullet}{self._linked(part, line)}"

    def _linked(self, text: str, line: Line) -> str:
        """Return a line with its links, as far as they were not broken."""
        for run in line:
            if run.target and run.text in text:
                link = self._paint.link(run.text, target_of(self._code, run.target))
                text = text.replace(run.text, link, 1)
        return text

    def _table(self, rows: tuple[tuple[Line, ...], ...]) -> Iterator[str]:
        texts = [[_written(cell) for cell in row] for row in rows]
        widths = _widths(texts, self._width)
        for number, row in enumerate(texts):
            cells = [_wrap(text, width) for text, width in zip(row, widths, strict=True)]
            for parts in zip_longest(*cells, fillvalue=""):
                text = _GAP.join(
                    f"{part:<{width}}" for part, width in zip(parts, widths, strict=True)
                ).rstrip()
                yield text
            if not number:
                yield self._paint(_GAP.join("-" * width for width in widths), "dim")


def _written(line: Line) -> str:
    return "".join(f"`{run.text}`" if run.is_code else run.text for run in line)


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 20), break_long_words=False, break_on_hyphens=False) or [""]


def _widths(rows: list[list[str]], width: int) -> list[int]:
    """Return the widths of columns: as wide as they need to be, the widest ones narrowed to what is left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    room = width - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > 20:
        widths[widths.index(max(widths))] -= 1
    return widths
