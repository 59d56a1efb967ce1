"""
How much of the process's time analysis may take.

# Note [Budget]
A scope is analysed when its request has ended, and how long that takes is known only afterwards. So analysis is paid
from credit that grows with the CPU time of the process: what it costs beyond the credit is a debt, and while there is
debt no request is watched, which costs nothing. So it never takes more than the share, over any stretch of time that
is long beside the credit and one analysis.
"""

import logging
import os
import threading
from time import monotonic, process_time, thread_time
from types import TracebackType

from quell.conf import get_settings

logger = logging.getLogger("quell")
MAX_CREDIT_SECONDS = 1.0  # what a quiet process saves up at most
_SILENT_SECONDS = 3600.0


class Budget:
    """The credit of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._credit = MAX_CREDIT_SECONDS
        self._earned_at = process_time()
        self._told_at = float("-inf")

    def has_left(self, share: float) -> bool:
        """Tell whether another request may be watched; with a share of 1 always."""
        # What was earned since is not needed to tell, and the clock of a process is read by a call of the system.
        if share >= 1 or self._credit > 0:
            return True
        with self._lock:
            self._earn(share)
            has_left = self._credit > 0
            is_news = not has_left and monotonic() - self._told_at > _SILENT_SECONDS
            if is_news:
                self._told_at = monotonic()
        if is_news:
            logger.warning(
                "Analysing requests took more than QUELL_BUDGET_SHARE (%s) of this process's CPU time, so some "
                "requests are not watched until that is made up for; quell.production.counting.counts() tells "
                "how many. Lower QUELL_SAMPLE_RATE or QUELL_MAX_EVENTS to spread what is watched.",
                share,
            )
        return has_left

    def spend(self, seconds: float, share: float) -> None:
        """Pay for an analysis."""
        with self._lock:
            self._earn(share)
            self._credit -= seconds

    def _earn(self, share: float) -> None:
        now = process_time()
        self._credit = min(MAX_CREDIT_SECONDS, self._credit + share * (now - self._earned_at))
        self._earned_at = now

    def reset(self) -> None:
        """Begin with full credit, as a new process does."""
        self.__init__()  # type: ignore[misc]  # it has no subclass


class spending:  # noqa: N801 -- used like a function
    """Pay for what a block costs this thread."""

    def __enter__(self) -> None:
        self._began = thread_time()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        budget.spend(thread_time() - self._began, get_settings().budget_share)


budget = Budget()
# A worker that a server forks has a clock of its own, and locks that another thread of the server may have held.
os.register_at_fork(after_in_child=budget.reset)
