"""A recording without some of its statements, as if they had never run."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace

from quell.analysis.families import group
from quell.events import Fetch, QueryEvent, Recording


def without(recording: Recording, events: Iterable[QueryEvent]) -> Recording:
    """
    Return a recording without some statements, to judge the others by themselves.

    A fetch whose rows asked for something that stays is kept, as if it had been loaded for all rows at once: it
    leads from the root to what stays, and is no load on demand of its own.
    """
    gone_events = set(map(id, events))
    queries = tuple(event for event in recording.queries if id(event) not in gone_events)
    gone = {event.fetch for event in recording.queries if id(event) in gone_events} - {0}
    needed = _ancestors(recording.fetches, gone)
    repeated = _repeated(recording.fetches)
    fetches = tuple(
        _as_loaded_at_once(fetch) if fetch.number in gone & repeated else fetch
        for fetch in recording.fetches
        if fetch.number not in gone or fetch.number in needed
    )
    return replace(recording, queries=queries, fetches=fetches, breaks=_moved(recording, gone_events))


def _moved(recording: Recording, gone: set[int]) -> tuple[int, ...]:
    """Return the positions of the breaks among the statements that stay."""
    kept = [position for position, event in enumerate(recording.queries) if id(event) not in gone]
    return tuple(bisect_left(kept, position) for position in recording.breaks)


def _ancestors(fetches: Iterable[Fetch], gone: set[int]) -> set[int]:
    """Return the fetches that lead to those which stay."""
    by_number = {fetch.number: fetch for fetch in fetches}
    found: set[int] = set()
    for fetch in by_number.values():
        parent = fetch.parent if fetch.number not in gone else 0
        while parent and parent not in found:
            found.add(parent)
            parent = by_number[parent].parent
    return found


def _repeated(fetches: Iterable[Fetch]) -> set[int]:
    """Return the fetches that several instances asked for; a list that one instance loaded is left as it is."""
    families = group(fetches).values()
    return {fetch.number for family in families if family.owner_count > 1 for fetch in family.fetches}


def _as_loaded_at_once(fetch: Fetch) -> Fetch:
    return replace(fetch, kind="prefetch" if fetch.parent else "root", variant=(), method="")
