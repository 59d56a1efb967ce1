"""
Where recorded plans come in: what Django's functions ask while plans are applied or recorded.

# Note [A clone is evaluated]
The queryset of the application stays what it is. A clone with the plan runs, and its rows become the result of the
application's queryset, so that whatever is built on that later knows nothing of the plan, and two threads that
evaluate one queryset disturb nobody.
"""

import functools
import sys
from collections.abc import AsyncIterator, Callable, Container, Iterator
from contextvars import ContextVar
from typing import Any, Protocol

from django.db.models import Model

from quell.guard import guarded
from quell.lineage.alias import FetchAlias, NarrowedAlias
from quell.lineage.builders import BUILDER, find_builder

# The attribute of a query that was narrowed by a plan: whom to tell when a column is missed.
NARROWED = "narrowed_by"


class Narrowed(Protocol):
    """A plan that leaves columns out."""

    def alias_for(self, alias: str) -> NarrowedAlias:
        """Return the alias for its rows, by which they are known."""

    def miss(self, model: type[Model], names: Any) -> None:
        """Note that columns of a model were needed after all."""


class Planner(Protocol):
    """What may add plans to querysets."""

    models: Container[type[Model]]

    def planned(self, queryset: Any) -> Any:
        """Return the queryset with its plan, ``None`` where it has none."""

    def switch_off(self) -> bool:
        """Add no more plans, because quell failed; tell whether that is news."""


class _Process:
    """The planner of all contexts that have none of their own."""

    planner: Planner | None = None


process = _Process()
# That of a block; ``False`` where there is no block, so that ``None`` may stand for no plans.
chosen: ContextVar[Planner | bool | None] = ContextVar("quell_planner", default=False)


def current_planner() -> Planner | None:
    """Return the planner of this context."""
    found = chosen.get()
    return process.planner if found is False else found  # type: ignore[return-value]  # it is never True


def wrap_init(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``QuerySet.__init__``, by which each fresh queryset and each clone is made."""

    @functools.wraps(original)
    def init(self: Any, model: Any = None, query: Any = None, using: Any = None, hints: Any = None) -> None:
        original(self, model, query, using, hints)
        planner = chosen.get()
        if planner is False:
            planner = process.planner
        if planner is not None and model in planner.models:  # type: ignore[union-attr]  # it is never True
            facts = self._query.__dict__
            if BUILDER not in facts:
                # No draft of a class gets here twice: the builder of a clone is the one of its origin.
                builder = guarded(planner.switch_off, None, find_builder, sys._getframe(1))  # type: ignore[union-attr]
                if builder is not None:
                    facts[BUILDER] = builder

    return init


def wrap_fetch_all(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``QuerySet._fetch_all``."""

    @functools.wraps(original)
    def fetch_all(self: Any) -> None:
        if self._result_cache is None:
            facts = self._query.__dict__
            if NARROWED in facts:
                # A prefetch of a plan.
                _tell_rows(self)
            elif BUILDER in facts:
                other = planned(self)
                if other is not None:
                    # Not by this function: proofs know a queryset by the frames around it.
                    _tell_rows(other)
                    original(other)
                    self._result_cache, self._prefetch_done = other._result_cache, True
                    return
        original(self)

    return fetch_all


def _tell_rows(queryset: Any) -> None:
    """Let the rows of a narrowed queryset know it, by the alias that Django hands to each of them."""
    narrowed: Narrowed | None = queryset._query.__dict__.get(NARROWED)
    if narrowed is not None:
        queryset._db = narrowed.alias_for(str(queryset.db))


def planned(queryset: Any) -> Any:
    """Return a clone of a queryset with its plan; ``None`` where it has none."""
    planner = current_planner()
    return guarded(planner.switch_off, None, planner.planned, queryset) if planner is not None else None


def wrap_iterator(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``QuerySet.iterator``: what the plan prefetches needs a size of chunks."""

    @functools.wraps(original)
    def iterator(self: Any, chunk_size: int | None = None) -> Iterator[Any]:
        other = _for_chunks(self)
        found: Iterator[Any] = (
            original(self, chunk_size) if other is None else original(other, chunk_size or 2000)
        )
        return found

    return iterator


def wrap_aiterator(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``QuerySet.aiterator``."""

    @functools.wraps(original)
    def aiterator(self: Any, chunk_size: int = 2000) -> AsyncIterator[Any]:
        other = _for_chunks(self)
        found: AsyncIterator[Any] = original(self if other is None else other, chunk_size)
        return found

    return aiterator


def _for_chunks(queryset: Any) -> Any:
    if queryset._result_cache is not None or BUILDER not in queryset._query.__dict__:
        return None
    other = planned(queryset)
    if other is not None:
        _tell_rows(other)
    return other


def _narrowed_alias(row: Model) -> NarrowedAlias | None:
    """Return the alias that names the plan which left columns of a row out, ``None`` for any other row."""
    alias: Any = row._state.db
    if type(alias) is FetchAlias:
        return alias.fetch.narrowed
    return alias if type(alias) is NarrowedAlias else None


def wrap_save(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``Model.save``: a row that lacks columns only by a plan is saved whole, as it would be without."""

    @functools.wraps(original)
    def save(self: Any, *args: Any, **kwargs: Any) -> None:
        if len(args) < 4 and kwargs.get("update_fields") is None:
            _fill(self)
        original(self, *args, **kwargs)

    return save


def wrap_delete(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Model.delete``: who reads a deleted row, such as a receiver, finds all of it."""

    @functools.wraps(original)
    def delete(self: Any, *args: Any, **kwargs: Any) -> Any:
        _fill(self)
        return original(self, *args, **kwargs)

    return delete


def _fill(row: Any) -> None:
    """Load the columns of a row that a plan left out."""
    if _narrowed_alias(row) is None:
        return
    missing = row.get_deferred_fields()
    if missing:
        row.refresh_from_db(fields=sorted(missing))


def wrap_refresh(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Model.refresh_from_db``, by which a column that was left out is loaded."""

    @functools.wraps(original)
    def refresh(self: Any, using: Any = None, fields: Any = None, **kwargs: Any) -> None:
        alias = _narrowed_alias(self) if fields is not None else None
        if alias is None:
            original(self, using, fields, **kwargs)
            return
        names = list(fields)
        missing = self.get_deferred_fields()
        alias.narrowed.miss(type(self), [name for name in names if name in missing])
        original(self, using, names, **kwargs)
        # Django has copied the alias of the row that it has read, and other columns are still missing.
        if type(self._state.db) is FetchAlias:
            self._state.db.fetch.narrowed = alias
        elif self._state.db == alias:
            self._state.db = alias

    return refresh
