"""Whether a statement gives the same rows each time, as long as the tables stay as they are."""

import re
from functools import lru_cache

_TOKEN = re.compile(
    r"""(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|'(?:[^']|'')*')|(?P<word>[^\W\d]\w*)|(?P<rest>%s|%%|.)""",
    re.DOTALL,
)
# What Django writes for conditions, joins, orders and aggregates. Whatever else a statement says may be a function
# with another result each time, such as RANDOM() or NOW(), or one that does something, such as NEXTVAL().
_KNOWN = frozenset(
    "SELECT DISTINCT FROM WHERE AND OR NOT IN IS NULL TRUE FALSE LIKE ILIKE ESCAPE BETWEEN EXISTS AS ON INNER LEFT OUTER "
    "JOIN ORDER GROUP BY HAVING ASC DESC NULLS FIRST LAST LIMIT OFFSET CASE WHEN THEN ELSE END COUNT SUM AVG MIN MAX "
    "COALESCE UPPER LOWER BINARY TEXT SUBQUERY COLLATE NOCASE".split()
)
_TABLE_ALIAS = re.compile(r"[TUV]\d+|__count", re.IGNORECASE)


@lru_cache(maxsize=1024)
def is_repeatable(sql: str) -> bool:
    """Tell whether a SELECT calls nothing that may give another result each time; what is unknown may."""
    for token in _TOKEN.finditer(sql):
        word = token["word"]
        if word and word.upper() not in _KNOWN and not _TABLE_ALIAS.fullmatch(word):
            return False
    return sql.startswith("SELECT")
