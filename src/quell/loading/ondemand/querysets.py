"""Batching that belongs to the rows of one queryset instead of to a block."""

from collections.abc import Iterator
from typing import Any, TypeAlias, TypeVar
from weakref import finalize

from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

from quell.exceptions import UsageError
from quell.lineage.alias import FetchAlias
from quell.lineage.hooks import active
from quell.lineage.ondemand import loader
from quell.loading.ondemand.blocks import batch_loading
from quell.loading.ondemand.scope import Loads

# A list, or the chunk of an iterator.
Rows: TypeAlias = Any
_QuerySetT = TypeVar("_QuerySetT", bound=QuerySet[Any, Any])


def batched(queryset: _QuerySetT) -> _QuerySetT:
    """
    Return the queryset with batching for its rows, for as long as they live; for a method of a queryset.

    It is as if ``batch_loading()`` was opened where the queryset runs, for these rows alone, and closed when the last
    of them is gone.

    Raises:
        UsageError: If the queryset returns no instances.
    """
    if queryset._iterable_class is not ModelIterable and not issubclass(
        queryset._iterable_class, BatchedIterable
    ):
        msg = "values() and values_list() return no instances that could load anything; batch before them"
        raise UsageError(msg)
    # Attributes that the stubs leave out.
    unknown: Any = queryset
    found = unknown._chain()
    found._iterable_class = BatchedIterable
    return found  # type: ignore[no-any-return]


class BatchedIterable(ModelIterable):  # type: ignore[type-arg]  # generic only in the stubs
    """The rows of a queryset, in a block that lasts as long as they do and that knows no others."""

    def __iter__(self) -> Iterator[Any]:
        current = loader.get()
        if type(current) is Loads and current.is_open and current.is_batching:
            # A block of the application's knows all rows.
            yield from super().__iter__()
            return
        block = _OwnBlock().__enter__()
        try:
            rows: list[Model] = list(super().__iter__())
        except BaseException:
            block._close()
            raise
        alias = rows[0]._state.db if rows else None
        if type(alias) is FetchAlias:
            finalize(alias.fetch, block._close)
            block.see_own(rows)
        else:
            block._close()
        yield from rows


class _OwnLoads(Loads):
    """Loads of the rows of one queryset, and of what is prefetched with them."""

    def see_rows(self, rows: Rows, *, is_chunk: bool = False) -> None:
        """Know what is prefetched, and nothing else that is evaluated in this context."""
        hooks = active.get(None)
        if hooks is not None and type(hooks) is type(hooks).filling:
            self.see_own(rows)

    def see_own(self, rows: Rows) -> None:
        """Make these rows peers of each other."""
        super().see_rows(rows)


class _OwnBlock(batch_loading):
    def _within(self, outer: Loads) -> Loads:
        return _OwnLoads(outer.state, is_batching=True, forbids=outer.forbids)

    def see_own(self, rows: list[Model]) -> None:
        """Make these rows peers of each other."""
        if isinstance(self._loads, _OwnLoads):
            self._loads.see_own(rows)
