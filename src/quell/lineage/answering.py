"""
Answers instead of queries: what a proof, or loading in batches, puts in the place of an evaluation.

Everything here runs inside Django's own methods, so ``len()``, ``bool()``, iteration, ``get()``, ``first()`` and
slices all go through it.
"""

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from types import FrameType
from typing import Any, Protocol

from django.db.models import QuerySet

MISSING = object()


class Answerer(Protocol):
    """What may answer in the place of the database."""

    def rows(self, queryset: "QuerySet[Any, Any]", frame: FrameType | None) -> list[Any] | None:
        """Return the rows of a queryset that is about to run, or ``None`` to let it run."""

    def value(self, queryset: "QuerySet[Any, Any]", method: str, frame: FrameType | None) -> object:
        """Return what ``count()`` or ``exists()`` would, or ``MISSING``."""

    def replacement(
        self, queryset: "QuerySet[Any, Any]", frame: FrameType | None
    ) -> "QuerySet[Any, Any] | None":
        """Return the queryset to iterate over instead, for ``iterator()``."""


answering: ContextVar[Answerer | None] = ContextVar("quell_answering", default=None)


def answer_rows(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``QuerySet._fetch_all``."""

    @functools.wraps(original)
    def fetch_all(self: Any) -> None:
        answerer = answering.get()
        if answerer is not None and self._result_cache is None:
            rows = answerer.rows(self, sys._getframe(1))
            if rows is not None:
                self._result_cache = rows
                self._prefetch_done = True
                return
        original(self)

    return fetch_all


def answer_value(method: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the wrapper of ``QuerySet.count`` or ``QuerySet.exists``."""

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def ask(self: Any) -> Any:
            answerer = answering.get()
            if answerer is not None and self._result_cache is None:
                value = answerer.value(self, method, sys._getframe(1))
                if value is not MISSING:
                    return value
            return original(self)

        return ask

    return wrap


def answer_iterator(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``QuerySet.iterator``: what the plan prefetches needs a size of chunks."""

    @functools.wraps(original)
    def iterator(self: Any, chunk_size: int | None = None) -> Iterator[Any]:
        answerer = answering.get()
        other = answerer.replacement(self, sys._getframe(1)) if answerer is not None else None
        if other is None:
            found: Iterable[Any] = original(self, chunk_size)
        else:
            found = original(other, chunk_size or 2000)
        return iter(found)

    return iterator
