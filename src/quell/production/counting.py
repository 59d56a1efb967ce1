"""What the middleware did in this process, in numbers."""

import os
import threading
from collections import Counter
from typing import Literal, NamedTuple

Name = Literal["watched", "skipped", "known", "dropped_events"]


class Counts(NamedTuple):
    """
    What the middleware did since the process began.

    Attributes:
        watched: Requests that were watched.
        skipped: Requests that the sample rate had chosen, and that were not watched as the budget was spent.
        known: Watched requests that did what another one did before, and whose findings were taken from there.
        dropped_events: Statements that came after ``QUELL_MAX_EVENTS``, in all watched requests together.
    """

    watched: int = 0
    skipped: int = 0
    known: int = 0
    dropped_events: int = 0


_lock = threading.Lock()
_counted: Counter[str] = Counter()


def count(name: Name, number: int = 1) -> None:
    """Add to a count."""
    with _lock:
        _counted[name] += number


def counts() -> Counts:
    """Return the counts of this process."""
    with _lock:
        return Counts(**_counted)


def _reset() -> None:
    global _lock  # noqa: PLW0603 -- a thread of the parent may have held it
    _lock = threading.Lock()
    _counted.clear()


os.register_at_fork(after_in_child=_reset)
