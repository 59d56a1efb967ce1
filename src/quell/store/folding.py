"""
Gathers findings in memory, and folds them into a store from a thread of its own.

# Note [Folding]
A request adds numbers to a dictionary, under a lock that is never held while something waits. A thread takes the
dictionary every few seconds and hands it to the backend as one batch. A batch that failed is handed over again until
it arrives, under the number that it got at first, by which a backend tells that it has it already; meanwhile requests
go on to gather, in a dictionary that is bounded by the number of findings and hours, not of requests.
"""

import atexit
import logging
import os
import threading
import time
from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from quell.exceptions import QuellError
from quell.guard import guarded
from quell.store.totals import Facts, Total

logger = logging.getLogger("quell")
_MAX_TOTALS = 10_000  # findings that wait at once; what is new beyond is dropped and counted
_GIVEN_UP = True  # a batch that quell itself fails at would fail again
_AT_EXIT_SECONDS = 5.0  # that a process waits for its last batch


class StoreUnavailableError(QuellError):
    """A store could not take a batch; it is tried again."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is folded at once; ``number`` tells it from all batches of all processes."""

    number: str
    totals: Sequence[Total]


class Backend(Protocol):
    """Where batches are folded; used by one thread of a process at a time."""

    def fold(self, batch: Batch) -> None:
        """
        Add the numbers of a batch to those that are there, all or none, and once even if it is handed over twice.

        Raises:
            StoreUnavailableError: If it may work later.
        """


class Folder:
    """
    Folds what a process finds.

    Args:
        backend: Where to.
        seconds: How long findings are gathered.

    Cost: a few microseconds per finding for the thread that adds it, and no waiting.
    """

    def __init__(self, backend: Backend, *, seconds: float) -> None:
        self._backend = backend
        self._seconds = seconds
        self._begin()
        _folders.append(self)

    def _begin(self) -> None:
        """Start empty: what the process before a fork has gathered is for that one to fold."""
        self._condition = threading.Condition()
        self._totals: dict[str, Total] = {}
        self._batch: Batch | None = None
        self._thread: threading.Thread | None = None
        self._is_wanted = self._is_stopped = self._has_failed = False
        self._round = 0
        self.dropped_count = 0

    def add(self, facts: Facts, *, count: int, saved: int, release: str) -> None:
        """Add one request; never waits for the store."""
        key = facts.key
        with self._condition:
            total = self._totals.get(key)
            if total is None:
                if len(self._totals) >= _MAX_TOTALS:
                    self.dropped_count += 1
                    return
                total = self._totals[key] = Total(facts=facts, release=release)
            elif total.facts != facts:
                # The line has moved, or the numbers in the message are others.
                total.facts = facts
            total.add(count=count, saved=saved, seen_at=int(time.time()))
            if self._thread is None and not self._is_stopped:
                self._start()

    def flush(self, timeout_seconds: float = 10.0) -> bool:
        """Fold now, and wait for it; tell whether everything that was added before has arrived."""
        with self._condition:
            if self._thread is None:
                return not self._totals and self._batch is None
            # A round that is under way may have begun before the last addition.
            target = self._round + 2
            deadline = time.monotonic() + timeout_seconds
            while self._round < target and not self._is_stopped and time.monotonic() < deadline:
                self._is_wanted = True
                self._condition.notify_all()
                self._condition.wait(min(0.05, timeout_seconds))
            return not self._totals and self._batch is None

    def stop(self, timeout_seconds: float = _AT_EXIT_SECONDS) -> bool:
        """Fold what is left and end the thread; tell whether everything has arrived."""
        with self._condition:
            thread = self._thread
            self._is_stopped = True
            self._condition.notify_all()
        if thread is not None:
            thread.join(timeout_seconds)
        _forget(self)
        with self._condition:
            return not self._totals and self._batch is None

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="quell-store", daemon=True)
        # In a context of its own: no scope may see what the thread runs.
        Context().run(thread.start)
        # Where no thread can be started now, the next finding tries again.
        self._thread = thread

    def _run(self) -> None:
        condition = self._condition
        while True:
            with condition:
                if not (self._is_wanted or self._is_stopped):
                    condition.wait(self._seconds)
                self._is_wanted, is_last = False, self._is_stopped
                if self._batch is None and self._totals:
                    self._batch = Batch(uuid4().hex, tuple(self._totals.values()))
                    self._totals = {}
                batch = self._batch
            has_arrived = batch is None or guarded(_always, _GIVEN_UP, self._hand_over, batch)
            with condition:
                if has_arrived:
                    self._batch = None
                self._round += 1
                if is_last and (not has_arrived or not self._totals):
                    self._thread = None
                    condition.notify_all()
                    return
                condition.notify_all()

    def _hand_over(self, batch: Batch) -> bool:
        try:
            self._backend.fold(batch)
        except StoreUnavailableError as error:
            if not self._has_failed:
                logger.warning(
                    "The store of QUELL_STORE refuses or does not answer (%s); findings wait in memory until it does.",
                    error,
                )
            self._has_failed = True
            return False
        if self._has_failed:
            logger.info("The store of QUELL_STORE answers again; findings are folded.")
        self._has_failed = False
        return True


_folders: list[Folder] = []


def _forget(folder: Folder) -> None:
    if folder in _folders:
        _folders.remove(folder)


def _begin_anew() -> None:
    for folder in _folders:
        folder._begin()


def _stop_all() -> None:
    for folder in tuple(_folders):
        folder.stop()


def _always() -> bool:
    return True


os.register_at_fork(after_in_child=_begin_anew)
atexit.register(_stop_all)
