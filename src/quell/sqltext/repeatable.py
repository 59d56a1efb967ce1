"""Whether a statement gives the same rows each time, as long as the tables stay as they are."""

import re
from functools import lru_cache

_TOKEN = re.compile(
    r"""(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|'(?:[^']|'')*')|(?P<word>[^\W\d]\w*)|(?P<rest>%s|%%|.)""",
    re.DOTALL,
)
# What Django writes for conditions, joins, orders and aggregates. Whatever else a statement says may be a function
# with another result each time, such as RANDOM() or NOW(), or one that does something, such as NEXTVAL().
_KNOWN = re.compile(
    r"""SELECT|DISTINCT|FROM|(INNER|LEFT|OUTER)|JOIN|ON|AS|WHERE|AND|OR|NOT|IN|IS|NULL|TRUE|FALSE|LIKE|ILIKE|ESCAPE
    |BETWEEN|EXISTS|GROUP|BY|HAVING|ORDER|ASC|DESC|NULLS|FIRST|LAST|LIMIT|OFFSET|CASE|WHEN|THEN|ELSE|END
    |COUNT|SUM|AVG|MIN|MAX|COALESCE|UPPER|LOWER|BINARY|TEXT|COLLATE|NOCASE|SUBQUERY|[TUV]\d+""",
    re.IGNORECASE | re.VERBOSE,
)


@lru_cache(maxsize=1024)
def is_repeatable(sql: str) -> bool:
    """Tell whether a SELECT calls nothing that may give another result each time; what is unknown may."""
    words = (token["word"] for token in _TOKEN.finditer(sql) if token["word"])
    return sql.startswith("SELECT") and all(map(_KNOWN.fullmatch, words))
