"""``quell.ignore()``: silence what runs inside a block."""

import functools
import inspect
import sys
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import ParamSpec, Self, TypeVar

from asgiref.sync import iscoroutinefunction
from django.apps import apps
from django.db.models import Model

from quell.events import Pattern
from quell.exceptions import UsageError
from quell.lineage import ignoring
from quell.paths import portable_path
from quell.silencing.codes import code_of, hint_for
from quell.silencing.names import check_names

P = ParamSpec("P")
R = TypeVar("R")


class ignore:  # noqa: N801 -- used like a function
    """
    Silence findings of what runs inside a block, or inside each call of a function.

    It silences statements, not places: a finding of which some statements ran elsewhere is reported with the count
    of those, if they still are enough. It follows into asyncio tasks, ``sync_to_async`` and the threads that a watch
    follows into. What it silenced is in ``watch.silenced``.

    Args:
        *codes: Codes or kinds of findings, such as ``"Q101"`` or ``"n_plus_one"``; at least one.
        model: Only findings of this model: a class, a label such as ``"helpdesk.Ticket"``, or a glob.
        path: Only findings of this lookup path, or a glob such as ``"comments__*"``.
        reason: Why, for those who read ``watch.silenced``.

    Raises:
        UsageError: If a code, the model or the path does not exist, naming the closest match; if it decorates a
            generator or a class.

    Cost: nothing for statements; one value of a context variable per block.
    """

    def __init__(self, *codes: str, model: str | type[Model] = "", path: str = "", reason: str = "") -> None:
        if not codes:
            msg = 'quell.ignore() needs at least one code, such as quell.ignore("Q101"): all would hide what is new.'
            raise UsageError(msg)
        caller = sys._getframe(1)
        label = model if isinstance(model, str) else model._meta.label
        self._pattern = Pattern(
            codes=tuple(map(_checked_code, codes)),
            model=label,
            path=path,
            reason=reason,
            source=_source_of(caller.f_code, caller.f_lineno),
        )
        self._is_checked = False
        if apps.models_ready:
            self._check()

    def _check(self) -> None:
        """Check model and path, as soon as the models are there: a decorator may be above that of a model."""
        self._is_checked = True
        try:
            check_names(self._pattern.model, self._pattern.path)
        except UsageError as error:
            msg = f"quell.ignore(): {error}"
            raise UsageError(msg) from None

    def __enter__(self) -> Self:
        if not self._is_checked and apps.models_ready:
            self._check()
        ignoring.enter(self._pattern)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ignoring.leave(self._pattern)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Silence each call of a function."""
        if isinstance(function, (staticmethod, classmethod)):
            return type(function)(self(function.__func__))
        _refuse(function)
        if iscoroutinefunction(function):

            @functools.wraps(function)
            async def ignoring_async(*args: P.args, **kwargs: P.kwargs) -> object:
                with self:
                    return await function(*args, **kwargs)

            return ignoring_async  # type: ignore[return-value]  # a coroutine function, like the one given

        @functools.wraps(function)
        def ignoring_sync(*args: P.args, **kwargs: P.kwargs) -> R:
            with self:
                return function(*args, **kwargs)

        return ignoring_sync


def _checked_code(name: object) -> str:
    if not isinstance(name, str):
        msg = f'quell.ignore() takes codes as texts, such as quell.ignore("Q101"), and {name!r} is none.'
        raise UsageError(msg)
    code = code_of(name)
    if not code:
        msg = f'quell.ignore() knows no code "{name}". {hint_for(name)}'
        raise UsageError(msg)
    return code


def _source_of(code: CodeType, line: int) -> str:
    return f"{portable_path(code.co_filename)}:{line}"


def _refuse(function: object) -> None:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        msg = (
            f"quell.ignore() cannot decorate the generator {function.__qualname__}: its body runs between the "
            "statements of whoever iterates over it. Write `with quell.ignore(...):` inside of it instead."
        )
        raise UsageError(msg)
    if isinstance(function, type) or not callable(function):
        msg = f"quell.ignore() decorates functions, and {function!r} is none. Decorate its methods instead."
        raise UsageError(msg)
