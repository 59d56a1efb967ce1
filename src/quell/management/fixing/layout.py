"""New code in lines as long as the project lets them be; what stood there before is not touched."""

import configparser
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

DEFAULT_LIMIT = 88
_OPENING, _CLOSING = "([{", ")]}"


@lru_cache(maxsize=256)
def limit_of(folder: Path) -> int:
    """Return how long a line may be in a folder: what ruff, black or flake8 are told in it, or above it."""
    for place in (folder, *folder.parents):
        for limit in _limits(place):
            return limit
    return DEFAULT_LIMIT


def _limits(folder: Path) -> Iterator[int]:
    file = folder / "pyproject.toml"
    if file.is_file():
        try:
            tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
        except (OSError, ValueError):
            tools = {}
        for tool in ("ruff", "black"):
            found = tools.get(tool, {}).get("line-length")
            if isinstance(found, int):
                yield found
    for name in ("setup.cfg", "tox.ini", ".flake8"):
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(folder / name, encoding="utf-8")
            found = parser.get("flake8", "max-line-length", fallback="")
        except (configparser.Error, UnicodeDecodeError):
            continue
        if found.isdigit():
            yield int(found)


@dataclass(frozen=True, slots=True)
class Layout:
    """How lines of a file look: what indents them, how long they may be, and what ends them."""

    unit: str = "    "
    limit: int = DEFAULT_LIMIT
    newline: str = "\n"

    def exploded(self, code: str, indent: str) -> str:
        """
        Return an expression with the arguments of its last call on lines of their own, where it is too long.

        Args:
            code: In one line.
            indent: What its line begins with.
        """
        opening = _last_opening(code)
        # A comma follows, or the rest of a chain.
        if len(indent) + len(code) < self.limit or opening is None or opening == len(code) - 2:
            return code
        inner = indent + self.unit
        parts = [self.exploded(part, inner) for part in split_arguments(code[opening + 1 : -1])]
        lines = "".join(f"{self.newline}{inner}{part}," for part in parts)
        return f"{code[: opening + 1]}{lines}{self.newline}{indent})"

    def on_lines(self, calls: Iterable[str], indent: str) -> str:
        """Return calls, each on a line of its own."""
        return "".join(f"{self.newline}{indent}{self.exploded(call, indent)}" for call in calls)

    def statement(self, head: str, base: str, calls: Sequence[str], indent: str) -> str:
        """Return a statement whose value is a chain: in one line if it fits, else in parentheses over several."""
        line = f"{head} {base}{''.join(calls)}"
        if len(indent) + len(line) <= self.limit:
            return line
        inner = indent + self.unit
        first = self.exploded(f"{base}{calls[0] if calls else ''}", inner)
        rest = self.on_lines(calls[1:], inner)
        return f"{head} ({self.newline}{inner}{first}{rest}{self.newline}{indent})"


def _last_opening(code: str) -> int | None:
    """Return the position of the parenthesis that the last one of an expression closes."""
    if not code.endswith(")"):
        return None
    opened: list[int] = []
    for position, character in _outside_texts(code):
        if character in _OPENING:
            opened.append(position)
        elif character in _CLOSING:
            last = opened.pop()
            if position == len(code) - 1:
                return last
    return None


def split_arguments(code: str) -> list[str]:
    """Return the arguments of a call apart."""
    parts, start, depth = [], 0, 0
    for position, character in _outside_texts(code):
        depth += (character in _OPENING) - (character in _CLOSING)
        if character == "," and not depth:
            parts.append(code[start:position].strip())
            start = position + 1
    return [part for part in (*parts, code[start:].strip()) if part]


def _outside_texts(code: str) -> Iterator[tuple[int, str]]:
    """Yield the characters of code that are in no text."""
    quote, is_escaped = "", False
    for position, character in enumerate(code):
        if quote:
            if not is_escaped and character == quote:
                quote = ""
            is_escaped = character == "\\" and not is_escaped
        elif character in {"'", '"'}:
            quote = character
        else:
            yield position, character
