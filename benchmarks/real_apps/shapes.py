"""Fold SQL text to a shape, on its own and independent of the library that is measured."""

import re

_STRING = re.compile(r"'(?:[^']|'')*'")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_PARAMETER = re.compile(r"%\(?\w*\)?s|(?<![\w\"`.])-?\d+(?:\.\d+)?(?![\w\"`])")
_LIST = re.compile(r"\(\s*\?(?:\s*,\s*\?)*\s*\)")
_ROWS = re.compile(r"\(\?\)(?:\s*,\s*\(\?\))+")
_SPACE = re.compile(r"\s+")
_TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+[\"`]?(\w+)[\"`]?", re.IGNORECASE)
_SELECT = re.compile(r"\s*\(*\s*(?:SELECT|WITH)\b", re.IGNORECASE)


def shape_of(sql: str) -> str:
    """Return the SQL without literals, with lists of any length folded to one element."""
    text = _COMMENT.sub(" ", sql)
    text = _STRING.sub("?", text)
    text = _PARAMETER.sub("?", text)
    text = _LIST.sub("(?)", text)
    text = _ROWS.sub("(?)", text)
    return _SPACE.sub(" ", text).strip()


def tables_of(sql: str) -> tuple[str, ...]:
    """Return the tables that a statement names, the first one first."""
    return tuple(dict.fromkeys(_TABLE.findall(sql)))


def is_select(sql: str) -> bool:
    """Return whether a statement reads."""
    return _SELECT.match(sql) is not None
