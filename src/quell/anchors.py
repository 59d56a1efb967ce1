"""What a line of a file says, to know it again when it has moved."""

import linecache
import re
from collections.abc import Sequence

_COMMENT = re.compile(r"(?:^|\s)#.*|\{#.*?#\}")
_FUNCTION = re.compile(r"(?:async\s+def|def|class)\b")


def anchor_of(file: str, line: int, function: str) -> str:
    """
    Return the code of a line, without what formatting and comments change.

    Args:
        file: A module or a template.
        line: Its number, from 1.
        function: The function that the line is in; empty for a template.

    Returns:
        The code, and for the second and later one of equal lines in a function its number; empty where the source
        is gone.
    """
    lines = linecache.getlines(file)
    if not 0 < line <= len(lines):
        return ""
    text = _code_of(lines[line - 1])
    start = _start_of(lines, line) if function else 0
    same = sum(_code_of(other) == text for other in lines[start : line - 1])
    return f"{text}#{same}" if same else text


def _code_of(line: str) -> str:
    return "".join(_COMMENT.sub("", line).split())


def _start_of(lines: Sequence[str], line: int) -> int:
    """Return the index of the line at which the function around a line begins."""
    width = _indent_of(lines[line - 1])
    for index in range(line - 2, -1, -1):
        if _indent_of(lines[index]) < width and _FUNCTION.match(lines[index].lstrip()):
            return index
    return 0


def _indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())
