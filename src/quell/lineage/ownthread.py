"""What tells a thread apart for good: the next one may get the number of one that has ended."""

import threading
from weakref import ref


class _Alive:
    """What a thread has, and nobody else: it ends with the thread."""

    __slots__ = ("__weakref__",)


class _Own(threading.local):
    """What belongs to a thread; one for the process, as one per scope would be looked for in all threads at its end."""

    def __init__(self) -> None:
        self._alive = _Alive()
        # Equal to no other one, also when its thread has ended, which it tells.
        self.key = ref(self._alive)


own = _Own()
