"""Q102: the same SELECT again and again, by one path below a frame that is still at the same instruction."""

import re
from collections.abc import Iterable, Mapping

from quell.events import Fetch, QueryEvent, Recording
from quell.findings import Finding
from quell.sqltext import fingerprint

KIND, CODE = "query_in_loop", "Q102"
MIN_CHUNK = 50  # values of an IN list that make a batch of it

_PAGE = re.compile(r"\b(?:LIMIT|FETCH\s+(?:FIRST|NEXT))\s+(\d+)", re.IGNORECASE)
_OFFSET = re.compile(r"\bOFFSET\s+\d+", re.IGNORECASE)
_KEYSET = re.compile(r"(?:>|<)=?\s*(?:\(?%s|\(?\?|:\w+|%\(|'|\d)", re.IGNORECASE)
_IN_LIST = re.compile(r"\bIN\s*\(((?:[^(),]*,){%d}[^()]*)\)" % (MIN_CHUNK - 1), re.IGNORECASE)


def find(recording: Recording, *, threshold: int) -> tuple[Finding, ...]:
    """
    Return one finding per loop that ran one SELECT at least ``threshold`` times.

    Loads that an instance caused belong to the rule for N+1; paging and batches are no loop.
    """
    fetches = {fetch.number: fetch for fetch in recording.fetches}
    found = []
    for events in _repeats(recording.queries, fetches).values():
        if len(events) >= threshold and not is_batched(events):
            found.append(_finding(events, fetches.get(events[0].fetch)))
    return tuple(found)


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
) -> Mapping[tuple[int, str], list[QueryEvent]]:
    """Group the statements that no instance caused by call path, then by text."""
    by_path: dict[int, list[QueryEvent]] = {}
    for event in queries:
        fetch = fetches.get(event.fetch)
        caused = fetch is not None and fetch.kind in {"lazy", "prefetch", "orphan"}
        if event.operation == "select" and not caused:
            by_path.setdefault(event.call_path, []).append(event)
    grouped: dict[tuple[int, str], list[QueryEvent]] = {}
    for path, events in by_path.items():
        if len(events) > 1:
            for event in events:
                grouped.setdefault((path, fingerprint(event.sql)), []).append(event)
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
        place=fetch.place if fetch is not None else "",
        fetches=(0, fetch.number) if fetch is not None else (),
    )
