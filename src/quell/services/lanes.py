"""
Threads with connections of their own, kept for the async services of one event loop.

# Note [A thread of its own]
Django keeps connections per thread, and all async code of a request, or of a process, runs its queries on one. Two
services at once would share a transaction there, and the one that fails would take the rows of the other one with
it. So each running service has a thread, which is used again by the next one, with its connections.
"""

import time
from asyncio import (
    AbstractEventLoop,
    CancelledError,
    Future,
    Semaphore,
    get_running_loop,
    shield,
    timeout,
    wrap_future,
)
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import Executor
from concurrent.futures import Future as ThreadFuture
from contextlib import suppress
from contextvars import Context
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary, finalize

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from quell.conf import get_settings
from quell.services.turns import TURN_COUNT, TURN_SECONDS

R = TypeVar("R")
# A connection that was used a moment ago needs no statement to show that it works.
_TRUSTED_SECONDS = 1.0


class Worker:
    """
    One thread that runs jobs in the order in which they came.

    What a ``ThreadPoolExecutor`` does for each job, to ask under two locks whether it needs another thread, and to tell
    a future of threads that tells one of the event loop, takes longer than a short statement.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # In a context of its own: it serves everybody, and not only who happens to start it.
        Context().run(Thread(target=self._work, name="quell-service", daemon=True).start)

    def call(self, function: Callable[[], R]) -> "Future[R]":
        """Run a function in the thread, for the event loop that is running."""
        loop = get_running_loop()
        future: Future[R] = loop.create_future()
        self._jobs.put(partial(_run_unless_cancelled, loop, future, function))
        return future

    async def finish(self, function: Callable[[], R]) -> R:
        """
        Run a function in the thread, and wait for its end, however often the waiting task is cancelled.

        Each wait has a future of its own, which a cancellation ends; a shield would take the loop another round.
        """
        loop = get_running_loop()
        waiters: list[Future[R]] = []
        self._jobs.put(partial(_run, loop, waiters, function))
        while True:
            waiter: Future[R] = loop.create_future()
            waiters[:] = [waiter]
            try:
                return await waiter
            except CancelledError:
                # See Note [A cancellation that comes too late]
                if waiter.done() and not waiter.cancelled():
                    return waiter.result()

    def end(self, last: Callable[[], None]) -> ThreadFuture[None]:
        """Run a last function in the thread, behind all others, and end it."""
        done: ThreadFuture[None] = ThreadFuture()

        def finish() -> None:
            try:
                last()
            finally:
                done.set_result(None)

        self._jobs.put(finish)
        self._jobs.put(None)
        return done

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            # What a job holds is not to stay until the next one comes.
            del job


def _run_unless_cancelled(loop: AbstractEventLoop, future: "Future[R]", function: Callable[[], R]) -> None:
    if not future.cancelled():
        _run(loop, [future], function)


def _run(loop: AbstractEventLoop, waiters: "list[Future[R]]", function: Callable[[], R]) -> None:
    error: BaseException | None = None
    result: Any = None
    try:
        result = function()
    except StopIteration as stop:
        # A future refuses it, as it would end the coroutine that waits.
        error = RuntimeError(f"{function!r} raised StopIteration")
        error.__cause__ = stop
    except BaseException as raised:  # noqa: BLE001 -- whoever waits gets it
        error = raised
    with suppress(RuntimeError):  # a loop that was closed meanwhile has nobody who waits
        loop.call_soon_threadsafe(_resolve, waiters, result, error)


def _resolve(waiters: "list[Future[Any]]", result: object, error: BaseException | None) -> None:
    (future,) = waiters
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


class Lane:
    """One thread and its connections; a borrowed one belongs to the test whose transaction it shares."""

    __slots__ = ("borrowed", "is_borrowed", "used_at", "worker")

    def __init__(self, borrowed: Executor | None = None) -> None:
        self.borrowed = borrowed
        self.is_borrowed = borrowed is not None
        self.worker = Worker() if borrowed is None else None
        self.used_at = time.monotonic()

    def call(self, function: Callable[[], R]) -> "Future[R]":
        """Run a function in the thread."""
        if self.worker is not None:
            return self.worker.call(function)
        return wrap_future(cast("Executor", self.borrowed).submit(function))

    async def finish(self, function: Callable[[], R]) -> R:
        """Run a function in the thread, and wait for its end, however often the waiting task is cancelled."""
        return await (
            self.worker.finish(function) if self.worker is not None else finished(self.call(function))
        )

    def check(self, aliases: tuple[str, ...]) -> None:
        """Close connections that no longer work or are too old; called in the thread."""
        is_trusted = time.monotonic() - self.used_at < _TRUSTED_SECONDS
        for connection in _opened(aliases):
            if _is_too_old(connection) or not (is_trusted or connection.is_usable()):
                connection.close()

    def rest(self, *, is_suspect: bool) -> None:
        """Leave the thread to the next service; called in the thread."""
        for connection in _opened(connections.settings):
            # What comes from a pool of the driver goes back there, where others wait for it.
            if is_suspect or connection.errors_occurred or getattr(connection, "pool", None):
                # One that the server has given up cannot be closed in order; Django forgets it all the same, and the
                # service has ended, one way or the other.
                with suppress(DatabaseError):
                    connection.close()
        self.used_at = time.monotonic()


def _opened(aliases: Iterable[str]) -> list[BaseDatabaseWrapper]:
    found = map(connections.__getitem__, aliases)
    return [connection for connection in found if connection.connection is not None]


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
        # See Note [Losers take turns]
        self._turns = Semaphore(TURN_COUNT)

    async def take_turn(self, most_seconds: float) -> Semaphore | None:
        """
        Wait for a turn to run again, but not for ever; return what it has to be given back to.

        See Note [Losers take turns]
        """
        try:
            async with timeout(min(TURN_SECONDS, most_seconds)):
                await self._turns.acquire()
        except TimeoutError:
            return None
        return self._turns

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
            return Lane()
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
        closing = [lane.worker.end(connections.close_all) for lane in self._idle if lane.worker is not None]
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


async def finished(work: "Future[R]") -> R:
    """
    Wait for work to its end, also when the waiting task is cancelled.

    # Note [A cancellation that comes too late]
    What is half done in the thread cannot be left alone: a commit that was sent may succeed. So its outcome is what
    the caller gets, and a service that was cancelled while it committed returns its result.
    """
    while not work.done():
        try:
            return await shield(work)
        except CancelledError:
            # It was the waiting task that was cancelled, unless the work is done.
            continue
    return work.result()


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
