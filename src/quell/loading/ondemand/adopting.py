"""Rows that no query of this process has loaded, or not under ``batch_loading()``, as one fetch."""

from collections.abc import Iterable, Sequence
from typing import TypeVar
from weakref import ref

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, QuerySet

from quell.lineage.alias import FetchAlias, begin, plain_alias
from quell.loading.ondemand.members import Instances

_SequenceT = TypeVar("_SequenceT", bound=Sequence[Model])


def adopt(instances: _SequenceT) -> _SequenceT:
    """
    Make rows peers of each other, such as those of a list from a cache or a pickle; return them.

    What is joined to them, or prefetched for them, becomes a fetch as well. Rows of several models or databases
    become one fetch each; rows that were never saved stay as they are.

    Cost: no query; one pass over the rows and what they hold.
    """
    _adopt(instances, set())
    return instances


def _adopt(instances: Iterable[Model], seen: set[int]) -> None:
    kinds: dict[tuple[type[Model], str], list[Model]] = {}
    for row in instances:
        if id(row) not in seen and row._state.db is not None:
            seen.add(id(row))
            kinds.setdefault((type(row), plain_alias(row._state.db or DEFAULT_DB_ALIAS)), []).append(row)
    for (model, database), rows in kinds.items():
        alias = begin(database, model, None)
        alias.fetch.members = Instances(list(map(ref, rows)))
        _mark(rows, alias, seen)


def _mark(rows: Sequence[Model], alias: FetchAlias, seen: set[int]) -> None:
    joined: dict[tuple[str, type[Model]], list[Model]] = {}
    prefetched: dict[str, list[Model]] = {}
    for row in rows:
        row._state.db = alias
        for name, related in row._state.fields_cache.items():
            if isinstance(related, Model) and id(related) not in seen and related._state.db is not None:
                seen.add(id(related))
                joined.setdefault((name, type(related)), []).append(related)
        # The stubs leave it out.
        held: dict[str, QuerySet[Model, Model]] = row.__dict__.get("_prefetched_objects_cache", {})
        for name, queryset in held.items():
            prefetched.setdefault(name, []).extend(queryset._result_cache or ())
    for (name, model), related_rows in joined.items():
        _mark(related_rows, alias.joined(name, model), seen)
    for children in prefetched.values():
        _adopt(children, seen)
