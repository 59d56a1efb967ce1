"""SQL as a person reads it in a snapshot: the same on each database, as far as Django writes the same for all."""

import re
from functools import lru_cache

from quell.sqltext.fingerprint import fingerprint

_QUOTES = re.compile(r"[\"`]")
# The names of columns between SELECT and FROM, or behind INSERT INTO, and nothing that computes.
_COLUMN = r"(?:\w+\.)?\w+(?: AS \w+)?"
_COLUMNS = re.compile(rf"\bSELECT (DISTINCT )?{_COLUMN}(?:, {_COLUMN})* FROM\b")
_VALUES = re.compile(r"(^INSERT INTO \w+ )\([^()]*\) VALUES .*$")
_RETURNING = re.compile(r" RETURNING [\w., ]+$")
_LIMIT = re.compile(r" LIMIT \? OFFSET \?$| LIMIT \?$")


@lru_cache(maxsize=4096)
def portable(sql: str) -> str:
    """
    Return the shape of a statement without quotes, lists of columns, values and what only some databases return.

    What stays different is what Django itself writes differently: the columns of GROUP BY, functions of dates and
    texts, the way to compare without case, locks, and how many rows a batch has.
    """
    shape = _QUOTES.sub("", fingerprint(sql))
    shape = _COLUMNS.sub(lambda match: f"SELECT {match[1] or ''}... FROM", shape)
    shape = _VALUES.sub(r"\1(...)", shape)
    return _LIMIT.sub(" LIMIT ?", _RETURNING.sub("", shape))
