"""
Requests that do what another one did, and show what that one showed.

# Note [Known requests]
What the rules find depends on the statements of a request in their order, on the code that ran each of them, and on
which of them had equal parameters. Requests that are equal in all of that, and in their label, have the same findings
with the same numbers. That costs less to compare than to find out.
"""

import os
import threading
from array import array
from collections import OrderedDict
from hashlib import blake2b
from types import CodeType

from quell.capture.freeze import freeze
from quell.capture.scope import Scope
from quell.conf import Settings, get_settings
from quell.pipeline import judge
from quell.production.budget import spending
from quell.production.counting import count
from quell.silencing.judging import Outcome

_MAX_KNOWN = 512  # requests that are remembered
_MAX_EVENTS = 500  # of a request that is; longer ones are rarely alike


class _Known:
    """What requests showed, by their shape; the code is kept, so that its address stays its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[bytes, tuple[Outcome, list[CodeType]]] = OrderedDict()
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

    def keep(self, shape: bytes, outcome: Outcome, code: list[CodeType]) -> None:
        with self._lock:
            self._found[shape] = outcome, code
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
        known.keep(shape, outcome, _code_of(scope))
    return outcome


def shape_of(scope: Scope, label: str) -> bytes:
    """
    Return what tells a request from others that may have other findings; nothing where it is too long, or more counts.

    Args:
        scope: What was seen.
        label: Method and route.

    Cost: about a microsecond per statement, and three per path that leads to some of them.
    """
    if scope.event_count > _MAX_EVENTS or scope.witness is not None:
        # Side effects are no statements, and how long a transaction takes is in none.
        return b""
    numbers = array("q", [hash(label), len(scope.breaks), *scope.breaks])
    add = numbers.append
    paths: dict[int, int] = {}
    first: dict[tuple[str, int], int] = {}
    for position, event in enumerate(scope.events_from()):
        path = event.call_path
        number = paths.get(id(path))
        if number is None:
            number = paths[id(path)] = path.route.shape
        add(number)
        add(hash(event.sql))
        # Equal parameters have the number of the first statement that had them.
        add(first.setdefault((event.sql, event.params_hash), position))
        add(hash((event.alias, event.ignored, event.row_count == 0, event.many)))
    return blake2b(numbers.tobytes(), digest_size=16).digest()


def _code_of(scope: Scope) -> list[CodeType]:
    """Return the code whose address a shape tells."""
    paths = {id(event.call_path): event.call_path for event in scope.events_from()}
    return [code for path in paths.values() for code in path.route.code]
