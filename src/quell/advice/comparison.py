"""Is the output the same? Compared byte by byte, but for what differs between two unchanged runs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

_TOKEN = re.compile(rb"[\w+/=.:-]+|[^\w+/=.:-]")
_WORD = re.compile(rb"[\w+/=.:-]")
_MAX_TOKENS = 20_000  # a longer differing region is not aligned token by token


@dataclass(frozen=True, slots=True)
class Output:
    """What one visit gave back."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Mask:
    """
    What two unchanged runs have in common, and where they differ.

    Raises:
        ValueError: If the runs differ too much to be aligned; the text is the verdict.
    """

    def __init__(self, one: Output, other: Output) -> None:
        if one.status != other.status or one.headers.keys() != other.headers.keys():
            msg = "output differs without a change"
            raise ValueError(msg)
        self._status = one.status
        self._headers = {name: _align(text.encode(), other.headers[name].encode()) for name, text in one.headers.items()}
        self._body = _align(one.body, other.body)

    def difference(self, output: Output) -> str:
        """Return what differs from the unchanged runs, or an empty string."""
        if output.status != self._status:
            return f"status {output.status} instead of {self._status}"
        if output.headers.keys() != self._headers.keys():
            names = sorted(output.headers.keys() ^ self._headers.keys())
            return f"header {', '.join(names)}"
        for name, pattern in self._headers.items():
            if not _matches(pattern, output.headers[name].encode()):
                return f"header {name}"
        if not _matches(self._body, output.body):
            return "body"
        return ""


_Pattern = bytes | re.Pattern[bytes]


def _matches(pattern: _Pattern, text: bytes) -> bool:
    if isinstance(pattern, bytes):
        return pattern == text
    return pattern.fullmatch(text) is not None


def _align(one: bytes, other: bytes) -> _Pattern:
    """Return the text itself where both are equal, else a pattern with a gap at each difference."""
    if one == other:
        return one
    start = _common_start(one, other)
    end = _common_end(one[start:], other[start:])
    middle = _align_tokens(one[start : len(one) - end], other[start : len(other) - end])
    tail = one[len(one) - end :] if end else b""
    return re.compile(re.escape(one[:start]) + middle + re.escape(tail), re.DOTALL)


def _common_start(one: bytes, other: bytes) -> int:
    """Return the length of the common beginning, up to the border of a token."""
    length = _first_difference(one, other)
    while length and _WORD.match(one, length - 1):
        length -= 1
    return length


def _common_end(one: bytes, other: bytes) -> int:
    length = _first_difference(one[::-1], other[::-1])
    while length and _WORD.match(one, len(one) - length):
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


def _align_tokens(one: bytes, other: bytes) -> bytes:
    first, second = _TOKEN.findall(one), _TOKEN.findall(other)
    if len(first) > _MAX_TOKENS or len(second) > _MAX_TOKENS:
        msg = "output differs without a change"
        raise ValueError(msg)
    parts: list[bytes] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append(re.escape(b"".join(first[i1:i2])))
        else:
            parts.append(_gap(first[i1:i2], second[j1:j2]))
    return b"".join(parts)


def _gap(one: list[bytes], other: list[bytes]) -> bytes:
    """Return a pattern for one changing token; more than one is no nonce but another output."""
    if len(one) > 1 or len(other) > 1:
        msg = "output differs without a change"
        raise ValueError(msg)
    longest = max(len(token) for token in (*one, *other))
    return rb"[\w+/=.:-]{0,%d}" % (longest + 8)
