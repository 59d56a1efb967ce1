"""Calls after the commit that must not be lost: rows of the same transaction, which somebody delivers."""

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS
from django.utils.module_loading import import_string

from quell.exceptions import UsageError
from quell.services.current import open_alias, require_here
from quell.services.delivering import deliver_at_once
from quell.services.hooks import after_commit

_MAX_LENGTH = 200


def outbox(
    function: Callable[..., object] | Callable[..., Awaitable[object]] | str,
    /,
    *,
    using: str | None = None,
    **arguments: object,
) -> None:
    """
    Call a function after the commit, at least once, also when the process dies in between.

    The call is a row of the open transaction. It is made right after the commit in this process; what fails, or was
    never tried, is made by ``manage.py quell outbox``. A call may be made twice, as the process may die before the row
    is deleted.

    Args:
        function: A function at the top of a module, sync or async, or its dotted path.
        using: The database; without it that of the innermost open service, or the default one.
        **arguments: Its arguments, as JSON keeps them: keys, numbers and texts.

    Raises:
        TransactionRequired: If no transaction is open; the one of a test case does not count.
        UsageError: If the function cannot be found by its name, does not take these arguments, or they are no JSON.

    Cost: one statement, and two after the commit.
    """
    path = _path_of(function, arguments)
    if not apps.is_installed("quell.store"):
        msg = f'outbox() stores the call of {path}: add "quell.store" to INSTALLED_APPS.'
        raise UsageError(msg)
    from quell.store.messages import OutboxMessage

    alias = using or open_alias() or DEFAULT_DB_ALIAS
    require_here(alias, "outbox()")
    try:
        row = OutboxMessage.objects.using(alias).create(function=path, arguments=arguments)
    except TypeError as error:
        msg = f"The arguments of {path} cannot be stored as JSON: give keys, numbers and texts. ({error})"
        raise UsageError(msg) from error
    after_commit(partial(deliver_at_once, row.pk, alias), using=alias)


async def aoutbox(
    function: Callable[..., object] | Callable[..., Awaitable[object]] | str,
    /,
    *,
    using: str | None = None,
    **arguments: object,
) -> None:
    """Call a function after the commit as ``outbox()`` does, from async code."""
    await sync_to_async(outbox)(function, using=using, **arguments)


def _path_of(function: Any, arguments: dict[str, object]) -> str:
    """Return the dotted path of a function that can be found by it, and takes the arguments."""
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    path = function if isinstance(function, str) else f"{module}.{name}"
    try:
        found = import_string(path)
    except ImportError:
        found = None
    if not callable(found) or module == "__main__" or len(path) > _MAX_LENGTH:
        msg = (
            f"outbox() cannot find {path} by its name, which is all that a row keeps: give a function at the top of "
            f"a module, with at most {_MAX_LENGTH} characters in its dotted path."
        )
        raise UsageError(msg)
    try:
        inspect.signature(found).bind(**arguments)
    except TypeError as error:
        msg = f"outbox() would call {path} with arguments that it does not take: {error}."
        raise UsageError(msg) from error
    return path
