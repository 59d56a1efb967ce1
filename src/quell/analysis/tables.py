"""What statements read and change: the memory behind "nothing was written in between"."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Sequence
from functools import lru_cache

from quell.events import QueryEvent, Schema
from quell.sqltext import tables

_CATALOG = re.compile(r"(?:sqlite_|pg_|information_schema\b|mysql$)", re.IGNORECASE)
# A named query that writes, or a function in the place of a table.
_WRITING = re.compile(
    r"\bAS\s+(?:(?:NOT\s+)?MATERIALIZED\s+)?\(\s*(?:INSERT|UPDATE|DELETE|MERGE|REPLACE)\b"
    r"|\b(?:FROM|JOIN)\s+(?:LATERAL\s+)?(?!VALUES\b|UNNEST\b|GENERATE_SERIES\b|JSON\w*\b)[a-z_][\w.]*\s*\(",
    re.IGNORECASE,
)
_CALL = re.compile(r"\w\s*\(")


@lru_cache(maxsize=4096)
def tables_of(sql: str) -> tuple[str, ...]:
    """Return the tables of a statement by their bare names; none for what reads the catalog of the database."""
    named = tables(sql)
    if any(_CATALOG.match(name) for name in named):
        return ()
    return tuple(name.rpartition(".")[2].lower() for name in named)


@lru_cache(maxsize=4096)
def is_writing(sql: str) -> bool:
    """Tell whether a SELECT may write: a named query that does, or a function of the database."""
    return bool(_WRITING.search(sql) or (not tables(sql) and _CALL.search(sql)))


class Changes:
    """What was changed until now, over the statements of a scope in their order."""

    def __init__(self, schema: Schema, breaks: Sequence[int]) -> None:
        self._breaks = breaks
        self._models = frozenset(name.lower() for name in schema.models)
        self._views = frozenset(name.lower() for name in schema.views)
        self._cascades = {name.lower(): others for name, others in schema.cascades.items()}
        self._changes: Counter[str] = Counter()
        self._write_count = 0
        self._unknown_count = 0

    def see(self, event: QueryEvent) -> None:
        """Take in a statement."""
        if event.operation == "select":
            self._unknown_count += is_writing(event.sql)
            return
        named = tables_of(event.sql)
        self._write_count += 1
        if event.operation == "other" or not named:
            self._unknown_count += 1
            return
        for name in named:
            self._changes.update(self._changed_with(name))

    def state_of(self, names: tuple[str, ...], position: int) -> Hashable:
        """Return a value that is equal for two reads of these tables with no change in between."""
        # Of a view, or of a table that no model knows, nobody can tell what it shows.
        is_known = not self._models or all(name in self._models - self._views for name in names)
        return (
            bisect_right(self._breaks, position),
            self._unknown_count,
            0 if is_known else self._write_count,
            tuple(self._changes[name] for name in names),
        )

    def _changed_with(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(other.lower() for other in self._cascades.get(current, ()))
        return found
