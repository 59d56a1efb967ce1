"""Is the output the same? Compared byte by byte, but for what differs between two unchanged runs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TypeAlias

from quell.wording import outcomes

UNSTABLE = outcomes.UNSTABLE()

_TOKEN = re.compile(rb"[\w+/=.:-]+|[^\w+/=.:-]")
_WORDS = re.compile(rb"[\w+/=.:-]*")
_MAX_TOKENS = 4_000  # regions of different length beyond this are not aligned
_MAX_GROWTH = 8  # bytes that a changing token may be longer than it was seen
# Both follow from the body, which is compared itself.
_DERIVED = frozenset({"content-length", "etag"})

# Each gap: where it begins and ends in the first run, and how long it may be.
_Gap: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Output:
    """What one visit gave back."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Mask:
    """
    What unchanged runs have in common, and where they differ.

    Raises:
        ValueError: If the runs differ too much to be aligned; the text is the verdict.
    """

    def __init__(self, one: Output, other: Output) -> None:
        self._first = one
        self._body = _Text(one.body)
        self._headers = {name: _Text(text.encode()) for name, text in _compared(one.headers).items()}
        self.learn(other)

    def learn(self, output: Output) -> None:
        """
        Take one more unchanged run in.

        Raises:
            ValueError: If it differs too much to be aligned.
        """
        headers = _compared(output.headers)
        if output.status != self._first.status or headers.keys() != self._headers.keys():
            raise ValueError(UNSTABLE)
        for name, text in self._headers.items():
            text.learn(headers[name].encode())
        self._body.learn(output.body)

    def difference(self, output: Output) -> str:
        """Return what differs from the unchanged runs, or an empty string."""
        if output.status != self._first.status:
            return outcomes.STATUS(after=str(output.status), before=str(self._first.status))
        headers = _compared(output.headers)
        if headers.keys() != self._headers.keys():
            return outcomes.HEADERS(names=", ".join(sorted(headers.keys() ^ self._headers.keys())))
        for name, text in self._headers.items():
            if not text.matches(headers[name].encode()):
                return outcomes.HEADERS(names=name)
        return "" if self._body.matches(output.body) else outcomes.BODY()


def _compared(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in headers.items() if name.lower() not in _DERIVED}


class _Text:
    """One text, with gaps where unchanged runs differ."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._gaps: tuple[_Gap, ...] = ()

    def learn(self, other: bytes) -> None:
        if self.matches(other):
            return
        found = {(start, end): longest for start, end, longest in self._gaps}
        for start, end, longest in _gaps(self._text, other):
            found[start, end] = max(longest, found.get((start, end), 0))
        self._gaps = tuple(sorted((start, end, longest) for (start, end), longest in found.items()))

    def matches(self, other: bytes) -> bool:
        """Compare what is between the gaps; a gap begins and ends at the border of a word."""
        position = at = 0
        for start, end, longest in self._gaps:
            literal = self._text[at:start]
            if not other.startswith(literal, position):
                return False
            position += len(literal)
            word = _WORDS.match(other, position)
            size = len(word[0]) if word else 0
            if size > longest:
                return False
            position, at = position + size, end
        return other[position:] == self._text[at:]


def _gaps(one: bytes, other: bytes) -> Iterator[_Gap]:
    """Yield the words of one text that the other spells differently."""
    if one == other:
        return
    start, end = _common_start(one, other), _common_end(one, other)
    end = min(end, len(one) - start, len(other) - start)
    # Both ends must be borders of words in the middle, which the shortening may have moved.
    while end and (_is_word(one, len(one) - end) or _is_word(other, len(other) - end)):
        end -= 1
    first = _TOKEN.findall(one, start, len(one) - end)
    second = _TOKEN.findall(other, start, len(other) - end)
    position, moved_from, moved_to = start, set[bytes](), set[bytes]()
    for before, after in _pairs(first, second):
        if before != after:
            if not _is_one_word(before) or not _is_one_word(after):
                raise ValueError(UNSTABLE)
            moved_from.add(before)
            moved_to.add(after)
            yield position, position + len(before), max(len(before), len(after)) + _MAX_GROWTH
        position += len(before)
    # What is somewhere else in the other run is content that moved, and no token made for one run.
    if (moved_from & moved_to) - {b""}:
        raise ValueError(UNSTABLE)


def _pairs(first: Sequence[bytes], second: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the tokens of two texts side by side; a token that only one of them has stands beside nothing."""
    if len(first) == len(second):
        yield from zip(first, second, strict=True)
        return
    if max(len(first), len(second)) > _MAX_TOKENS:
        raise ValueError(UNSTABLE)
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from ((token, token) for token in first[i1:i2])
        else:
            yield b"".join(first[i1:i2]), b"".join(second[j1:j2])


def _is_one_word(token: bytes) -> bool:
    return _WORDS.fullmatch(token) is not None


def _is_word(text: bytes, position: int) -> bool:
    """Tell whether a border lies inside of a word."""
    return 0 < position < len(text) and _is_one_word(text[position - 1 : position + 1])


def _common_start(one: bytes, other: bytes) -> int:
    """Return the length of the common beginning, up to the border of a token."""
    length = _first_difference(one, other)
    while length and _is_one_word(one[length - 1 : length]):
        length -= 1
    return length


def _common_end(one: bytes, other: bytes) -> int:
    length = _first_difference(one[::-1], other[::-1])
    while length and _is_one_word(one[len(one) - length : len(one) - length + 1]):
        length -= 1
    return length


def _first_difference(one: bytes, other: bytes) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
