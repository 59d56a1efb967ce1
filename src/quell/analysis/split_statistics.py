"""
Q110: several counts and other aggregates of one model, asked one by one by one function or class.

They are no work done for nothing, so the finding is an advice. It takes three different numbers: a list with its
count and another number beside it is no dashboard. A loop belongs to Q102, and what several rows ask to Q101.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from quell.analysis.duplicate_query import taken
from quell.analysis.families import Families
from quell.analysis.tables import Changes, tables_of
from quell.events import Fetch, Location, QueryEvent, Recording
from quell.findings import Finding

KIND, CODE = "split_statistics", "Q110"
THRESHOLD = 3

_METHODS = frozenset({"count", "aggregate"})


def find(
    recording: Recording, *, others: Sequence[Finding] = (), families: Families | None = None
) -> tuple[Finding, ...]:
    """
    Return one finding per model and function whose numbers one statement could have.

    Args:
        recording: What one scope saw.
        others: What the rules found that go first; their statements are not reported again.
        families: Those of the recording, where they are known.
    """
    numbers = {fetch.number: fetch for fetch in recording.fetches if fetch.method in _METHODS}
    if len(numbers) < THRESHOLD:
        return ()
    gone = taken(recording, others, families)
    asked = [
        (position, event, numbers[event.fetch])
        for position, event in enumerate(recording.queries)
        if event.fetch in numbers and position not in gone and _is_of_user(event)
    ]
    grouped: dict[Hashable, list[tuple[int, QueryEvent, Fetch]]] = defaultdict(list)
    for item in asked:
        grouped[_key(*item[1:])].append(item)
    candidates = [group for group in grouped.values() if len(group) >= THRESHOLD]
    if not candidates:
        return ()
    states = _states(recording, {position for group in candidates for position, _, _ in group})
    pages = _conditions_of_lists(recording.fetches)
    return tuple(_findings(candidates, states, pages))


def _is_of_user(event: QueryEvent) -> bool:
    """Tell whether a line of the user's asks, once."""
    is_looped = event.is_in_user_loop or event.is_looped_by_library
    return event.trigger is not None and not (event.is_housekeeping or event.is_internal or is_looped)


def _key(event: QueryEvent, fetch: Fetch) -> Hashable:
    """Return what numbers of one dashboard have in common; the relation of a row is one of its own."""
    is_root = fetch.kind == "root"
    relation = () if is_root else (fetch.owner_model, fetch.owner, fetch.owner_pk, fetch.hops)
    return event.unit, event.alias, fetch.model, relation, _scope_of(event.trigger)


def _scope_of(spot: Location | None) -> Hashable:
    """Return the function of a line, or the class that it is a method of; of a template the file."""
    return (spot.file, spot.function.partition(".")[0]) if spot is not None else None


def _states(recording: Recording, wanted: set[int]) -> Mapping[int, Hashable]:
    """Return for some statements what their first table was like: a write in between may change the numbers."""
    changes = Changes(recording.schema, recording.breaks)
    found: dict[int, Hashable] = {}
    for position, event in enumerate(recording.queries):
        if position in wanted:
            found[position] = changes.state_of(tables_of(event.sql)[:1], position)
        else:
            changes.see(event)
    return found


def _conditions_of_lists(fetches: Iterable[Fetch]) -> frozenset[Hashable]:
    """Return what chooses the rows of each list that was loaded: the count of it belongs to it."""
    return frozenset(
        (fetch.model, _condition(fetch.sql)) for fetch in fetches if fetch.method in {"", "iterator"}
    )


def _condition(sql: str) -> str:
    return sql.partition(" WHERE ")[2].partition(" ORDER BY ")[0].partition(" LIMIT ")[0]


def _findings(
    candidates: Iterable[list[tuple[int, QueryEvent, Fetch]]],
    states: Mapping[int, Hashable],
    lists: frozenset[Hashable],
) -> Iterator[Finding]:
    for group in candidates:
        by_state: dict[Hashable, dict[Hashable, tuple[QueryEvent, Fetch]]] = defaultdict(dict)
        for position, event, fetch in group:
            if fetch.method == "count" and (fetch.model, _condition(event.sql)) in lists:
                continue
            # Who asks twice has one number.
            by_state[states[position]].setdefault((event.sql, event.params_hash), (event, fetch))
        for numbers in by_state.values():
            if len(numbers) >= THRESHOLD:
                yield _finding(list(numbers.values()))


def _finding(numbers: Sequence[tuple[QueryEvent, Fetch]]) -> Finding:
    events = tuple(event for event, _ in numbers)
    first = numbers[0][1]
    lines = tuple(dict.fromkeys(event.trigger for event in events if event.trigger is not None))
    is_relation = first.kind != "root"
    return Finding(
        kind=KIND,
        code=CODE,
        level="advice",
        model=first.model,
        path="",
        count=len(events),
        saved_queries=len(events) - 1,
        origin=lines[0],
        trigger=lines[0],
        triggers=lines,
        call=lines[0] if is_relation else None,
        fetches=tuple(number for _, fetch in numbers for number in (0, fetch.number)),
        statements=events,
    )
