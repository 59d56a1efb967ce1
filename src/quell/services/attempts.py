"""
When a service is run again.

# Note [Only the whole transaction is run again]
After a serialization failure a part of the transaction that is run again reads the same snapshot, and after a
deadlock it still holds the locks that the others wait for. So only the outermost block may be run again. What ran
after a commit never is: its errors do not come this way.
"""

import time

from quell.exceptions import RetriesExhausted, TransactionAborted
from quell.services.options import Options, Retry
from quell.services.transient import fault_of


class Attempts:
    """The tries of one call, counted and timed."""

    __slots__ = ("_began", "count", "options", "retry")

    def __init__(self, options: Options) -> None:
        self.options = options
        self.retry = options.retry or Retry(tries=1)
        self.count = 0
        self._began = time.monotonic()

    def pause_after(self, error: BaseException) -> float | None:
        """
        Tell how many seconds to wait before the next try.

        Returns:
            ``None`` where another try would not help: the error is not the fault of other transactions.

        Raises:
            RetriesExhausted: If it might help, and there have been enough.
        """
        self.count += 1
        fault = fault_of(error.__cause__ if isinstance(error, TransactionAborted) else error)
        if not fault:
            return None
        passed_seconds = time.monotonic() - self._began
        pause_seconds = self.retry.delay_seconds(self.count)
        if self.count >= self.retry.tries or passed_seconds + pause_seconds > self.retry.seconds:
            raise self._exhausted(fault, passed_seconds) from error
        return pause_seconds

    def left_seconds(self) -> float:
        """Return how long the calls may still take, in all."""
        return max(0.0, self.retry.seconds - (time.monotonic() - self._began))

    def _exhausted(self, fault: str, passed_seconds: float) -> RetriesExhausted:
        options = self.options
        times = "once" if self.count == 1 else f"{self.count} times"
        msg = (
            f"{options.name} ran {times} in {passed_seconds:.1f} s, the last time into a {fault}, and gives up. "
            "Other transactions want the same rows: give retry= more tries or seconds, make the transactions "
            "shorter, or let all of them lock their rows in one order."
        )
        return RetriesExhausted(
            msg, service=options.name, alias=options.aliases[0], tries=self.count, seconds=passed_seconds
        )
