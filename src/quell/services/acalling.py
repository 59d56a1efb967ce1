"""An async service from its call to its result; the sync one is in ``calling.py``."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from asgiref.sync import AsyncToSync, ThreadSensitiveContext, sync_to_async
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from quell.exceptions import UsageError
from quell.services.attempts import Attempts
from quell.services.blocks import aborted, is_entered, kind_inside, refused
from quell.services.current import current_session
from quell.services.hooks import arun_hooks
from quell.services.instances import give_back, take_states
from quell.services.lanes import Lane, pool_of_loop
from quell.services.observing import Observation, observation_of
from quell.services.options import Options
from quell.services.origins import Place
from quell.services.runs import Run
from quell.services.sessions import Session, current_branch, current_reader, finished

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
    while True:
        try:
            async with opened(options, place, seen) as session:
                result = await function(*args, **kwargs)
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


async def run_hooks_of(session: Session) -> None:
    """Run what waits for the commit, to its end: the rows are there, so the service has happened."""
    if session.run.hooks:
        hooks, session.run.hooks = session.run.hooks, []
        await finished(asyncio.ensure_future(arun_hooks(hooks)))


@asynccontextmanager
async def opened(options: Options, place: Place, seen: Observation | None) -> AsyncGenerator[Session]:
    """
    Open the transaction of an async service in a thread of its own, or become a part of the one that is open.

    # Note [Never a second connection]
    A service that is awaited inside another one joins or raises. One that waited for a connection of its own would
    wait for ever when the outer ones hold all of them, or when the outer one has locked its rows.
    """
    outer = current_session.get()
    if isinstance(outer, Session) and not outer.is_over:
        async with _joined(outer, options, seen):
            yield outer
        return
    async with _lane(options) as lane:
        session = Session(Run(options, place, seen), lane)
        tokens = current_session.set(session), current_branch.set(None), current_reader.set("")
        try:
            async with ThreadSensitiveContext(executor=session.executor):
                try:
                    await asyncio.wrap_future(lane.submit(session.begin))
                    yield session
                    _check_tasks(session)
                except BaseException as error:
                    await session.roll_back(error)
                    raise
                await session.commit()
        finally:
            current_session.reset(tokens[0])
            current_branch.reset(tokens[1])
            current_reader.reset(tokens[2])


def _check_tasks(session: Session) -> None:
    names = session.unfinished(asyncio.current_task())
    if names:
        reason = f"tasks that use its transaction are still running ({', '.join(names)})"
        raise aborted(session.run.blocks[0], reason, "Await every task inside the service.")


@asynccontextmanager
async def _joined(outer: Session, options: Options, seen: Observation | None) -> AsyncGenerator[None]:
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


@asynccontextmanager
async def _lane(options: Options) -> AsyncGenerator[Lane]:
    """Lend a thread: one of the pool, or that of sync code which waits and has a transaction to be a part of."""
    waiting = getattr(AsyncToSync.executors, "current", None)
    if waiting is not None and await sync_to_async(_is_inside)(options):
        async with AsyncExitStack() as stack:
            # See Note [One service at a time in a test]
            for alias in sorted(options.aliases):
                await stack.enter_async_context(_lock(alias))
            yield Lane(waiting, is_borrowed=True)
        return
    for alias in options.aliases:
        _refuse_memory(connections[alias], options)
    pool = pool_of_loop()
    lane = await pool.acquire()
    try:
        yield lane
    finally:
        pool.release(lane)


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
