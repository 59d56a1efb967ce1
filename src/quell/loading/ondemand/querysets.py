"""Batching that belongs to the rows of one queryset instead of to a block."""

from collections.abc import Iterator
from typing import Any, TypeVar
from weakref import finalize

from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

from quell.exceptions import UsageError
from quell.lineage.alias import FetchAlias
from quell.lineage.ondemand import loader
from quell.loading.ondemand.blocks import batch_loading
from quell.loading.ondemand.scope import Loads

_QuerySetT = TypeVar("_QuerySetT", bound=QuerySet[Any, Any])


def batched(queryset: _QuerySetT) -> _QuerySetT:
    """
    Return the queryset with batching for its rows, for as long as they live; for a method of a queryset.

    It is as if ``batch_loading()`` was opened where the queryset runs, and closed when its last row is gone.

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
    """The rows of a queryset, in a block that lasts as long as they do."""

    def __iter__(self) -> Iterator[Any]:
        current = loader.get()
        if isinstance(current, Loads) and current.is_open and current.is_batching:
            yield from super().__iter__()
            return
        block = batch_loading().__enter__()
        try:
            rows: list[Model] = list(super().__iter__())
        except BaseException:
            block._close()
            raise
        alias = rows[0]._state.db if rows else None
        if type(alias) is not FetchAlias:
            block._close()
        else:
            finalize(alias.fetch, block._close)
            # The patch that sees rows was not there when Django began to fetch them.
            block._see(rows)
        yield from rows
