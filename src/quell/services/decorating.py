"""``@service``: a function that happens whole or not at all."""

import inspect
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, overload

from asgiref.sync import iscoroutinefunction
from django.db import connections

from quell.exceptions import UsageError
from quell.lineage.usercode import is_user_file
from quell.services.acalling import acall, opened, run_hooks_of
from quell.services.blocks import Block
from quell.services.calling import call
from quell.services.current import current_session
from quell.services.hooks import run_hooks
from quell.services.idempotency import Key, once_per_key
from quell.services.options import Isolation, Nested, Options, Retry, Using, aliases_of, name_of, retry_of
from quell.services.origins import Place
from quell.services.runs import Run
from quell.services.sessions import Session

P = ParamSpec("P")
R = TypeVar("R")


def check_function(function: object, verb: str) -> None:
    """
    Check that the body of a function runs when it is called.

    Raises:
        UsageError: If it does not, or if it is no function.
    """
    if isinstance(function, (staticmethod, classmethod)):
        msg = f"@{verb} belongs below @{type(function).__name__}, next to the function itself."
        raise UsageError(msg)
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        msg = (
            f"{name_of(function)} is a generator: its body runs when somebody asks for its values, and @{verb} would "
            "be over by then. Return a list, or put the part that belongs together into a function of its own."
        )
        raise UsageError(msg)
    if inspect.isclass(function) or not callable(function):
        msg = f"@{verb} decorates a function, and {function!r} is none."
        raise UsageError(msg)


class Service:
    """What ``service(...)`` returns: a decorator, and a context manager for a block that happens whole."""

    def __init__(self, options: Options, verb: str = "service", key: Key | None = None) -> None:
        self._options = options
        self._verb = verb
        self._key = key

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Make a function a service."""
        check_function(function, self._verb)
        options = self._options
        options = replace(options, name=options.name or name_of(function))
        if self._key is not None:
            function = once_per_key(function, options, self._key)
        if iscoroutinefunction(function):
            serve_async: Callable[P, R] = _async_service(options, function)
            return serve_async

        @wraps(function)
        def serve(*args: P.args, **kwargs: P.kwargs) -> R:
            caller = sys._getframe(1)
            return call(options, Place(caller.f_code, caller.f_lasti), function, args, kwargs)

        return serve

    async def __aenter__(self) -> None:
        """Open the transaction in a thread of its own."""
        caller = sys._getframe(1)
        manager = opened(self._block_options(), Place(caller.f_code, caller.f_lasti), None)
        session = await manager.__aenter__()
        session.managers.append(manager)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Commit, or roll back after an error."""
        session = current_session.get()
        if not isinstance(session, Session) or not session.managers:
            msg = f"async with {self._verb}() has to be left by the task that entered it."
            raise UsageError(msg)
        await session.managers.pop().__aexit__(exc_type, error, traceback)
        await run_hooks_of(session)

    def __enter__(self) -> None:
        """Open the transaction."""
        options = self._block_options()
        caller = sys._getframe(1)
        run = Run(options, Place(caller.f_code, caller.f_lasti))
        run.begin()
        run.blocks[0].run = run

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Commit, or roll back after an error."""
        run = self._open_run()
        if error is not None:
            run.roll_back(error)
            return
        run.commit()
        run_hooks(run.hooks)

    def _block_options(self) -> Options:
        if self._options.retry is not None or self._key is not None:
            msg = f"A block cannot be run again, or left out: put it into a function with @{self._verb}(...)."
            raise UsageError(msg)
        return replace(self._options, name=self._options.name or f"{self._verb}()")

    def _open_run(self) -> Run:
        # The connection knows what is open, so that one object can be entered again, and in several threads.
        block = connections[self._options.aliases[0]].atomic_blocks[-1]
        run = block.run if isinstance(block, Block) else None
        if not isinstance(run, Run):
            msg = f"A block inside {self._verb}() is still open: leave blocks in the opposite order of entering."
            raise UsageError(msg)
        return run


def _async_service(options: Options, function: Any) -> Any:
    @wraps(function)
    async def serve(*args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1)
        place = Place(caller.f_code, caller.f_lasti)
        if not is_user_file(caller.f_code.co_filename):
            # A task has no caller: what is known is the function.
            place = Place(getattr(function, "__code__", caller.f_code), 0)
        return await acall(options, place, function, args, kwargs)

    return serve


@overload
def service(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def service(
    *,
    name: str = "",
    using: Using = None,
    nested: Nested = "raise",
    retry: Retry | int | None = None,
    isolation: Isolation | None = None,
    read_only: bool = False,
    deferrable: bool = False,
    lock_timeout_ms: int | None = None,
    statement_timeout_ms: int | None = None,
    idempotency_key: Key | None = None,
) -> Service: ...


def service(  # noqa: PLR0913 -- what a service may ask for, each by its name
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str = "",
    using: Using = None,
    nested: Nested = "raise",
    retry: Retry | int | None = None,
    isolation: Isolation | None = None,
    read_only: bool = False,
    deferrable: bool = False,
    lock_timeout_ms: int | None = None,
    statement_timeout_ms: int | None = None,
    idempotency_key: Key | None = None,
) -> Any:
    """
    Make a function happen whole or not at all: in a transaction of its own, which is the outermost.

    Also a context manager: ``with service(): ...``.

    Args:
        function: The function, where the decorator stands without parentheses.
        name: What messages and signals call it; without it the name of the function.
        using: The alias of its database, or several in the order in which they commit; writes to any other raise.
        nested: What happens inside an open transaction: ``"raise"``, or ``"join"`` to become a part of it.
        retry: How often it may run in all, or a ``Retry``: after serialization failures, deadlocks and lock timeouts.
        isolation: The level of the transaction.
        read_only: Whether writes raise.
        deferrable: Wait for a snapshot that nothing disturbs (PostgreSQL, serializable and read-only).
        lock_timeout_ms: How long a statement may wait for a lock; whole seconds on MariaDB.
        statement_timeout_ms: How long a statement may take.
        idempotency_key: The name of a parameter, or a function of the same arguments that returns a text. For equal
            texts the function runs once; the other calls return its result, as JSON keeps it.

    Raises:
        NestedTransaction: If it is called inside an open transaction; the one of a test case does not count.
        TransactionAborted: If the function returns and yet its rows would be lost.
        RetriesExhausted: If every try failed because of other transactions.
        OutcomeUnknown: If the connection was lost during the commit.
        UsageError: If what is decorated is a generator or no function, or an option is wrong.
    """
    options = Options(
        name=name,
        aliases=aliases_of(using),
        nested=nested,
        retry=retry_of(retry),
        isolation=isolation,
        is_read_only=read_only,
        is_deferrable=deferrable,
        lock_timeout_ms=lock_timeout_ms,
        statement_timeout_ms=statement_timeout_ms,
    )
    made = Service(options, key=idempotency_key)
    return made if function is None else made(function)


@overload
def read_only(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def read_only(
    *,
    name: str = "",
    using: Using = None,
    nested: Nested = "join",
    isolation: Isolation | None = None,
    deferrable: bool = False,
    statement_timeout_ms: int | None = None,
) -> Service: ...


def read_only(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str = "",
    using: Using = None,
    nested: Nested = "join",
    isolation: Isolation | None = None,
    deferrable: bool = False,
    statement_timeout_ms: int | None = None,
) -> Any:
    """
    Forbid writes in a function or a block, which reads in one transaction.

    Inside an open transaction it becomes a part of that one, and forbids writes until it ends. For one picture of
    the data in all its statements, ask for ``isolation="repeatable read"``.

    Raises:
        WriteForbidden: At the first statement that writes.
        UsageError: As ``service()``.
    """
    options = Options(
        name=name,
        aliases=aliases_of(using),
        nested=nested,
        isolation=isolation,
        is_read_only=True,
        is_deferrable=deferrable,
        statement_timeout_ms=statement_timeout_ms,
    )
    made = Service(options, "read_only")
    return made if function is None else made(function)
