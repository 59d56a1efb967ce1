"""How a scope follows the code into other threads."""

import copy
import functools
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from quell.guard import guarded
from quell.lineage import callpath
from quell.lineage.hooks import Hooks, active
from quell.lineage.ignoring import ignored
from quell.lineage.ondemand import loader

P = ParamSpec("P")
R = TypeVar("R")

# A pool's own thread serves everybody, so it must not belong to the scope that happened to start it.
_is_submitting: ContextVar[bool] = ContextVar("quell_is_submitting", default=False)


def carry(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function bound to the scopes that are open here, for a thread that does not inherit them."""
    hooks = active.get(None)
    if hooks is None or getattr(function, "quell_carries", False) is True:
        return function
    frames = guarded(hooks.switch_off, (), callpath.collect, sys._getframe(2))
    unit, patterns, loads = callpath.current_unit.get(), ignored.get(), loader.get()

    @functools.wraps(function)
    def carried(*args: P.args, **kwargs: P.kwargs) -> R:
        caller = callpath.thread_key(), frames
        tokens = active.set(hooks), callpath.caller_path.set(caller), callpath.current_unit.set(unit)
        own, own_loader = ignored.set(patterns), loader.set(loads)
        guarded(hooks.switch_off, None, enter_thread, hooks)
        try:
            return function(*args, **kwargs)
        finally:
            active.reset(tokens[0])
            callpath.caller_path.reset(tokens[1])
            callpath.current_unit.reset(tokens[2])
            ignored.reset(own)
            loader.reset(own_loader)

    carried.quell_carries = True  # type: ignore[attr-defined]  # a mark, so that a job is wrapped once
    return carried


def enter_thread(hooks: Hooks) -> None:
    """Let the observers see every connection that this thread already has."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        for observer in hooks.observers:
            observer.see_connection(connection)


def wrap_submit(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``ThreadPoolExecutor.submit``."""

    @functools.wraps(original)
    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        token = _is_submitting.set(True)
        try:
            return original(self, carry(fn), *args, **kwargs)
        finally:
            _is_submitting.reset(token)

    return submit


def wrap_start(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Thread.start``."""

    @functools.wraps(original)
    def start(self: threading.Thread) -> None:
        if active.get(None) is None or _is_submitting.get():
            original(self)
            return
        run = carry(self.run)

        def run_once() -> None:
            # A thread that has ended must not keep the scope.
            del self.run
            run()

        self.run = run_once  # type: ignore[method-assign]  # for this one thread
        original(self)

    return start


def wrap_call_in_thread(original: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the frames that await a worker thread over to it; its own stack begins in the executor."""

    @functools.wraps(original)
    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        hooks = active.get(None)
        if hooks is None:
            return await original(self, *args, **kwargs)
        frames = guarded(hooks.switch_off, (), callpath.collect, sys._getframe(1))
        inner = copy.copy(self)
        inner.func = _entering(hooks, frames, self.func)
        return await original(inner, *args, **kwargs)

    return call


def _entering(hooks: Hooks, frames: tuple[callpath.Frame, ...], function: Callable[P, R]) -> Callable[P, R]:
    def entered(*args: P.args, **kwargs: P.kwargs) -> R:
        token = callpath.caller_path.set((callpath.thread_key(), frames))
        guarded(hooks.switch_off, None, enter_thread, hooks)
        try:
            return function(*args, **kwargs)
        finally:
            callpath.caller_path.reset(token)

    return entered
