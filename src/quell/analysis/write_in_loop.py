"""
Q105: a write again and again, by one path below a frame that is still at the same instruction.

What the ORM reads and writes for one call, such as the test and the INSERT of ``get_or_create()``, belongs together:
the unit is the *action*, the instruction of the user's code that called the ORM.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import pairwise

from quell.analysis.causes import together
from quell.analysis.needed import is_key_range
from quell.analysis.tables import tables_of
from quell.events import Fetch, QueryEvent, Recording, Schema
from quell.findings import Finding
from quell.sqltext import fingerprint, tables

KIND, CODE = "write_in_loop", "Q105"
WRITES = frozenset({"insert", "update", "delete"})
MIN_CHUNK = 50  # rows in one call of a relation's manager that make a batch of it

# Each of them writes a row by an INSERT or by an UPDATE, depending on whether it is there.
_EITHER_WAY = frozenset({"save", "create", "get_or_create", "update_or_create"})
_OF_RELATION = frozenset({"add", "remove", "set", "clear"})
_UNNEST = re.compile(r"\bUNNEST\s*\(", re.IGNORECASE)
_KEYS = re.compile(r"\bIN\s*\(((?:[^(),]*,)+[^()]*)\)", re.IGNORECASE)
_ROWS = re.compile(r"\)\s*,\s*\(")


def find(recording: Recording, *, threshold: int) -> tuple[Finding, ...]:
    """
    Return one finding per line and model that a loop wrote at least ``threshold`` times.

    Batches and chunks, several rows per statement, are no loop; nor is what a framework writes for itself, a
    library's loop, in which the user has nothing to change, or a queue.
    """
    fetches = {fetch.number: fetch for fetch in recording.fetches}
    found: dict[Hashable, Finding] = {}
    for events in _actions(recording.queries).values():
        if _is_loop(events, threshold, recording.schema) and not _is_needed(events, fetches, recording):
            finding = _finding(events, fetches, recording.schema)
            key = (finding.model, finding.origin, finding.trigger)
            found[key] = together(found[key], finding) if key in found else finding
    return tuple(found.values())


def row_count(sql: str) -> int:
    """Return how many rows a statement names: in VALUES, or in a list of keys; at least 1."""
    if _UNNEST.search(sql):
        return MIN_CHUNK
    keys = max((found[1].count(",") + 1 for found in _KEYS.finditer(sql)), default=1)
    return max(keys, len(_ROWS.findall(sql)) + 1)


def _actions(queries: Iterable[QueryEvent]) -> Mapping[int, list[QueryEvent]]:
    """Group what was written, and what the ORM read for it, by action."""
    grouped: dict[int, list[QueryEvent]] = {}
    for event in queries:
        is_part = bool(event.verb) or event.operation in WRITES
        if event.action and is_part and not event.is_housekeeping and not event.is_looped_by_library:
            grouped.setdefault(event.action, []).append(event)
    return grouped


def _shape(event: QueryEvent) -> Hashable:
    return event.call_path, fingerprint(event.sql)


def _is_loop(events: list[QueryEvent], threshold: int, schema: Schema) -> bool:
    single = [event for event in events if not _is_batch(event, schema)]
    for key, of in ((_shape, events), (_saved, [event for event in events if _is_save(event)])):
        ids = set(map(id, of))
        if _is_repeated([event for event in single if id(event) in ids], of, key, threshold):
            return True
    return False


def _is_needed(events: list[QueryEvent], fetches: Mapping[int, Fetch], recording: Recording) -> bool:
    return _is_retried(events, recording) or _is_queue(events, fetches, recording)


def _is_retried(events: list[QueryEvent], recording: Recording) -> bool:
    """Tell whether each write was rolled back before the next one: only the last of them stays."""
    wanted = {id(event) for event in events if event.operation in WRITES}
    written = [position for position, event in enumerate(recording.queries) if id(event) in wanted]
    breaks = recording.breaks
    return len(written) > 1 and all(
        bisect_right(breaks, one) < bisect_right(breaks, other) for one, other in pairwise(written)
    )


def _is_queue(events: list[QueryEvent], fetches: Mapping[int, Fetch], recording: Recording) -> bool:
    """
    Tell whether one and the same question took the row before each write, which gives it another answer.

    So works a queue: what is next is not known before. Of a key the answer stays one row, however often it is asked.
    """
    written = [event for event in events if event.operation in WRITES]
    wanted, names = set(map(id, written)), tables_of(written[0].sql)[:1] if written else ()
    asked: set[Hashable] = set()
    common: set[Hashable] | None = None
    chosen: set[Hashable] = set()
    for event in recording.queries:
        if id(event) in wanted:
            common = asked if common is None else common & asked
            asked = set()
        elif _is_of_one_row(event, fetches) and tables_of(event.sql)[:1] == names:
            question = event.sql, event.params_hash
            asked.add(question)
            if event.is_in_while or fetches[event.fetch].is_locking:
                chosen.add(question)
    return bool(common and common & chosen)


def _is_of_one_row(event: QueryEvent, fetches: Mapping[int, Fetch]) -> bool:
    """Tell whether a SELECT takes the next of some rows."""
    fetch = fetches.get(event.fetch)
    is_select = fetch is not None and event.operation == "select" and fetch.kind == "root"
    return is_select and fetch is not None and fetch.method not in {"", "get"}


def _is_repeated(
    single: list[QueryEvent],
    events: list[QueryEvent],
    key: Callable[[QueryEvent], Hashable],
    threshold: int,
) -> bool:
    all_of_it = Counter(map(key, events))
    # Of chunks only the last may be a single row.
    return any(
        count >= threshold and count * 2 > all_of_it[shape]
        for shape, count in Counter(map(key, single)).items()
    )


def _is_save(event: QueryEvent) -> bool:
    """Tell whether a statement saved a row, new or old; an UPDATE that finds none is followed by its INSERT."""
    is_missed = event.operation == "update" and event.row_count == 0
    return event.verb in _EITHER_WAY and event.operation in {"insert", "update"} and not is_missed


def _saved(event: QueryEvent) -> Hashable:
    return event.trigger, tables(event.sql)[:1]


def _is_batch(event: QueryEvent, schema: Schema) -> bool:
    least = MIN_CHUNK if event.verb in _OF_RELATION else 2
    return event.many or row_count(event.sql) >= least or is_key_range(event.sql, schema)


def _finding(events: list[QueryEvent], fetches: Mapping[int, Fetch], schema: Schema) -> Finding:
    trigger = events[0].action_line
    own = [fetches[event.fetch] for event in events if _is_own(event, fetches)]
    origin = next((fetch.origin for fetch in own if fetch.built_by == "user"), trigger)
    return Finding(
        kind=KIND,
        code=CODE,
        model=_model(events, fetches, schema),
        count=len(events),
        saved_queries=max(len(events) - len({_shape(event) for event in events}), 1),
        origin=origin,
        trigger=trigger,
        call=trigger,
        triggers=(trigger,) if trigger is not None else (),
        fetches=(0, own[0].number) if own else (),
        statements=tuple(events),
    )


def _is_own(event: QueryEvent, fetches: Mapping[int, Fetch]) -> bool:
    """Tell whether a statement ran its own queryset; that of an instance points to what loaded the instance."""
    fetch = fetches.get(event.fetch)
    return fetch is not None and fetch.call_path == event.call_path and fetch.kind == "root"


def _model(events: list[QueryEvent], fetches: Mapping[int, Fetch], schema: Schema) -> str:
    """Return the model that was written; of one that has its row in two tables, the one that was meant."""
    asked = [fetches[event.fetch].model for event in events if event.fetch in fetches]
    written = [_written(event, schema) for event in events if event.operation in WRITES]
    if not written:
        return asked[0] if asked else ""
    # What hangs on a row is deleted before it, and the part of it that lies in the parent's table after it.
    base = written[-1] if events[0].verb == "delete" else written[0]
    below = [label for label in written if base in schema.parents.get(label, ())]
    if not below:
        return base
    by_lineage = [label for label in asked if label in written]
    if events[0].verb == "delete" and by_lineage:
        return by_lineage[-1]
    return max(below, key=lambda label: len({*schema.parents[label]} & {*written}))


def _written(event: QueryEvent, schema: Schema) -> str:
    named = tables(event.sql)
    return schema.models.get(named[0], "") if named else ""
