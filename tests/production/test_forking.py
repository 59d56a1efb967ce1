"""A process that is forked while another thread of its parent is at work in quell."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event, Thread
from typing import Any

import pytest

import quell
from quell.lineage._patches import installation, recorders
from quell.production.known import known
from quell.telling import seen


def _watch() -> None:
    with quell.watch(profile=True):
        pass


@pytest.mark.parametrize(
    ("owner", "lock", "work"),
    [
        (seen, "_lock", lambda: seen.take("key", 0)),
        (known, "_lock", lambda: known.get(b"")),
        (installation, "lock", _watch),
        (recorders, "lock", _watch),
    ],
    ids=["log", "known", "hooks", "recorders"],
)
def test_lock_of_another_thread_does_not_survive_a_fork(
    owner: Any, lock: str, work: Callable[[], object]
) -> None:
    """The thread that held it is not there any more, so the new process would wait for ever."""
    held: AbstractContextManager[object] = getattr(owner, lock)
    is_held, is_done = Event(), Event()

    def hold() -> None:
        with held:
            is_held.set()
            is_done.wait()

    thread = Thread(target=hold)
    thread.start()
    is_held.wait()
    try:
        child = os.fork()
        if child == 0:
            try:
                work()
                os._exit(0)
            finally:
                os._exit(1)
        assert _status(child) == 0
    finally:
        is_done.set()
        thread.join()


def _status(child: int) -> int:
    """Return how a process ended, and end it where it hangs."""
    for _ in range(200):
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]
