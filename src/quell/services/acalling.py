"""An async service from its call to its result; the sync one is in ``calling.py``."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from contextvars import Token, copy_context
from functools import partial
from types import TracebackType
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from asgiref.sync import AsyncToSync, ThreadSensitiveContext, sync_to_async
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from quell.exceptions import UsageError
from quell.services.attempts import Attempts
from quell.services.blocks import aborted, is_entered, kind_inside, refused
from quell.services.branches import current_branch, current_reader
from quell.services.current import current_session
from quell.services.hooks import arun_hooks
from quell.services.instances import give_back, take_states
from quell.services.lanes import Lane, finished, pool_of_loop
from quell.services.observing import Observation, observation_of
from quell.services.options import Options
from quell.services.origins import Place
from quell.services.runs import Run
from quell.services.sessions import Session

R = TypeVar("R")
_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Lock]] = WeakKeyDictionary()


async def acall(
    options: Options,
    place: Place,
    function: Callable[..., Awaitable[R]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> R:
    """
    Run an async service; what it raises is what ``call()`` does.

    When it is cancelled, its statement is stopped on the server, and everything is rolled back.
    """
    seen = observation_of(options)
    if seen is None:
        return await _acall(options, place, None, function, args, kwargs)
    with seen:
        return await _acall(options, place, seen, function, args, kwargs)


async def _acall(
    options: Options,
    place: Place,
    seen: Observation | None,
    function: Callable[..., Awaitable[R]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> R:
    # See Note [Instances after a rollback]
    states = take_states(args, kwargs) if args or kwargs else ()
    attempts = Attempts(options) if options.retry is not None else None
    session: Session | None = None
    turns: asyncio.Semaphore | None = None
    while True:
        try:
            try:
                async with opened(options, place, seen) as session:
                    result = await function(*args, **kwargs)
            finally:
                # Before what runs after the commit, which nobody waits for.
                if turns is not None:
                    turns.release()
        except BaseException as error:
            give_back(states)
            if attempts is None or (session is not None and not session.run.is_outermost):
                raise
            pause_seconds = attempts.pause_after(error)
            if pause_seconds is None:
                raise
        else:
            await run_hooks_of(session)
            return result
        await asyncio.sleep(pause_seconds)
        turns = await pool_of_loop().take_turn(attempts.left_seconds())


async def run_hooks_of(session: Session) -> None:
    """Run what waits for the commit, to its end: the rows are there, so the service has happened."""
    if session.run.hooks:
        hooks, session.run.hooks = session.run.hooks, []
        await finished(asyncio.ensure_future(arun_hooks(hooks)))


class opened:  # noqa: N801 -- used like a function
    """
    Open the transaction of an async service in a thread of its own, or become a part of the one that is open.

    # Note [Never a second connection]
    A service that is awaited inside another one joins or raises. One that waited for a connection of its own would
    wait for ever when the outer ones hold all of them, or when the outer one has locked its rows.
    """

    __slots__ = ("_asgiref", "_give_back", "_joined", "_options", "_place", "_seen", "_session", "_tokens")

    def __init__(self, options: Options, place: Place, seen: Observation | None) -> None:
        self._options = options
        self._place = place
        self._seen = seen
        self._joined: AbstractAsyncContextManager[None] | None = None

    async def __aenter__(self) -> Session:
        outer = current_session.get()
        if isinstance(outer, Session) and not outer.is_over:
            self._joined = _joined(outer, self._options, self._seen)
            await self._joined.__aenter__()
            return outer
        lane, self._give_back = await _borrowed(self._options) or await _of_pool(self._options)
        self._session = session = Session(Run(self._options, self._place, self._seen), lane)
        self._tokens = list(_tokens_of(session))
        session.context = copy_context()
        # Its methods have no types.
        asgiref: Any = ThreadSensitiveContext(executor=session.executor)
        self._asgiref = asgiref
        await asgiref.__aenter__()
        if lane.is_borrowed:
            # A test looks for what waits for the commit on its own connection.
            try:
                await session.begin()
            except BaseException as error:
                await self._roll_back(error)
                raise
        return session

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._joined is not None:
            await self._joined.__aexit__(exc_type, error, traceback)
            return
        if error is None:
            try:
                _check_tasks(self._session)
            except BaseException as unfinished:
                await self._roll_back(unfinished)
                raise
            try:
                await self._session.commit()
            finally:
                await self._leave()
        else:
            await self._roll_back(error)

    async def _roll_back(self, error: BaseException) -> None:
        try:
            await self._session.roll_back(error)
        finally:
            await self._leave()

    async def _leave(self) -> None:
        await self._asgiref.__aexit__(None, None, None)
        for token in self._tokens:
            token.var.reset(token)
        self._give_back()


def _tokens_of(session: Session) -> Iterator[Token[Any]]:
    """Set the variables of a service; asgiref compares each one that was ever set, twice per statement."""
    yield current_session.set(session)
    if current_branch.get() is not None:
        yield current_branch.set(None)
    if current_reader.get():
        yield current_reader.set("")


def _check_tasks(session: Session) -> None:
    own = asyncio.current_task()
    if session.tasks <= {own}:
        return
    names = session.unfinished(own)
    if names and session.run.blocks:
        reason = f"tasks that use its transaction are still running ({', '.join(names)})"
        raise aborted(session.run.blocks[0], reason, "Await every task inside the service.")


@asynccontextmanager
async def _joined(outer: Session, options: Options, seen: Observation | None) -> AsyncGenerator[None]:
    await outer.begin()
    for alias in options.aliases:
        connection = outer.connections.get(alias)
        if connection is None or options.nested != "join":
            raise refused(connection or next(iter(outer.connections.values())), options)
        kind_inside(connection, options)
    if seen is not None:
        seen.tries, seen.outcome = 1, "joined"
    token = current_reader.set(options.name) if options.is_read_only else None
    try:
        yield
    except BaseException as error:
        outer.doom_by(error)
        raise
    finally:
        if token is not None:
            current_reader.reset(token)
    outer.check_doom()


async def _borrowed(options: Options) -> tuple[Lane, Callable[[], None]] | None:
    """Lend the thread of sync code that waits and has a transaction to be a part of, and return what ends that."""
    waiting = getattr(AsyncToSync.executors, "current", None)
    if waiting is None or not await sync_to_async(_is_inside)(options):
        return None
    with ExitStack() as stack:
        # See Note [One service at a time in a test]
        for alias in sorted(options.aliases):
            lock = _lock(alias)
            await lock.acquire()
            stack.callback(lock.release)
        return Lane(waiting), stack.pop_all().close


async def _of_pool(options: Options) -> tuple[Lane, Callable[[], None]]:
    """Lend a thread of the pool, and return what gives it back."""
    for alias in options.aliases:
        _refuse_memory(connections[alias], options)
    pool = pool_of_loop()
    lane = await pool.acquire()
    return lane, partial(pool.release, lane)


def _is_inside(options: Options) -> bool:
    """Tell whether the sync code that waits has an open transaction that the service becomes a part of."""
    entered = [connections[alias] for alias in options.aliases if is_entered(connections[alias])]
    for connection in entered:
        kind_inside(connection, options)
    return bool(entered)


def _lock(alias: str) -> asyncio.Lock:
    """
    Return the lock of a connection that several services would share.

    # Note [One service at a time in a test]
    Inside the transaction of a test, a service is a savepoint on the test's own connection. Savepoints of two
    services on one connection would take back each other's rows, so there one waits for the other.
    """
    locks = _locks.setdefault(asyncio.get_running_loop(), {})
    return locks.setdefault(alias, asyncio.Lock())


def _refuse_memory(connection: BaseDatabaseWrapper, options: Options) -> None:
    is_in_memory = getattr(connection, "is_in_memory_db", None)
    if is_in_memory is not None and is_in_memory():
        msg = (
            f'{options.name} is async and "{connection.alias}" is a SQLite database in memory, which a second '
            'connection cannot share. Give it a file: {"NAME": "db.sqlite3", "TEST": {"NAME": "test.sqlite3"}}.'
        )
        raise UsageError(msg)
