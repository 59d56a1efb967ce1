"""
A service with a key runs once per key; whoever calls it again gets the result of the first call.

# Note [Once per key]
The row of a call is written first, in the transaction of the service. An equal call at the same time waits for that
row, as it must be unique: when the first one commits, it finds the result, and when the first one rolls back, it is
the one that runs.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias
from uuid import uuid4

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.apps import apps

from quell.exceptions import UsageError
from quell.services.options import Options

Key: TypeAlias = str | Callable[..., str]
_MAX_LENGTH = 200
_UNSET = object()


def once_per_key(function: Any, options: Options, key: Key) -> Any:
    """Return a function that runs once per key, inside a transaction that the service opens."""
    key_of = _key_of(function, options, key)
    if iscoroutinefunction(function):

        @wraps(function)
        async def arun(*args: Any, **kwargs: Any) -> Any:
            call, result = await sync_to_async(_claim)(options, key_of(*args, **kwargs))
            if result is _UNSET:
                result = await function(*args, **kwargs)
                await sync_to_async(_store)(options, call, result)
            return result

        return arun

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        call, result = _claim(options, key_of(*args, **kwargs))
        if result is _UNSET:
            result = function(*args, **kwargs)
            _store(options, call, result)
        return result

    return run


def _key_of(function: Any, options: Options, key: Key) -> Callable[..., str]:
    if callable(key):
        return key
    signature = inspect.signature(function)
    if key not in signature.parameters:
        names = ", ".join(signature.parameters)
        msg = (
            f"idempotency_key={key!r} is no parameter of {options.name} ({names}): name one, or give a function "
            "that takes the same arguments and returns a text."
        )
        raise UsageError(msg)

    def from_argument(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments[key]

    return from_argument


def _claim(options: Options, key: object) -> tuple[Any, Any]:
    """Return the row of a call, and the result of an earlier one if there was one."""
    if not isinstance(key, (str, int)) or isinstance(key, bool) or not 0 < len(str(key)) <= _MAX_LENGTH:
        msg = f"The idempotency key of {options.name} is {key!r}; it has to be a text of 1 to {_MAX_LENGTH} characters."
        raise UsageError(msg)
    if not apps.is_installed("quell.store"):
        msg = f'{options.name} has an idempotency_key, which stores results: add "quell.store" to INSTALLED_APPS.'
        raise UsageError(msg)
    from quell.store.models import IdempotentCall

    calls = IdempotentCall.objects.using(options.aliases[-1])
    token, service = uuid4(), options.name[-_MAX_LENGTH:]
    calls.bulk_create([IdempotentCall(service=service, key=str(key), token=token)], ignore_conflicts=True)
    row = calls.get(service=service, key=str(key))
    return (row, _UNSET) if row.token == token else (row, row.result)


def _store(options: Options, call: Any, result: object) -> None:
    call.result = result
    try:
        call.save(using=options.aliases[-1], update_fields=["result"])
    except TypeError as error:
        msg = (
            f"{options.name} returned a {type(result).__name__}, which cannot be stored as JSON for equal calls: "
            f"return keys, numbers and texts. ({error})"
        )
        raise UsageError(msg) from error
