"""
Requests that do what another one did, and show what that one showed.

# Note [Known requests]
What the rules find depends on the statements of a request in their order, on the code that ran each of them and what
it worked on, on which of them had equal parameters, and on which rows asked for them. Requests that are equal in all of
that, and in their label, have the same findings with the same numbers. That costs less to compare than to find out.
"""

import os
import threading
from array import array
from collections import OrderedDict
from collections.abc import Hashable
from hashlib import blake2b

from quell.capture.freeze import freeze
from quell.capture.scope import Scope
from quell.conf import Settings, get_settings
from quell.lineage.alias import FetchRecord
from quell.pipeline import judge
from quell.production.budget import spending
from quell.production.counting import count
from quell.silencing.judging import Outcome

_MAX_KNOWN = 512  # requests that are remembered
_MAX_EVENTS = 500  # of a request that is; longer ones are rarely alike


class _Known:
    """What requests showed, by their shape; what it tells the address of is kept, so that it stays its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[bytes, tuple[Outcome, list[object]]] = OrderedDict()
        self._settings: Settings | None = None

    def get(self, shape: bytes) -> Outcome | None:
        settings = get_settings()
        with self._lock:
            if settings is not self._settings:
                self._found.clear()
                self._settings = settings
            found = self._found.get(shape)
            if found is None:
                return None
            self._found.move_to_end(shape)
            return found[0]

    def keep(self, shape: bytes, outcome: Outcome, held: list[object]) -> None:
        with self._lock:
            self._found[shape] = outcome, held
            if len(self._found) > _MAX_KNOWN:
                self._found.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._found.clear()

    def renew_lock(self) -> None:
        # Another thread of the parent may have held the lock when it forked.
        self._lock = threading.Lock()


known = _Known()
os.register_at_fork(after_in_child=known.renew_lock)


def judge_within_budget(scope: Scope, label: str) -> Outcome:
    """Return what a request showed, from an equal one where there is one; an analysis is paid for."""
    if scope.dropped_count:
        count("dropped_events", scope.dropped_count)
    if not scope.version:
        # It ran no statement.
        return Outcome()
    shape = shape_of(scope, label)
    found = known.get(shape) if shape else None
    if found is not None:
        count("known")
        return found
    with spending():
        outcome = judge(freeze(scope), label)
    if shape:
        known.keep(shape, outcome, _addressed(scope))
    return outcome


def shape_of(scope: Scope, label: str) -> bytes:
    """
    Return what tells a request from others that may have other findings; nothing where it is too long, or more counts.

    Args:
        scope: What was seen.
        label: Method and route.

    Cost: about two microseconds per statement, and three per path that leads to some of them.
    """
    if scope.event_count > _MAX_EVENTS or scope.witness is not None:
        # Side effects are no statements, and how long a transaction takes is in none.
        return b""
    numbers = array("q", [hash(label), len(scope.breaks), *scope.breaks])
    paths: dict[int, int] = {}
    first: dict[tuple[str, int], int] = {}
    fetches: dict[int, int] = {}
    for position, event in enumerate(scope.facts):
        sql, alias, _, _, row_count, path, many, params_hash, fetch, ignored, _ = event
        number = paths.get(id(path))
        if number is None:
            number = paths[id(path)] = path.route.shape
        asked = _asked_by(fetch, position, fetches) if fetch is not None else None
        # Equal parameters have the number of the first statement that had them.
        equal = first.setdefault((sql, params_hash), position)
        numbers.append(hash((number, sql, equal, alias, ignored, row_count == 0, many, asked)))
    return blake2b(numbers.tobytes(), digest_size=16).digest()


def _asked_by(fetch: FetchRecord, position: int, fetches: dict[int, int]) -> tuple[Hashable, ...]:
    """Return the relation, the statement whose rows asked, and the address of the line that built the queryset."""
    fetches.setdefault(id(fetch), position)
    parent, site = fetch.parent, fetch.site
    asked = (fetches.get(id(parent.fetch), -1), parent.hops) if parent is not None else None
    # An instruction has an address of its own, as it is part of its code object.
    built = id(site.code) + site.lasti if site is not None else None
    return fetch.hops, fetch.is_prefetch, asked, built


def _addressed(scope: Scope) -> list[object]:
    """Return what a shape tells the address of."""
    events = list(scope.events_from())
    routes = {id(event.call_path.route): event.call_path.route for event in events}
    # Not the sites themselves, which may hold a row.
    built = [
        event.fetch.site.code for event in events if event.fetch is not None and event.fetch.site is not None
    ]
    return [*routes.values(), *set(built)]
