"""
How requests of one scope are told apart, and tasks that a worker or an eager setting runs.

Not by the signal ``request_started``: before Django 6.1 its ``asend()`` runs receivers in a task of their own,
whose context variables end with it.
"""

import functools
from collections.abc import Callable
from contextvars import Token
from itertools import count
from typing import Any

from asgiref.sync import markcoroutinefunction

from quell.lineage.breaks import tell
from quell.lineage.callpath import current_unit
from quell.lineage.hooks import active
from quell.lineage.ondemand import loader

_numbers = count(1)


def begin_unit() -> Token[int]:
    """Begin something that is apart from what runs before and behind it, as a request is; give it to ``end_unit()``."""
    return current_unit.set(next(_numbers))


def end_unit(token: Token[int]) -> None:
    """End it; what runs from now on may read what it has written."""
    current_unit.reset(token)
    tell()


def wrap_get_response(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``BaseHandler.get_response``."""

    @functools.wraps(original)
    def get_response(self: Any, request: Any) -> Any:
        if _is_unseen():
            return original(self, request)
        token = begin_unit()
        try:
            return original(self, request)
        finally:
            end_unit(token)

    return get_response


def wrap_get_response_async(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``BaseHandler.get_response_async``."""

    async def get_response_apart(self: Any, request: Any) -> Any:
        token = begin_unit()
        try:
            return await original(self, request)
        finally:
            end_unit(token)

    @functools.wraps(original)
    def get_response_async(self: Any, request: Any) -> Any:
        return original(self, request) if _is_unseen() else get_response_apart(self, request)

    return markcoroutinefunction(get_response_async)


def _is_unseen() -> bool:
    """Tell whether nobody outside of a request may see it: a scope that it opens itself sees no other one."""
    return active.get(None) is None and loader.get() is None
