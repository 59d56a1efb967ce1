"""Statements that a loop repeats for a reason: chunks, ranges of keys, and questions whose answer changed."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from quell.analysis.tables import Changes, tables_of
from quell.events import QueryEvent, Recording, Schema

MIN_KEYS = 2

_IN_LIST = re.compile(r"\bIN\s*\(((?:[^(),]*,)+[^(),]*)\)", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"(?<!%)%s")
_LIST_OF_VALUES = re.compile(r"\bIN\s*\((\s*%s\s*(?:,\s*%s\s*)*)\)", re.IGNORECASE)
_HAS_IN = re.compile(r"\bIN\s*\(", re.IGNORECASE)
# Both bounds of one column: a table, a column, and the column again.
_NAME = r"[\"`]?(\w+)[\"`]?\.[\"`]?(\w+)[\"`]?"
_VALUE = r"(?:%s|\?|:\w+|%\(\w+\)s|-?\d+)"
_RANGE = re.compile(
    rf"{_NAME}\s*>=?\s*{_VALUE}\s+AND\s+[\"`]?\1[\"`]?\.[\"`]?\2[\"`]?\s*<=?\s*{_VALUE}"
    rf"|{_NAME}\s+BETWEEN\s+{_VALUE}\s+AND\s+{_VALUE}",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\s*SELECT\s+(?:DISTINCT\s+)?(?:COUNT|SUM|AVG|MIN|MAX)\s*\(|\s*SELECT\s+1\b", re.IGNORECASE
)


def is_chunked(events: Sequence[QueryEvent], schema: Schema) -> bool:
    """
    Tell whether repeated statements walk through a list of keys, or through ranges of a key.

    All lists have one length and no value in common; only the last may be shorter, as the rest of a list is. Lists
    that the rows of a loop bring along differ in length, or share values; one that a condition of the loop names, as
    ``status__in=OPEN``, is the same in all.
    """
    spans = {sql: _spans(sql) for sql in {event.sql for event in events}}
    *full, last = (_lists(event, spans[event.sql]) for event in events)
    if {len(lists) for lists in full} == {len(full[0])}:
        # Of a single key that is left no value is known.
        rest = last if len(last) == len(full[0]) else [()] * len(full[0])
        if any(_is_walked(lists, left) for lists, left in zip(zip(*full, strict=True), rest, strict=True)):
            return True
    return all(is_key_range(sql, schema) for sql in spans)


def _spans(sql: str) -> tuple[int, list[tuple[int, int]]]:
    """Return how many values a statement takes, and where those of its ``IN`` lists begin and end."""
    found = []
    for match in _LIST_OF_VALUES.finditer(sql):
        start = len(_PLACEHOLDER.findall(sql, 0, match.start(1)))
        found.append((start, start + match[1].count("%s")))
    return len(_PLACEHOLDER.findall(sql)), found


def _lists(event: QueryEvent, spans: tuple[int, list[tuple[int, int]]]) -> list[tuple[int, ...]]:
    """Return the values of each ``IN`` list of a statement, as far as they are known."""
    count, found = spans
    known = event.value_hashes
    return [known[start:end] for start, end in found] if len(known) == count else []


def _is_walked(lists: Sequence[tuple[int, ...]], rest: tuple[int, ...]) -> bool:
    size = len(lists[0])
    if {len(values) for values in lists} != {size} or not MIN_KEYS <= size >= len(rest):
        return False
    every = [set(values) for values in (*lists, rest)]
    return len(set[int]().union(*every)) == sum(map(len, every))


def _has_distinct_values(events: Sequence[QueryEvent]) -> bool:
    values = [set(event.value_hashes) for event in events]
    if not values[-1]:
        # A single key that is left.
        values.pop()
    same = set.intersection(*values)
    return all(values) and len(set.union(*values)) - len(same) == sum(len(item - same) for item in values)


def _key_count(sql: str) -> int:
    return max((found[1].count(",") + 1 for found in _IN_LIST.finditer(sql)), default=1)


def is_key_range(sql: str, schema: Schema) -> bool:
    """Tell whether a statement is about a range of primary keys, whose bounds are both given."""
    found = None if _NUMBER.match(sql) else _RANGE.search(sql)
    return found is not None and schema.keys.get(found[1] or found[3]) == (found[2] or found[4])


def is_descending(events: Sequence[QueryEvent]) -> bool:
    """
    Tell whether a ``while`` asks for the rows behind those that it found last, all of one level at once.

    No level is known before the one above it. Each list has values of its own, and some have several.
    """
    if not all(event.is_in_while and _HAS_IN.search(event.sql) for event in events):
        return False
    # Of a single key, and of very many, no values are kept.
    several = [event for event in events if _key_count(event.sql) >= MIN_KEYS]
    known = [event for event in several if event.value_hashes]
    return len(several) * 2 > len(events) and (len(known) < MIN_KEYS or _has_distinct_values(known))


def is_asked_anew(events: Sequence[QueryEvent], recording: Recording) -> bool:
    """
    Tell whether one question was asked again only after its answer may have changed.

    So does a retry after a rollback, and a loop that takes the next rows until none is left.
    """
    first = events[0].sql, events[0].params_hash, events[0].alias
    if any((event.sql, event.params_hash, event.alias) != first for event in events):
        return False
    names = tables_of(events[0].sql)
    states = _states(names, {id(event) for event in events}, recording)
    return bool(names) and all(before != after for before, after in pairwise(states))


def _states(names: tuple[str, ...], wanted: set[int], recording: Recording) -> Iterable[object]:
    changes = Changes(recording.schema, recording.breaks)
    for position, event in enumerate(recording.queries):
        if id(event) in wanted:
            yield changes.state_of(names, position)
        else:
            changes.see(event)
