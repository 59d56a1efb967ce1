"""
Callables that cost nothing where no scope is open.

# Note [Dispatch in C]
A hook that stays in Django while another thread has a scope open must not cost this thread a Python call per
query. A ``property`` whose getter is the ``get`` of a ``ContextVar`` resolves in C: it gives the value of the
variable, or, where it is unset, the object itself. ``attrgetter`` then picks the hook or the original, and the slot
of ``__call__`` calls it. So idle code runs Django's own function and not one line of quell.
"""

from collections.abc import Callable
from contextvars import ContextVar
from operator import attrgetter
from typing import Any


def by_context(variable: "ContextVar[Any]", name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a callable that runs the variable's hook called ``name``, or the original where it is unset."""
    dispatch = {
        "__call__": property(attrgetter(f"current.{name}")),
        "__wrapped__": original,
        "current": property(variable.get),
        name: staticmethod(original),
    }
    return type("Dispatch", (), dispatch)()  # type: ignore[no-any-return]  # the class is made right here
