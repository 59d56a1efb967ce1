"""
Threads with connections of their own, kept for the async services of one event loop.

# Note [A thread of its own]
Django keeps connections per thread, and all async code of a request, or of a process, runs its queries on one. Two
services at once would share a transaction there, and the one that fails would take the rows of the other one with
it. So each running service has a thread, which is used again by the next one, with its connections.
"""

import time
from asyncio import AbstractEventLoop, Future, get_running_loop, wrap_future
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from concurrent.futures import Future as ThreadFuture
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary, finalize

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from quell.conf import get_settings

P = ParamSpec("P")
R = TypeVar("R")
# A connection that was used a moment ago needs no statement to show that it works.
_TRUSTED_SECONDS = 1.0


class Lane:
    """One thread and its connections; a borrowed one belongs to the test whose transaction it shares."""

    __slots__ = ("executor", "is_borrowed", "used_at")

    def __init__(self, executor: Executor, *, is_borrowed: bool = False) -> None:
        self.executor = executor
        self.is_borrowed = is_borrowed
        self.used_at = time.monotonic()

    def submit(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> ThreadFuture[R]:
        """Run a function in the thread, in the context of the caller."""
        return self.executor.submit(copy_context().run, partial(function, *args, **kwargs))

    def check(self, aliases: tuple[str, ...]) -> None:
        """Close connections that no longer work or are too old; called in the thread."""
        is_trusted = time.monotonic() - self.used_at < _TRUSTED_SECONDS
        for connection in _opened(aliases):
            if _is_too_old(connection) or not (is_trusted or connection.is_usable()):
                connection.close()

    def rest(self, *, is_suspect: bool) -> None:
        """Leave the thread to the next service; called in the thread."""
        for connection in _opened(tuple(connections)):
            # What comes from a pool of the driver goes back there, where others wait for it.
            if is_suspect or connection.errors_occurred or getattr(connection, "pool", None):
                # One that the server has given up cannot be closed in order; Django forgets it all the same, and the
                # service has ended, one way or the other.
                with suppress(DatabaseError):
                    connection.close()
        self.used_at = time.monotonic()


def _opened(aliases: tuple[str, ...]) -> list[BaseDatabaseWrapper]:
    return [connections[alias] for alias in aliases if connections[alias].connection is not None]


def _is_too_old(connection: BaseDatabaseWrapper) -> bool:
    # CONN_MAX_AGE = 0 is about requests, which cannot know whether another one follows.
    has_age = bool(connection.settings_dict["CONN_MAX_AGE"])
    return has_age and connection.close_at is not None and time.monotonic() >= connection.close_at


class Pool:
    """The lanes of one event loop, at most ``QUELL_SERVICE_CONNECTIONS`` of them."""

    def __init__(self) -> None:
        self._idle: list[Lane] = []
        self._count = 0
        self._waiting: deque[Future[Lane]] = deque()
        self._keeper: AsyncGenerator[None] | None = None

    async def acquire(self) -> Lane:
        """Return a lane, when one is free; those who wait longest come first."""
        if self._keeper is None:
            # Event loops close their async generators, and tell nobody else.
            self._keeper = self._keep()
            await anext(self._keeper)
        if self._idle:
            return self._idle.pop()
        if self._count < get_settings().service_connections:
            self._count += 1
            return Lane(ThreadPoolExecutor(max_workers=1, thread_name_prefix="quell-service"))
        waiter: Future[Lane] = get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():
                self.release(waiter.result())
            raise

    def release(self, lane: Lane) -> None:
        """Give a lane to who waits for one."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(lane)
                return
        self._idle.append(lane)

    def close(self) -> list[ThreadFuture[None]]:
        """Close the connections of all lanes that are idle, and end their threads."""
        closing = [lane.executor.submit(connections.close_all) for lane in self._idle]
        for lane in self._idle:
            lane.executor.shutdown(wait=False)
        self._count -= len(self._idle)
        self._idle.clear()
        return closing

    async def _keep(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            self._keeper = None
            for closing in self.close():
                await wrap_future(closing)


_pools: WeakKeyDictionary[AbstractEventLoop, Pool] = WeakKeyDictionary()


def pool_of_loop() -> Pool:
    """Return the pool of the running event loop; it is closed with the loop."""
    loop = get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        pool = _pools[loop] = Pool()
        # For a loop that is dropped without the steps of asyncio.run().
        finalize(loop, pool.close)
    return pool
