"""Verbs for what happens inside a transaction: a part that may fail, and a function that needs one."""

import sys
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, overload

from asgiref.sync import iscoroutinefunction
from django.db import DEFAULT_DB_ALIAS, connections

from quell.exceptions import TransactionAborted, UsageError
from quell.services.blocks import Block, aborted, open_savepoint, required
from quell.services.branches import Branch, current_branch
from quell.services.current import current_session, open_alias, require_here
from quell.services.decorating import check_function
from quell.services.dooming import CAUGHT
from quell.services.instances import give_back, take_states
from quell.services.options import Options, aliases_of, name_of
from quell.services.origins import Place
from quell.services.sessions import Session

P = ParamSpec("P")
R = TypeVar("R")


class Savepoint:
    """What ``savepoint(...)`` returns: a context manager and a decorator."""

    def __init__(self, alias: str | None, name: str = "savepoint()") -> None:
        self._alias = alias
        self._options = Options(name=name)

    def __enter__(self) -> None:
        """Open the savepoint."""
        caller = sys._getframe(1)
        alias = self._alias or open_alias() or DEFAULT_DB_ALIAS
        open_savepoint(alias, self._options, Place(caller.f_code, caller.f_lasti))

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Keep the rows of the block, or after an error roll them back, and them alone."""
        _leave(self._open_block(), error, is_normal=False)

    async def __aenter__(self) -> None:
        """Open the savepoint, when no other task is in one."""
        caller = sys._getframe(1)
        session = _session_for("savepoint()", self._alias)
        alias = self._alias or session.aliases[0]
        branch = Branch(current_branch.get())
        await session.hold(branch)
        try:
            block = await session.in_thread(
                open_savepoint, alias, self._options, Place(caller.f_code, caller.f_lasti)
            )
        except BaseException:
            session.release(branch)
            raise
        branch.block = block
        current_branch.set(branch)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Keep the rows of the block, or after an error roll them back, and them alone."""
        session, branch = current_session.get(), current_branch.get()
        if not isinstance(session, Session) or branch is None or not isinstance(branch.block, Block):
            msg = "async with savepoint() has to be left by the task that entered it."
            raise UsageError(msg)
        current_branch.set(branch.parent)
        try:
            if not session.is_over:
                await session.in_thread(_leave, branch.block, error or branch.doom, error is None)
        finally:
            session.release(branch)

    def _open_block(self) -> Block:
        # The connection knows what is open, so that one object can be entered again, and in several threads.
        for alias in connections:
            for block in connections[alias].atomic_blocks[-1:]:
                if isinstance(block, Block) and block.options is self._options:
                    return block
        msg = "A block inside savepoint() is still open: leave blocks in the opposite order of entering."
        raise UsageError(msg)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Run a function in a savepoint; when it fails, instances among its arguments are what they were."""
        check_function(function, "savepoint")
        made = Savepoint(self._alias, name_of(function))
        if iscoroutinefunction(function):
            save_async: Callable[P, R] = _async_savepoint(made, function)
            return save_async

        @wraps(function)
        def save(*args: P.args, **kwargs: P.kwargs) -> R:
            states = take_states(args, kwargs)
            try:
                with made:
                    return function(*args, **kwargs)
            except BaseException:
                give_back(states)
                raise

        return save


def _async_savepoint(made: Savepoint, function: Any) -> Any:
    @wraps(function)
    async def save(*args: Any, **kwargs: Any) -> Any:
        states = take_states(args, kwargs)
        try:
            async with made:
                return await function(*args, **kwargs)
        except BaseException:
            give_back(states)
            raise

    return save


def _session_for(name: str, alias: str | None) -> Session:
    session = current_session.get()
    if isinstance(session, Session) and not session.is_over and (alias is None or alias in session.aliases):
        return session
    raise required(name, alias or DEFAULT_DB_ALIAS)


def _leave(block: Block, error: BaseException | None, is_normal: bool) -> None:  # noqa: FBT001 -- handed on by position
    """End a savepoint in the thread; with an error that somebody caught, a normal end is none."""
    if error is None:
        try:
            block.check()
        except TransactionAborted as reason:
            block.roll_back(reason)
            raise
        block.commit()
        return
    block.roll_back(error)
    if is_normal:
        raise aborted(block, CAUGHT) from error


@overload
def savepoint(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def savepoint(*, using: str | None = None) -> Savepoint: ...


def savepoint(function: Callable[..., Any] | None = None, /, *, using: str | None = None) -> Any:
    """
    Mark a part of a transaction that may fail by itself: as a context manager or a decorator.

    An error that leaves the block takes back the rows of the block, and the transaction goes on.

    Without ``using`` it is on the default database, or on the one that has an open transaction.

    Raises:
        TransactionRequired: If no transaction is open; the one of a test case does not count.
        TransactionAborted: If the block ends normally and yet its rows would be lost.

    Cost: two statements.
    """
    if using is not None:
        aliases_of(using)
    made = Savepoint(using)
    return made if function is None else made(function)


@overload
def transaction_required(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def transaction_required(*, using: str | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def transaction_required(function: Callable[..., Any] | None = None, /, *, using: str | None = None) -> Any:
    """
    Let a function be called inside an open transaction only; it opens none.

    Raises:
        TransactionRequired: When it is called without one; the one of a test case does not count.

    Cost: no query.
    """
    if function is None:
        return lambda decorated: _requiring(decorated, using)
    return _requiring(function, using)


def _requiring(function: Callable[..., Any], using: str | None) -> Callable[..., Any]:
    check_function(function, "transaction_required")
    (alias,) = aliases_of(using)
    name = name_of(function)

    if iscoroutinefunction(function):

        @wraps(function)
        async def ademand(*args: Any, **kwargs: Any) -> Any:
            require_here(alias, name)
            return await function(*args, **kwargs)

        return ademand

    @wraps(function)
    def demand(*args: Any, **kwargs: Any) -> Any:
        require_here(alias, name)
        return function(*args, **kwargs)

    return demand
