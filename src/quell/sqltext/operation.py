"""What a statement does, read off its first words."""

import re
from typing import Literal

Operation = Literal["select", "insert", "update", "delete", "other"]

_BLANK = r"(?:\s|--[^\n]*(?:\n|\Z)|#[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*"
_FIRST = re.compile(rf"(?:{_BLANK}[(;])*{_BLANK}(?P<word>[A-Za-z]+)", re.DOTALL)
_QUOTED = re.compile(
    r"'(?:[^'\\]|''|\\.)*(?:'|\Z)"
    r'|"(?:[^"]|"")*(?:"|\Z)|`(?:[^`]|``)*(?:`|\Z)|\[[^\]]*\]'
    r"|\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)"
    r"|--[^\n]*|/\*.*?(?:\*/|\Z)"
    r"|(?P<open>\()|(?P<close>\))|(?P<word>[^\W\d]\w*)",
    re.DOTALL,
)
_TRANSACTION = re.compile(
    rf"(?:BEGIN|START{_BLANK}TRANSACTION|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE{_BLANK}TRANSACTION"
    rf"|SET{_BLANK}(?:(?:SESSION|LOCAL|GLOBAL){_BLANK})?TRANSACTION|SET{_BLANK}SESSION\b"
    rf"|SET{_BLANK}(?:@@\w+\.|SESSION{_BLANK})?AUTOCOMMIT)\b",
    re.IGNORECASE | re.DOTALL,
)
_VERBS: dict[str, Operation] = {
    "SELECT": "select",
    "VALUES": "select",
    "TABLE": "select",
    "INSERT": "insert",
    "REPLACE": "insert",
    "UPDATE": "update",
    "DELETE": "delete",
}


def operation(sql: str) -> Operation:
    """
    Tell what a statement does.

    Leading comments and parentheses are skipped; a statement with ``WITH`` does what its main part does, and
    EXPLAIN, DDL and everything unknown is ``"other"``.
    """
    found = _FIRST.match(sql)
    if found is None:
        return "other"
    word = found["word"].upper()
    return _main_part(sql, found.end()) if word == "WITH" else _VERBS.get(word, "other")


def is_transaction_control(sql: str) -> bool:
    """Tell whether a statement opens, ends or sets up a transaction; such statements are not counted."""
    found = _FIRST.match(sql)
    return found is not None and _TRANSACTION.match(sql, found.start("word")) is not None


def _main_part(sql: str, position: int) -> Operation:
    """Return the first verb outside of parentheses and quotes, behind the named queries."""
    depth = 0
    for token in _QUOTED.finditer(sql, position):
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth -= 1
        elif depth == 0 and token["word"] and token["word"].upper() in _VERBS:
            return _VERBS[token["word"].upper()]
    return "other"
