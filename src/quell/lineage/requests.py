"""
How requests of one scope are told apart.

Not by the signal ``request_started``: before Django 6.1 its ``asend()`` runs receivers in a task of their own,
whose context variables end with it.
"""

import functools
from collections.abc import Callable
from itertools import count
from typing import Any

from quell.lineage.breaks import tell
from quell.lineage.callpath import current_unit

_numbers = count(1)


def wrap_get_response(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``BaseHandler.get_response``."""

    @functools.wraps(original)
    def get_response(self: Any, request: Any) -> Any:
        token = current_unit.set(next(_numbers))
        try:
            return original(self, request)
        finally:
            current_unit.reset(token)
            tell()

    return get_response


def wrap_get_response_async(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``BaseHandler.get_response_async``."""

    @functools.wraps(original)
    async def get_response_async(self: Any, request: Any) -> Any:
        token = current_unit.set(next(_numbers))
        try:
            return await original(self, request)
        finally:
            current_unit.reset(token)
            tell()

    return get_response_async
