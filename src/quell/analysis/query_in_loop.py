"""
Q102: the same SELECT again and again, by one path below a frame that is still at the same instruction.

The same statement with the same parameters, which a library repeats and no loop of the user, is Q104; what the ORM
reads as a part of a write is Q105.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping

from quell.analysis.causes import together
from quell.analysis.families import CREATES
from quell.analysis.needed import is_asked_anew, is_chunked, is_descending
from quell.events import Fetch, Location, QueryEvent, Recording
from quell.findings import Finding
from quell.sqltext import fingerprint

KIND, CODE = "query_in_loop", "Q102"
MIN_CHUNK = 50  # values of an IN list that make a batch of it

_PAGE = re.compile(r"\b(?:LIMIT|FETCH\s+(?:FIRST|NEXT))\s+(\d+)", re.IGNORECASE)
_OFFSET = re.compile(r"\bOFFSET\s+\d+", re.IGNORECASE)
_KEYSET = re.compile(r"(?:>|<)=?\s*(?:\(?%s|\(?\?|:\w+|%\(|'|\d)", re.IGNORECASE)
_IN_LIST = re.compile(rf"\bIN\s*\(((?:[^(),]*,){{{MIN_CHUNK - 1}}}[^()]*)\)", re.IGNORECASE)


def find(recording: Recording, *, threshold: int) -> tuple[Finding, ...]:
    """
    Return one finding per loop that ran one SELECT at least ``threshold`` times.

    Loads that several instances caused belong to the rule for N+1, what one instance loads again and again is a
    loop, too; paging and batches are none. What one line does with the querysets of one function is one finding.
    """
    fetches = _outside_of_n_plus_one(recording.fetches)
    found: dict[Hashable, Finding] = {}
    for events in _repeats(recording.queries, fetches).values():
        fetch = fetches.get(events[0].fetch)
        if len(events) >= threshold and not _is_no_loop(events, fetch, recording):
            finding = _finding(events, fetch)
            line = finding.trigger or events[0].call_path
            key = (finding.kind, finding.model, _builder(finding.origin), line)
            found[key] = together(found[key], finding) if key in found else finding
    return tuple(found.values())


def _builder(origin: Location | None) -> Hashable:
    """Return the function that built a queryset: a helper that it hands several to is one cause."""
    return (origin.file, origin.function) if origin is not None else None


def _is_no_loop(events: list[QueryEvent], fetch: Fetch | None, recording: Recording) -> bool:
    return (
        is_batched(events)
        or _has_one_answer(events, fetch)
        or is_chunked(events, recording.schema)
        or is_descending(events)
        or is_asked_anew(events, recording)
    )


def _has_one_answer(events: list[QueryEvent], fetch: Fetch | None) -> bool:
    """Tell whether the repeats are no loop over rows: one row reads a relation, or a library asks, again and again."""
    is_same = len({(event.sql, event.params_hash) for event in events}) == 1
    # Each form of a formset asks for its choices anew, also where a relation of one row gives them.
    is_read_again = fetch is not None and fetch.kind != "root" and not (fetch.variant or fetch.form_field)
    return is_read_again or (is_same and not events[0].is_in_user_loop)


def _outside_of_n_plus_one(fetches: Iterable[Fetch]) -> Mapping[int, Fetch]:
    """Return the fetches by number, without prefetches and without what several instances of one fetch asked for."""
    owners: dict[Hashable, set[Hashable]] = defaultdict(set)
    kept = [fetch for fetch in fetches if fetch.kind != "prefetch"]
    for fetch in kept:
        owners[_relation(fetch)].add(fetch.owner)
    return {
        fetch.number: fetch
        for fetch in kept
        if fetch.kind == "root" or fetch.method in CREATES or len(owners[_relation(fetch)]) == 1
    }


def _relation(fetch: Fetch) -> Hashable:
    return fetch.kind, fetch.parent, fetch.owner_model, fetch.hops


def is_batched(events: Iterable[QueryEvent]) -> bool:
    """Tell whether repeated statements walk through pages or chunks."""
    return all(_is_page(event.sql) or _IN_LIST.search(event.sql) for event in events)


def _is_page(sql: str) -> bool:
    page = _PAGE.search(sql)
    if page is None or int(page[1]) < 2:
        return False
    return bool(_OFFSET.search(sql) or _KEYSET.search(sql))


def _repeats(
    queries: Iterable[QueryEvent], fetches: Mapping[int, Fetch]
) -> Mapping[tuple[int, str, Hashable], list[QueryEvent]]:
    """Group the statements outside of fetches, and those of the given fetches, by call path, then by text."""
    by_path: dict[int, list[QueryEvent]] = {}
    for event in queries:
        is_outside = (not event.fetch or event.fetch in fetches) and not event.is_internal
        if event.operation == "select" and not event.verb and is_outside:
            by_path.setdefault(event.call_path, []).append(event)
    grouped: dict[tuple[int, str, Hashable], list[QueryEvent]] = {}
    for path, events in by_path.items():
        if len(events) > 1:
            for event in events:
                fetch = fetches.get(event.fetch)
                # Of two parents of one loop, each with a relation of its own, the rule for N+1 knows.
                is_own = fetch is not None and fetch.kind != "root" and fetch.method not in CREATES
                owner = fetch.owner if fetch is not None and is_own else None
                grouped.setdefault((path, fingerprint(event.sql), owner), []).append(event)
    return grouped


def _finding(events: list[QueryEvent], fetch: Fetch | None) -> Finding:
    first = events[0]
    is_user = fetch is not None and fetch.built_by == "user"
    return Finding(
        kind=KIND,
        code=CODE,
        model=fetch.model if fetch is not None else "",
        count=len(events),
        saved_queries=len(events) - 1,
        origin=fetch.origin if fetch is not None and is_user else first.trigger,
        trigger=first.trigger,
        triggers=(first.trigger,) if first.trigger is not None else (),
        call=first.trigger,
        place=fetch.place if fetch is not None else "",
        fetches=(0, fetch.number) if fetch is not None else (),
        statements=tuple(events),
    )
