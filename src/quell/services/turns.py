"""
Who runs again, of services that lost against others.

# Note [Losers take turns]
Services that lost against each other want the same rows, and all of them at once lose again, each after it has run
most of its statements. So of all that run again, a few have a turn, and the others wait for one; those that run for the
first time need none. Somebody with a turn may be waiting for somebody without one, who therefore runs without it in the
end.
"""

import os
from threading import Condition

TURN_SECONDS = 5.0
# Measured by benchmarks/service_concurrency.py: with four, 50 threads did less than half as much.
TURN_COUNT = 2


class Turns:
    """The turns of the threads of this process."""

    def __init__(self) -> None:
        self._changed = Condition()
        self.free_count = TURN_COUNT

    def take(self, most_seconds: float) -> bool:
        """Wait for a turn; return whether there was one, which is to be given back."""
        with self._changed:
            has_turn = self._changed.wait_for(lambda: self.free_count > 0, min(TURN_SECONDS, most_seconds))
            self.free_count -= has_turn
        return has_turn

    def give_back(self) -> None:
        """Let the next one have the turn."""
        with self._changed:
            self.free_count += 1
            self._changed.notify()

    def reset(self) -> None:
        """Give all turns to a process that was forked, where nobody has one."""
        self.__init__()  # type: ignore[misc]  # it has no subclass


turns_of_threads = Turns()
os.register_at_fork(after_in_child=turns_of_threads.reset)
