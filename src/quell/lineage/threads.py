"""How a scope follows the code into other threads."""

import asyncio
import functools
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as pool
from types import FrameType, FunctionType, MethodType
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import SyncToAsync, markcoroutinefunction
from django.core.signals import setting_changed
from django.db.models import QuerySet
from django.utils.deprecation import MiddlewareMixin

from quell.guard import guarded
from quell.lineage import callpath, walking
from quell.lineage.hooks import Hooks, active
from quell.lineage.ignoring import ignored
from quell.lineage.ondemand import loader
from quell.lineage.ownthread import own
from quell.lineage.sites import ATTRIBUTE
from quell.lineage.usercode import is_user_code

P = ParamSpec("P")
R = TypeVar("R")

# A task that makes the next one, again and again, must not keep the frames of all that were before.
_MAX_FRAMES = 300

# A pool's own thread serves everybody, so it must not belong to the scope that happened to start it.
_POOLS_OWN = pool._worker


def carry(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function bound to the scopes that are open here, for a thread that does not inherit them."""
    hooks = active.get(None)
    if hooks is None or _is_of_asgiref(function) or getattr(function, "quell_carries", False) is True:
        return function
    outer = guarded(hooks.switch_off, None, walking.outer_at, sys._getframe(2))
    unit, patterns, loads = callpath.current_unit.get(), ignored.get(), loader.get()

    @functools.wraps(function)
    def carried(*args: P.args, **kwargs: P.kwargs) -> R:
        caller = own.key, outer
        tokens = active.set(hooks), callpath.caller_path.set(caller), callpath.current_unit.set(unit)
        ours, our_loader = ignored.set(patterns), loader.set(loads)
        guarded(hooks.switch_off, None, enter_thread, hooks)
        try:
            return function(*args, **kwargs)
        finally:
            active.reset(tokens[0])
            callpath.caller_path.reset(tokens[1])
            callpath.current_unit.reset(tokens[2])
            ignored.reset(ours)
            loader.reset(our_loader)

    carried.quell_carries = True  # type: ignore[attr-defined]  # a mark, so that a job is wrapped once
    return carried


def _is_of_asgiref(function: Callable[..., Any]) -> bool:
    """Tell whether asgiref hands a job over, which it does with this whole context."""
    handler = function.func if type(function) is functools.partial else None
    return issubclass(type(getattr(handler, "__self__", None)), SyncToAsync)


def enter_thread(hooks: Hooks) -> None:
    """Let the observers see every connection that this thread already has; a new one tells them itself."""
    from django.db import connections

    state = hooks.state()
    if state.is_entered:
        return
    state.is_entered = True
    for connection in connections.all(initialized_only=True):
        for observer in hooks.observers:
            observer.see_connection(connection)


def wrap_submit(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``ThreadPoolExecutor.submit``."""

    @functools.wraps(original)
    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return original(self, carry(fn), *args, **kwargs)

    return submit


def wrap_start(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Thread.start``."""

    @functools.wraps(original)
    def start(self: threading.Thread) -> None:
        if active.get(None) is None or getattr(self, "_target", None) is _POOLS_OWN:
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

    async def call_watched(hooks: Hooks, self: Any, *args: Any, **kwargs: Any) -> Any:
        outer = guarded(hooks.switch_off, None, _awaiting, sys._getframe(1), self.func)
        inner = object.__new__(type(self))
        inner.__dict__.update(self.__dict__, func=_entering(hooks, outer, self.func))
        return await original(inner, *args, **kwargs)

    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        hooks = active.get(None)
        if hooks is None or _is_of_django(self.func):
            return original(self, *args, **kwargs)
        return call_watched(hooks, self, *args, **kwargs)

    return markcoroutinefunction(call)


def _is_of_django(function: Callable[..., Any]) -> bool:
    """
    Tell whether a job is a part of one of Django's middlewares, whose queries no code of the user's asks for.

    Each request has a dozen of them, and most run no query.
    """
    is_middleware = type(function) is MethodType and issubclass(type(function.__self__), MiddlewareMixin)
    return is_middleware and _is_library_code(function.__func__)  # type: ignore[attr-defined]  # a method


@functools.lru_cache(maxsize=512)
def _is_library_code(function: Callable[..., Any]) -> bool:
    return type(function) is FunctionType and not is_user_code(function.__code__)


def _see_setting(*, setting: str, **_: object) -> None:
    if setting == "QUELL_LIBRARIES":
        _is_library_code.cache_clear()


setting_changed.connect(_see_setting, dispatch_uid="quell.lineage.threads")


def _awaiting(frame: FrameType, function: Callable[..., Any]) -> callpath.Outer:
    """Return what awaits a call, with the line that asked a queryset for it where a task awaits alone."""
    outer = walking.outer_at(frame)
    queryset: Any = getattr(function, "__self__", None)
    site = queryset._query.__dict__.get(ATTRIBUTE) if issubclass(type(queryset), QuerySet) else None
    if site is not None and site.code is not None:
        for position, item in enumerate(outer.frames):
            if is_user_code(item.code):
                break
            if item.code is callpath.STEP_CODE:
                return walking.outer_with(outer, callpath.Frame(site.code, site.lasti, None), position)
    return outer


def wrap_create_task(original: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the frames that make a task over to it, as a copy of the context that it gets."""

    @functools.wraps(original)
    def create_task(self: Any, *args: Any, **kwargs: Any) -> Any:
        hooks = active.get(None)
        if hooks is None or asyncio._get_running_loop() is None:
            return original(self, *args, **kwargs)
        outer = guarded(hooks.switch_off, None, _creating, sys._getframe(1))
        token = callpath.created_path.set(outer)
        try:
            return original(self, *args, **kwargs)
        finally:
            callpath.created_path.reset(token)

    return create_task


def _creating(frame: FrameType) -> callpath.Outer | None:
    """Return what makes a task; far down a chain of them what made the first."""
    outer, created = walking.outer_at(frame), callpath.created_path.get()
    return created if created is not None and len(outer.frames) > _MAX_FRAMES else outer


def _entering(hooks: Hooks, outer: callpath.Outer | None, function: Callable[P, R]) -> Callable[P, R]:
    def entered(*args: P.args, **kwargs: P.kwargs) -> R:
        token = callpath.caller_path.set((own.key, outer))
        guarded(hooks.switch_off, None, enter_thread, hooks)
        try:
            return function(*args, **kwargs)
        finally:
            callpath.caller_path.reset(token)

    return entered
