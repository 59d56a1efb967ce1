"""The tables that a statement names."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)"
    r"|'(?:[^'\\]|''|\\(?!').|\\'(?![\s),;:|]|\Z)|\\(?='))*(?:'|\Z)"
    r"|\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)"
    r'|(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\W\d][^\]]*\])'
    r"|(?P<word>[^\W\d][\w$]*)"
    r"|(?P<mark>[(),.;])",
    re.DOTALL,
)
_OPENERS = frozenset({"FROM", "JOIN", "INTO", "UPDATE"})
_FILLERS = frozenset(
    {"ONLY", "LATERAL", "IGNORE", "LOW_PRIORITY", "OR", "REPLACE", "ROLLBACK", "ABORT", "FAIL", "TABLE"}
)
# Behind these words FROM and UPDATE name no table: "IS DISTINCT FROM", "FOR UPDATE", "DO UPDATE SET".
_NO_TABLE = frozenset({"DISTINCT", "FOR", "DO", "KEY", "ON", "OF"})
_FROM_VERBS = frozenset({"SELECT", "DELETE", "UPDATE"})
_AFTER_TABLES = frozenset(
    {
        "WHERE",
        "SET",
        "ON",
        "USING",
        "GROUP",
        "ORDER",
        "LIMIT",
        "HAVING",
        "VALUES",
        "SELECT",
        "UNION",
        "RETURNING",
    }
)


def tables(sql: str) -> tuple[str, ...]:
    """
    Return the tables behind FROM, JOIN, INTO and UPDATE, without quotes, in order of appearance.

    A schema stays in front of its table. Names that WITH defines are no tables. Best effort: what a view or a
    function reads is not known from the text.
    """
    tokens = list(_tokens(sql))
    named = _named_queries(tokens)
    found = dict.fromkeys(name for name in _scan(tokens) if name not in named)
    return tuple(found)


def _tokens(sql: str) -> Iterator[tuple[str, str]]:
    """Yield kind and text: a ``word``, a ``name`` without its quotes, or a ``mark``."""
    for match in _TOKEN.finditer(sql):
        if match["quoted"]:
            quote = match["quoted"][-1]
            yield "name", match["quoted"][1:-1].replace(quote * 2, quote)
        elif match["word"]:
            yield "word", match["word"]
        elif match["mark"]:
            yield "mark", match["mark"]


def _named_queries(tokens: list[tuple[str, str]]) -> frozenset[str]:
    if not any(text.upper() == "WITH" for kind, text in tokens if kind == "word"):
        return frozenset()
    return frozenset(
        name
        for (_, name), (kind, word), (_, mark) in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if kind == "word" and word.upper() == "AS" and mark in {"(", "MATERIALIZED", "NOT"}
    )


def _scan(tokens: list[tuple[str, str]]) -> Iterator[str]:
    selecting = [False]  # per open parenthesis: whether a SELECT makes its FROM one of tables
    listing = [False]  # per open parenthesis: whether a comma leads to another table
    before, expects, position = "", False, 0
    while position < len(tokens):
        kind, text = tokens[position]
        upper = text.upper() if kind == "word" else ""
        if expects and (kind == "name" or (kind == "word" and upper not in _FILLERS | _FROM_VERBS)):
            name, position = _qualified(tokens, position)
            yield name
            expects, before = False, ""
            continue
        if text == "(" and kind == "mark":
            selecting.append(False)
            listing.append(expects)
        elif text == ")" and kind == "mark" and len(selecting) > 1:
            selecting.pop()
            listing.pop()
            expects = False
        elif text == "," and kind == "mark":
            expects = listing[-1]
        elif upper in _OPENERS:
            opens = before not in _NO_TABLE and (upper != "FROM" or selecting[-1] or len(selecting) == 1)
            expects, listing[-1] = opens, opens and upper == "FROM"
        elif upper in _AFTER_TABLES:
            expects, listing[-1] = False, False
        selecting[-1] = selecting[-1] or upper in _FROM_VERBS
        before, position = upper, position + 1


def _qualified(tokens: list[tuple[str, str]], position: int) -> tuple[str, int]:
    parts = [tokens[position][1]]
    position += 1
    while position + 1 < len(tokens) and tokens[position] == ("mark", "."):
        parts.append(tokens[position + 1][1])
        position += 2
    return ".".join(parts), position
