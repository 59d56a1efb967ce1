"""
The run of one async service: whose queries go to its thread, and which of them wait.

# Note [One savepoint at a time]
Tasks inside a service share its transaction, and each statement of theirs has its turn. A savepoint spans several
statements, and rolling back to it takes back all that ran since, whoever asked for it. So while one task is in a
savepoint, the statements of all tasks that are not below it wait.

# Note [Begun with the first statement]
Each job for the thread costs as much as a short statement, so the transaction is begun by the first one, in front of
it. A service that awaits something else first holds no transaction meanwhile, and one that runs no statement has none.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, suppress
from contextvars import Context, copy_context
from functools import partial
from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

from quell.exceptions import ServiceEnded, WriteForbidden
from quell.services.beginning import remove_wrapper
from quell.services.blocks import aborted
from quell.services.branches import Branch, current_branch, current_reader
from quell.services.cancelling import cancel_statement
from quell.services.dooming import CAUGHT
from quell.services.hooks import Hook
from quell.services.lanes import Lane, finished
from quell.services.runs import Run
from quell.sqltext import operation

R = TypeVar("R")
_CANCEL_SECONDS = 0.05


class Session:
    """What an async service works with from its begin to its end."""

    def __init__(self, run: Run, lane: Lane) -> None:
        self.run = run
        self.lane = lane
        # One object, as a wrapper is removed by identity.
        self._watch = self._watched
        self.executor = _Gate(self)
        self.aliases = run.options.aliases
        # Empty until the transaction has begun, and filled by the thread.
        self.connections: dict[str, BaseDatabaseWrapper] = {}
        self.is_over = False
        self.is_suspect = False
        self.early_hooks: list[tuple[str, Hook]] = []
        # That of the service: the task that runs the first statement may have variables of its own.
        self.context = Context()
        self._is_used = False
        self._has_begun = False
        self._refusal: BaseException | None = None
        self._is_ending = False
        self.doom: BaseException | None = None
        self.managers: list[AbstractAsyncContextManager[Session]] = []
        self.tasks: set[asyncio.Task[Any]] = set()
        self._holder: Branch | None = None
        self._jobs: deque[tuple[asyncio.Future[Any], Branch | None, Callable[[], Any]]] = deque()
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._busy: BaseDatabaseWrapper | None = None

    def _begin(self) -> None:
        if not self.lane.is_borrowed:
            self.lane.check(self.aliases)
        self.run.begin()
        for block in self.run.blocks:
            connection = block.connection
            connection.execute_wrappers.append(self._watch)
            block.undo.append(partial(remove_wrapper, connection, self._watch))
            self.connections[connection.alias] = connection
        if self.early_hooks:
            self._take_hooks()

    def _take_hooks(self) -> None:
        hooks, self.early_hooks = self.early_hooks, []
        for alias, hook in hooks:
            self.connections[alias].on_commit(hook, robust=True)

    def _begun(self, job: Callable[[], R]) -> R:
        """Run a job in the thread, behind the begin. See Note [Begun with the first statement]."""
        if self._refusal is not None:
            raise self._refusal
        if not self._has_begun:
            try:
                self.context.run(self._begin)
            except BaseException as error:
                self._refusal = error
                raise
            self._has_begun = True
        return job()

    def _behind_begin(self, job: Callable[[], R]) -> Callable[[], R]:
        if self._has_begun:
            return job
        self._is_used = True
        return partial(self._begun, job)

    def _hand_over(self, job: Callable[[], R]) -> "asyncio.Future[R]":
        return self.lane.call(self._behind_begin(job))

    def _watched(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        connection = context["connection"]
        if self.is_over and not self._is_ending:
            raise self.ended()
        reader = current_reader.get()
        if reader and operation(sql) in {"insert", "update", "delete"}:
            msg = f"{reader} is read-only, and a statement would write ({operation(sql).upper()})."
            raise WriteForbidden(msg, service=reader, alias=connection.alias)
        self._busy = connection
        try:
            return execute(sql, params, many, context)
        finally:
            self._busy = None

    def ended(self) -> ServiceEnded:
        """Return the error of a task that outlived the service."""
        options = self.run.options
        msg = (
            f"{options.name} is over, and a task that it started still uses its transaction. "
            "Await every task inside the service, in an asyncio.TaskGroup for example."
        )
        return ServiceEnded(msg, service=options.name, alias=options.aliases[0])

    async def in_thread(self, function: Callable[..., R], *args: Any) -> R:
        """Run a function in the thread, to its end, however often the caller is cancelled."""
        job = partial(copy_context().run, function, *args)
        return await self.lane.finish(self._behind_begin(job))

    async def begin(self) -> None:
        """Open the transaction now, where that is not left to the first statement."""
        if not self._has_begun:
            await self.lane.finish(self._behind_begin(lambda: None))

    async def roll_back(self, error: BaseException) -> None:
        """Stop what runs, and take everything back."""
        self._end()
        if not self._is_used:
            return
        waiting = self.lane.call(partial(self.context.run, self._roll_back, error))
        while not waiting.done():
            busy = self._busy
            if busy is not None and not self._is_ending:
                self.is_suspect = True
                await finished(asyncio.get_running_loop().run_in_executor(None, cancel_statement, busy))
            # See Note [A cancellation that comes too late]
            with suppress(asyncio.CancelledError):
                await asyncio.wait([waiting], timeout=_CANCEL_SECONDS)
        waiting.result()

    async def commit(self) -> None:
        """End the transaction."""
        self._end()
        if self._is_used:
            await self.lane.finish(partial(self.context.run, self._commit))
        else:
            self.run.skip()
            self.run.hooks = [hook for _, hook in self.early_hooks]

    def _roll_back(self, error: BaseException) -> None:
        self._is_ending = True
        try:
            self.run.roll_back(error)
        finally:
            self._rest()

    def _commit(self) -> None:
        self._is_ending = True
        if self._refusal is not None:
            self._rest()
            raise self._refusal
        if self.early_hooks:
            # Of a task that had its turn while the transaction began.
            self._take_hooks()
        if self.doom is not None:
            for connection in self.connections.values():
                _doom(connection, self.doom)
        try:
            self.run.commit()
        finally:
            self._rest()

    def _rest(self) -> None:
        """Leave the thread to the next service: at once, as another job for it would cost a third of a short one."""
        if not self.lane.is_borrowed:
            self.lane.rest(is_suspect=self.is_suspect)

    def doom_by(self, error: BaseException) -> None:
        """Note that a joined service failed: the savepoint around it, or the whole, cannot be kept."""
        target = current_branch.get() or self
        if target.doom is None:
            target.doom = error

    def check_doom(self) -> None:
        """
        Check that a joined service that returned can still be committed.

        Raises:
            TransactionAborted: If it cannot.
        """
        error = (current_branch.get() or self).doom
        if error is not None or any(item.needs_rollback for item in self.connections.values()):
            raise aborted(self.run.blocks[0], CAUGHT) from error

    def _end(self) -> None:
        self.is_over = True
        while self._jobs:
            future, _, _ = self._jobs.popleft()
            if not future.done():
                future.set_exception(self.ended())
        self._wake()

    def unfinished(self, own: "asyncio.Task[Any] | None") -> list[str]:
        """Name the tasks that used the transaction and are still running."""
        return sorted(task.get_name() for task in self.tasks if task is not own and not task.done())

    def submit(self, job: Callable[[], R]) -> "asyncio.Future[R]":
        """Run a job of a task in the thread, now or when the savepoint of another task is over."""
        if self.is_over:
            raise self.ended()
        task = asyncio.current_task()
        if task is not None:
            self.tasks.add(task)
        branch = current_branch.get()
        if self._is_free_for(branch):
            return self._hand_over(job)
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._jobs.append((future, branch, job))
        return future

    def _is_free_for(self, branch: Branch | None) -> bool:
        return self._holder is None or self._holder.includes(branch)

    async def hold(self, branch: Branch) -> None:
        """Wait until no other task is in a savepoint, and keep all others from running statements."""
        while not self._is_free_for(branch.parent):
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        if self.is_over:
            raise self.ended()
        self._holder = branch

    def release(self, branch: Branch) -> None:
        """Let the others run what they have been waiting with."""
        self._holder = branch.parent
        waiting, self._jobs = self._jobs, deque()
        for future, owner, job in waiting:
            if not self._is_free_for(owner):
                self._jobs.append((future, owner, job))
            elif not future.done():
                self._hand_over(job).add_done_callback(_handing_to(future))
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class _Gate(Executor):
    """What asgiref gives the jobs of a service to."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # The event loop takes its own futures as they are, where it would make one of that of another thread.
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Hand a job to the session."""
        return self._session.submit(partial(fn, *args, **kwargs))


def _handing_to(future: "asyncio.Future[Any]") -> "Callable[[asyncio.Future[Any]], None]":
    def hand(done: "asyncio.Future[Any]") -> None:
        if future.done():
            return
        if done.cancelled():
            future.cancel()
        elif (error := done.exception()) is not None:
            future.set_exception(error)
        else:
            future.set_result(done.result())

    return hand


def _doom(connection: Any, error: BaseException) -> None:
    connection.needs_rollback = True
    connection.rollback_exc = error if isinstance(error, Exception) else None
