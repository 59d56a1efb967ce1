"""Batching for the rows of one origin, whose calls on related managers no plan answers."""

from collections.abc import Iterator
from typing import Any, TypeAlias, TypeVar
from weakref import finalize

from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

from quell.lineage.alias import FetchAlias
from quell.lineage.hooks import active
from quell.lineage.ondemand import loader
from quell.loading.ondemand.blocks import batch_loading
from quell.loading.ondemand.scope import Loads

# A list, or the chunk of an iterator.
Rows: TypeAlias = Any
_QuerySetT = TypeVar("_QuerySetT", bound=QuerySet[Any, Any])


def batched(queryset: _QuerySetT) -> _QuerySetT:
    """Let the rows of a queryset batch what they ask for, for as long as they live; other rows load as ever."""
    queryset._iterable_class = OriginIterable
    return queryset


class OriginIterable(ModelIterable):  # type: ignore[type-arg]  # generic only in the stubs
    """The rows of a queryset, in a block that lasts as long as they do and that knows no others."""

    def __iter__(self) -> Iterator[Any]:
        current = loader.get()
        is_batching = type(current) is Loads and current.is_open and current.is_batching
        if is_batching or self.chunked_fetch:
            # A block of the application's knows all rows, and whoever asks for chunks wants no more in memory.
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
    """Loads of the rows of one origin, and of what is prefetched with them."""

    def see_rows(self, rows: Rows, *, is_chunk: bool = False) -> None:
        """Know what is prefetched, and nothing else that is evaluated in this context."""
        hooks = active.get(None)
        if hooks is not None and type(hooks) is type(hooks).filling:
            self.see_own(rows)

    def see_own(self, rows: Rows) -> None:
        """Make the rows of an origin peers of each other."""
        super().see_rows(rows)


class _OwnBlock(batch_loading):
    def _within(self, outer: Loads) -> Loads:
        return _OwnLoads(outer.state, is_batching=True, forbids=outer.forbids)

    def see_own(self, rows: list[Model]) -> None:
        """Make the rows of an origin peers of each other."""
        if isinstance(self._loads, _OwnLoads):
            self._loads.see_own(rows)
