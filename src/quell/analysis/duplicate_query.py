"""
Q104: the same SELECT with the same parameters again, in one request, with nothing in between that could change it.

A write to one of its tables, a statement that may write anywhere, a rollback or another request lies between two
reads that are no repeat. What several rows, a defeated prefetch or a loop repeat is the finding of another rule.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from quell.analysis.causes import together
from quell.analysis.families import Families, group
from quell.analysis.query_in_loop import is_batched
from quell.analysis.tables import Changes, is_writing, tables_of
from quell.events import Fetch, Location, QueryEvent, Recording
from quell.findings import Finding

KIND, CODE = "duplicate_query", "Q104"
THRESHOLD = 2

_VOLATILE = re.compile(
    r"\bFOR\s+(?:NO\s+KEY\s+)?(?:UPDATE|SHARE|KEY\s+SHARE)\b|\bLOCK\s+IN\s+SHARE\s+MODE\b"
    r"|\b(?:RAND|RANDOM|RANDOMBLOB|GEN_RANDOM_UUID|UUID|UUIDV4|UUIDV7|UUID_GENERATE_V\d\w*|NOW|SYSDATE|SYSTIMESTAMP"
    r"|CLOCK_TIMESTAMP|STATEMENT_TIMESTAMP|TIMEOFDAY|UNIX_TIMESTAMP|NEXTVAL|CURRVAL|LASTVAL|SETVAL|LAST_INSERT_ID"
    r"|FOUND_ROWS|ROW_COUNT|SLEEP|PG_SLEEP|BENCHMARK|GET_LOCK|RELEASE_LOCK|PG_\w*LOCK\w*|CHANGES|RAND_\w+)\s*\("
    r"|\bCURRENT_(?:TIMESTAMP|TIME|DATE)\b|\bLOCALTIME(?:STAMP)?\b|'now'|\bTABLESAMPLE\b",
    re.IGNORECASE,
)


def find(
    recording: Recording, *, others: Sequence[Finding] = (), families: Families | None = None
) -> tuple[Finding, ...]:
    """
    Return one finding per line and model that read again what was already read.

    Args:
        recording: What one scope saw.
        others: What the rules found that go first; their statements are not reported again.
        families: Those of the recording, where they are known.
    """
    fetches = {fetch.number: fetch for fetch in recording.fetches}
    groups = _groups(recording, fetches, taken(recording, others, families))
    found: dict[Hashable, Finding] = {}
    for positions in _without_parts(groups, recording.queries, fetches):
        finding = _finding(positions, recording.queries, fetches)
        if finding is not None and not _is_part_of(finding, others):
            key = (finding.model, finding.path, finding.origin, finding.trigger)
            found[key] = together(found[key], finding) if key in found else finding
    return tuple(found.values())


def _is_part_of(finding: Finding, others: Iterable[Finding]) -> bool:
    """Tell whether a loop already names every line that asked: what ends the loop ends this, too."""
    loops = {(other.model, other.trigger) for other in others if other.kind == "query_in_loop"}
    return bool(finding.triggers) and all((finding.model, line) in loops for line in finding.triggers)


def taken(recording: Recording, others: Sequence[Finding], families: Families | None) -> frozenset[int]:
    """Return the positions of the statements of other findings: those they name, those of relations they are about."""
    named = {number for finding in others for number in finding.fetches[1::2] if not finding.statements}
    fetches: set[int] = set()
    if named:
        families = group(recording.fetches) if families is None else families
        for family in families.values():
            numbers = {fetch.number for fetch in family.fetches}
            if numbers & named:
                fetches |= numbers
    stated = {id(event) for finding in others for event in finding.statements}
    return frozenset(
        n for n, event in enumerate(recording.queries) if event.fetch in fetches or id(event) in stated
    )


def _groups(recording: Recording, fetches: Mapping[int, Fetch], taken: frozenset[int]) -> list[list[int]]:
    """Return the positions of equal reads, each group without anything in between that could change the answer."""
    queries = recording.queries
    keys = {n: _key(event, fetches) for n, event in enumerate(queries) if n not in taken}
    read = {n: key for n, key in keys.items() if key is not None}
    counts: dict[Hashable, int] = defaultdict(int)
    for key in read.values():
        counts[key] += 1
    if not any(count >= THRESHOLD for count in counts.values()):
        return []
    changes = Changes(recording.schema, recording.breaks)
    grouped: dict[Hashable, list[int]] = {}
    for position, event in enumerate(queries):
        key = read.get(position)
        if key is not None and counts[key] >= THRESHOLD and not is_writing(event.sql):
            names = tables_of(event.sql)
            if names and not _VOLATILE.search(event.sql) and not is_batched((event,)):
                grouped.setdefault((key, changes.state_of(names, position)), []).append(position)
        else:
            changes.see(event)
    return [positions for positions in grouped.values() if len(positions) >= THRESHOLD]


def _key(event: QueryEvent, fetches: Mapping[int, Fetch]) -> Hashable:
    """Return what two equal reads have in common; nothing for what is no read of its own."""
    if event.operation != "select" or event.verb or event.many:
        return None
    fetch = fetches.get(event.fetch)
    if fetch is not None and (fetch.form_field or fetch.is_locking):
        # Each field of a form has a queryset of its own, and a lock is more than a read.
        return None
    # Two rows may well lead to one and the same third; only what one row asks twice is needless.
    owner = fetch.owner if fetch is not None and fetch.kind != "prefetch" else None
    return event.alias, event.unit, event.sql, event.params_hash, owner


def _without_parts(
    groups: list[list[int]], queries: Sequence[QueryEvent], fetches: Mapping[int, Fetch]
) -> Iterator[list[int]]:
    """Yield the groups; the prefetches of a queryset that ran twice belong to that queryset."""
    owner: dict[int, int] = {}
    for number, positions in enumerate(groups):
        for position in positions:
            owner[queries[position].fetch] = number
    owner.pop(0, None)
    whole = [list(positions) for positions in groups]
    is_part = [False] * len(groups)
    for number, positions in enumerate(groups):
        mine = [fetches[queries[n].fetch] for n in positions if queries[n].fetch in fetches]
        if mine and mine[0].kind == "prefetch":
            is_part[number] = True
            parents = {owner.get(_root_of(fetch, fetches)) for fetch in mine}
            if len(parents) == 1 and (parent := parents.pop()) is not None:
                whole[parent] += positions
    yield from (positions for number, positions in enumerate(whole) if not is_part[number])


def _root_of(fetch: Fetch, fetches: Mapping[int, Fetch]) -> int:
    while fetch.kind == "prefetch" and fetch.parent in fetches:
        fetch = fetches[fetch.parent]
    return fetch.number


def _is_of_user(event: QueryEvent) -> bool:
    return event.action_line is not None and not event.is_housekeeping


def _finding(
    positions: list[int], queries: Sequence[QueryEvent], fetches: Mapping[int, Fetch]
) -> Finding | None:
    first, *again = positions
    repeats = [position for position in again if _is_of_user(queries[position])]
    if not repeats:
        return None
    kept = [first, *repeats]
    fetch = fetches.get(queries[first].fetch)
    model, path = _subject(fetch)
    shapes = len({queries[position].sql for position in kept})
    trigger = queries[repeats[0]].trigger
    return Finding(
        kind=KIND,
        code=CODE,
        model=model,
        path=path,
        count=len(kept),
        saved_queries=max(len(kept) - shapes, 1),
        origin=_origin(queries[first], fetch) or trigger,
        trigger=trigger,
        call=trigger,
        triggers=_lines(queries[position] for position in kept),
        place=fetch.place if fetch is not None else "",
        fetches=(0, fetch.number) if fetch is not None else (),
        statements=tuple(queries[position] for position in kept),
    )


def _subject(fetch: Fetch | None) -> tuple[str, str]:
    """Return the model whose queryset it is; of a relation, the model of the row that asked, and the relation."""
    if fetch is None:
        return "", ""
    if fetch.kind in {"lazy", "orphan"} and fetch.owner_model:
        return fetch.owner_model, fetch.hops[-1]
    return fetch.model, ""


def _origin(event: QueryEvent, fetch: Fetch | None) -> Location | None:
    is_known = fetch is not None and (fetch.built_by == "user" or bool(fetch.place))
    return fetch.origin if fetch is not None and is_known else event.trigger


def _lines(events: Iterable[QueryEvent]) -> tuple[Location, ...]:
    return tuple(dict.fromkeys(event.trigger for event in events if event.trigger is not None))
