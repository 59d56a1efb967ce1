"""Batching for the rows of one origin, whose calls on related managers no plan answers."""

from collections.abc import Iterator
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.db.models.query import ModelIterable

from quell.loading.ondemand.querysets import BatchedIterable

_QuerySetT = TypeVar("_QuerySetT", bound=QuerySet[Any, Any])


def batched(queryset: _QuerySetT) -> _QuerySetT:
    """Let the rows of a queryset batch what they ask for, for as long as they live; other rows load as ever."""
    queryset._iterable_class = OriginIterable
    return queryset


class OriginIterable(BatchedIterable):
    """The rows of a queryset that batches, though nobody wrote so: whoever asks for chunks gets no more in memory."""

    def __iter__(self) -> Iterator[Any]:
        yield from ModelIterable.__iter__(self) if self.chunked_fetch else super().__iter__()
