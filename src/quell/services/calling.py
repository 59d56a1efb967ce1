"""A sync service from its call to its result: tries, pauses, and what runs after the commit."""

import time
from collections.abc import Callable
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, TypeVar

from quell.exceptions import UsageError
from quell.services.attempts import Attempts
from quell.services.hooks import run_hooks
from quell.services.instances import give_back, take_states
from quell.services.observing import Observation, observation_of
from quell.services.options import Options
from quell.services.origins import Place
from quell.services.runs import Run
from quell.services.turns import turns_of_threads

R = TypeVar("R")
# What a function returns whose body has not run yet.
_LAZY = (GeneratorType, CoroutineType, AsyncGeneratorType)


def call(
    options: Options, place: Place, function: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> R:
    """
    Run a service.

    Raises:
        RetriesExhausted: If every try failed because of other transactions.
        Exception: Whatever the function raises, after everything was rolled back.
    """
    seen = observation_of(options)
    if seen is None:
        return _call(options, place, None, function, args, kwargs)
    with seen:
        return _call(options, place, seen, function, args, kwargs)


def _call(
    options: Options,
    place: Place,
    seen: Observation | None,
    function: Callable[..., R],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> R:
    # See Note [Instances after a rollback]
    states = take_states(args, kwargs) if args or kwargs else ()
    attempts = Attempts(options) if options.retry is not None else None
    has_turn = False
    while True:
        run = Run(options, place, seen)
        try:
            try:
                result = _attempt(run, function, args, kwargs)
            finally:
                # Before what runs after the commit, which nobody waits for.
                if has_turn:
                    turns_of_threads.give_back()
        except BaseException as error:
            give_back(states)
            if attempts is None or not run.is_outermost:
                raise
            pause_seconds = attempts.pause_after(error)
            if pause_seconds is None:
                raise
        else:
            if run.hooks:
                run_hooks(run.hooks)
            return result
        time.sleep(pause_seconds)
        has_turn = turns_of_threads.take(attempts.left_seconds())


def _attempt(run: Run, function: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
    run.begin()
    try:
        result = function(*args, **kwargs)
        if type(result) in _LAZY:
            refuse_lazy(run.options, result)
    except BaseException as error:
        run.roll_back(error)
        raise
    run.commit()
    return result


def refuse_lazy(options: Options, result: Any) -> None:
    """
    Refuse a result that has yet to run, which it would do when the transaction is over.

    Raises:
        UsageError: Always.
    """
    if not isinstance(result, AsyncGeneratorType):
        result.close()
    msg = (
        f"{options.name} returned a {type(result).__name__}, whose body would run when the transaction is over. "
        "Decorate the async function itself, or return a list."
    )
    raise UsageError(msg)
