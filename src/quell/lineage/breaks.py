"""
Moments after which the same question may have another answer, though no statement was seen that changed anything.

A rollback, a stored procedure, a COPY, and a request that begins or ends: what is read after it is not read again.
"""

import functools
from collections.abc import Callable
from typing import Any

from quell.lineage.hooks import active
from quell.lineage.ondemand import tell_change


def tell() -> None:
    """Tell every scope of this context, and what answers its on-demand loads."""
    hooks = active.get(None)
    if hooks is not None:
        for observer in hooks.observers:
            observer.see_break()
    tell_change()


def wrap_break(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function whose call is such a moment."""

    @functools.wraps(original)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return original(*args, **kwargs)
        finally:
            tell()

    return run


def break_at(name: str, original: None) -> property:
    """Return an attribute to put in front of a ``__getattr__()``, which still answers; its use is such a moment."""

    def tell_and_pass_on(self: object) -> Any:
        tell()
        # Python asks __getattr__() next.
        raise AttributeError(name)

    return property(tell_and_pass_on)


def break_at_copy(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``debug_sql()`` of the cursor that logs, which has methods of its own for COPY: they log only a text."""

    @functools.wraps(original)
    def debug_sql(self: object, sql: Any = None, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        if params is None and not (args or kwargs):
            tell()
        return original(self, sql, params, *args, **kwargs)

    return debug_sql
