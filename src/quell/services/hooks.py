"""What runs after the commit: in the order of its registration, each whatever happens to the others."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper

from quell.exceptions import UsageError
from quell.services.current import connection_of, open_alias, require_here, waiting_session

logger = logging.getLogger("quell.services")

Hook: TypeAlias = Callable[[], object]
AnyHook: TypeAlias = Callable[[], object] | Callable[[], Awaitable[object]]


class AsyncHook:
    """An async function among hooks; called by Django, it runs in an event loop of its own."""

    def __init__(self, function: Callable[[], Awaitable[object]]) -> None:
        self.function = function
        self.__qualname__ = getattr(function, "__qualname__", type(function).__qualname__)

    def __call__(self) -> None:
        """Run the function from sync code."""
        async_to_sync(self._run)()

    async def _run(self) -> None:
        await self.function()


def after_commit(function: AnyHook, *, using: str | None = None) -> None:
    """
    Run a function when the open transaction has committed, and never when it is rolled back.

    Args:
        function: A sync or async function without arguments.
        using: The database; without it that of the innermost open service, or the default one.

    Functions run in the order in which they were given. One that fails is logged and keeps none of the others from
    running: the rows are committed, so the service returns its result. What must not be lost when the process ends
    right after the commit belongs into a row of the same transaction, which a worker reads.

    Raises:
        TransactionRequired: If no transaction is open; the one of a test case does not count.
        UsageError: If the function is none.
    """
    given: object = function
    if not callable(given):
        msg = f"after_commit() needs a function to call later, not {function!r}: pass it without parentheses."
        raise UsageError(msg)
    alias = using or open_alias() or DEFAULT_DB_ALIAS
    require_here(alias, "after_commit()")
    hook: Hook = AsyncHook(function) if iscoroutinefunction(function) else function
    session = waiting_session(alias)
    if session is not None:
        session.early_hooks.append((alias, hook))
    else:
        connection_of(alias).on_commit(hook, robust=True)


def taken_hooks(connection: BaseDatabaseWrapper) -> list[Hook]:
    """
    Take the functions that wait for the commit of a connection, so that Django does not run them.

    Django stops at the first that fails, and its error leaves the block whose rows are committed.
    """
    waiting: list[Any] = connection.run_on_commit
    if not waiting:
        return []
    connection.run_on_commit = []
    return [entry[1] for entry in waiting]


def run_hooks(hooks: Iterable[Hook]) -> list[Exception]:
    """Run each hook, and return what failed."""
    errors = []
    for hook in hooks:
        try:
            hook()
        except Exception as error:  # noqa: BLE001 -- the hooks behind it run, and the rows are committed
            errors.append(_logged(hook, error))
    return errors


async def arun_hooks(hooks: Iterable[Hook]) -> list[Exception]:
    """Run each hook, async ones in this event loop, and return what failed."""
    errors = []
    for hook in hooks:
        try:
            if isinstance(hook, AsyncHook):
                await hook.function()
            else:
                await sync_to_async(hook)()
        except Exception as error:  # noqa: BLE001 -- as in run_hooks()
            errors.append(_logged(hook, error))
    return errors


def _logged(hook: Hook, error: Exception) -> Exception:
    name = getattr(hook, "__qualname__", repr(hook))
    logger.error(
        "%s failed after the commit: the rows stay, and the other functions run", name, exc_info=error
    )
    return error
