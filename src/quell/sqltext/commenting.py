"""
Comments at the end of statements, in the format of sqlcommenter: ``/*origin='...',route='...'*/``.

Source: keys sorted, values URL-encoded in single quotes, and a statement that has a comment is left as it is.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

# Only what reads or writes rows; a savepoint or a PRAGMA leads back to no line that could be changed.
_STATEMENT = re.compile(r"[\s(]*(?:SELECT|INSERT|UPDATE|DELETE|WITH|REPLACE|MERGE)\b", re.IGNORECASE)
_COMMENTS = ("/*", "--", "#")
_BEHIND = "; \t\r\n\f\v"


def comment_of(values: Mapping[str, str]) -> str:
    """Return the comment that tells some values; nothing where none of them tells anything."""
    pairs = [f"{_encoded(key)}='{_encoded(value)}'" for key, value in sorted(values.items()) if value]
    return f"/*{','.join(pairs)}*/" if pairs else ""


def append_comment(sql: str, comment: str, *, is_formatted: bool) -> str:
    """
    Return a statement with a comment behind it, in front of its last semicolon.

    What might hold a comment already, also within a literal, is returned as it is, and so is what neither reads nor
    writes rows.

    Args:
        sql: One statement, or several, of which the last gets the comment.
        comment: As ``comment_of()`` made it.
        is_formatted: Whether parameters are put in for ``%s``, so that a percent sign has to be written twice.

    Cost: a few microseconds, by the length of the statement.
    """
    if not comment or any(mark in sql for mark in _COMMENTS) or not _STATEMENT.match(sql):
        return sql
    body = sql.rstrip(_BEHIND)
    text = comment.replace("%", "%%") if is_formatted else comment
    return f"{body} {text}{sql[len(body) :]}"


@lru_cache(maxsize=4096)
def _encoded(text: str) -> str:
    return quote(text, safe="", errors="surrogateescape")
