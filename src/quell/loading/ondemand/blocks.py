"""The blocks that batch on-demand loads, or forbid them."""

import functools
import inspect
from collections.abc import Callable
from contextvars import Token
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from asgiref.sync import iscoroutinefunction

from quell.exceptions import UsageError
from quell.lineage._patches_ondemand import installation
from quell.lineage.hooks import Hooks, active
from quell.lineage.ondemand import Loader, Quiet, loader
from quell.loading.ondemand.forbidding import Forbid, Only
from quell.loading.ondemand.groups import State
from quell.loading.ondemand.scope import Loads

P = ParamSpec("P")
R = TypeVar("R")


class Block:
    """A context manager, sync and async, and a decorator of functions, sync and async."""

    _name = ""

    def __init__(self) -> None:
        self._loads: Loads | None = None
        self._token: Token[Loader | None] | None = None

    def _again(self) -> "Block":
        """Return a fresh block with the same meaning, for one call of a function."""
        raise NotImplementedError

    def _within(self, outer: Loads) -> Loads:
        """Return the loader of this block, inside of another."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        if self._token is not None:
            msg = f"This {self._name}() is already open. Make a new one for a nested block."
            raise UsageError(msg)
        installation.acquire()
        outer = _open_one(loader.get())
        self._loads = loads = self._within(outer or Loads(State()))
        loads.outer = outer
        loads.state.block_count += 1
        # Rows have to know their fetch; who watches has seen to that.
        if active.get(None) is None:
            loads.state.hooks = active.set(Quiet(()))
        self._token = loader.set(loads)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def _close(self) -> None:
        if self._token is None or self._loads is None:
            return
        token, self._token = self._token, None
        # A task that outlives the block keeps its context, and loads as Django does.
        loads, self._loads = self._loads, None
        loads.is_open = False
        # The last row of a queryset may be gone while something else runs.
        if loader.get() is loads:
            _reset(loader, token)
            around = loader.get()
            if isinstance(around, Loads) and not around.is_open:
                loader.set(_open_one(around))
        # Blocks of rows end in any order.
        loads.state.block_count -= 1
        if not loads.state.block_count:
            self._end(loads.state)
        installation.release()

    @staticmethod
    def _end(state: State) -> None:
        state.groups.clear()
        current = active.get(None)
        # A watch that was opened in the block and has ended leaves hooks without observers behind.
        if state.hooks is not None and current is not None and not current.observers:
            _reset(active, state.hooks)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Open a block of its own around each call of a function."""
        if isinstance(function, (staticmethod, classmethod)):
            return type(function)(self(function.__func__))
        self._refuse(function)
        if iscoroutinefunction(function):

            @functools.wraps(function)
            async def call_async(*args: P.args, **kwargs: P.kwargs) -> object:
                async with self._again():
                    return await function(*args, **kwargs)

            return call_async  # type: ignore[return-value]  # a coroutine function, like the one given

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._again():
                return function(*args, **kwargs)

        return call

    def _refuse(self, function: object) -> None:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            msg = (
                f"{self._name}() cannot decorate a generator: its body runs between the statements of whoever "
                f"iterates over it. Write `with {self._name}():` around the loop instead."
            )
            raise UsageError(msg)
        if isinstance(function, type) or not callable(function):
            msg = (
                f"{self._name}() decorates functions, and {function!r} is none. Decorate its methods instead."
            )
            raise UsageError(msg)


def _open_one(loads: Loader | None) -> Loads | None:
    """Return the innermost block that is open still."""
    while isinstance(loads, Loads) and not loads.is_open:
        loads = loads.outer
    return loads if isinstance(loads, Loads) else None


def _reset(variable: Any, token: Any) -> None:
    try:
        variable.reset(token)
    except (RuntimeError, ValueError):
        # The block ends in another context than it began, such as that of an async fixture.
        variable.set(None if variable is loader else Hooks(()))


class batch_loading(Block):  # noqa: N801 -- used like a function
    """
    Load a relation for all rows of a fetch, when the first of them asks for it.

    It covers keys, relations of every kind in both directions, deferred columns, and the calls on related managers
    that read. Each row gets what Django would have loaded for it alone. A write, a lock or the end of a transaction
    ends what was loaded for later.

    Use it as ``with``, as ``async with``, or as a decorator of functions; blocks nest, and follow the context into
    tasks and threads.

    Cost: nothing outside of a block; inside, one weak reference per row, and one query per relation or call shape.
    """

    _name = "quell.batch_loading"

    def _again(self) -> "batch_loading":
        return batch_loading()

    def _within(self, outer: Loads) -> Loads:
        return Loads(outer.state, is_batching=True, forbids=outer.forbids)


class forbid_lazy_loading(Block):  # noqa: N801 -- used like a function
    """
    Raise ``LazyLoadForbidden`` where a relation or a column is loaded on demand.

    Args:
        only: ``"n_plus_one"`` lets one row of a fetch load what it needs, and forbids it to the second.

    Raises:
        LazyLoadForbidden: At the load, and again at the end of the block where something swallowed it.
    """

    _name = "quell.forbid_lazy_loading"

    def __init__(self, *, only: Only | None = None) -> None:
        super().__init__()
        if only not in {None, "n_plus_one"}:
            msg = f'only= is {only!r}, and has to be "n_plus_one" or None'
            raise UsageError(msg)
        self._forbid = Forbid(only)

    def _again(self) -> "forbid_lazy_loading":
        return forbid_lazy_loading(only=self._forbid.only)

    def _within(self, outer: Loads) -> Loads:
        self._forbid = Forbid(self._forbid.only)
        return Loads(outer.state, is_batching=outer.is_batching, forbids=(*outer.forbids, self._forbid))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        if error is None and self._forbid.error is not None:
            raise self._forbid.error
