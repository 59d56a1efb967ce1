"""Who asked for a prefetched relation, and what notes its use."""

from collections.abc import Sequence
from types import FrameType
from typing import Any

from django.db.models import Model

from quell.lineage.alias import FetchAlias, FetchRecord
from quell.lineage.recording import RecordingCache
from quell.lineage.usage import Load, Usage, usage_of
from quell.lineage.usercode import is_user_file


def cache_keys(row: Model) -> frozenset[str]:
    """Return the names of the relations that a row holds, before a prefetch adds its own."""
    return frozenset((*row._state.fields_cache, *getattr(row, "_prefetched_objects_cache", ())))


class Prefetched:
    """One relation that Django has just filled for some rows."""

    def __init__(
        self, rows: Sequence[Model], before: frozenset[str], lookup: Any, level: int, result: Any
    ) -> None:
        self._rows = rows
        self._level = level
        self._to = lookup.prefetch_to.split("__")
        self._through = lookup.prefetch_through.split("__")
        name, is_attribute = lookup.get_current_to_attr(level)
        self.to_attr: str = name if is_attribute else ""
        self._related, self._inner = result
        self._keys = cache_keys(rows[0]) - before

    def record(self, caller: FrameType | None, *, is_seen: bool) -> None:
        """
        Note the relation for each of the rows.

        Args:
            caller: Who called ``prefetch_related_objects()``.
            is_seen: Whether uses can be seen; else it counts as used.
        """
        inner = [usage for usage in _usages(self._related) if usage is not None]
        self._keep_inner_lookups(inner)
        is_by_hand = caller is not None and is_user_file(caller.f_code.co_filename)
        key = self.to_attr or next(iter(self._keys), "")
        if not key:
            return
        for row in self._rows:
            usage = usage_of(row)
            if usage is not None:
                load = usage.loads.get(key)
                if load is None:
                    load = self._new_load(usage, is_by_hand=is_by_hand)
                    if load is None:
                        continue
                    usage.loads[key] = load
                    load.is_used = not is_seen
                for item in inner:
                    load.add(item)
                load.row_count += 1
                self._watch(row, usage)

    def _new_load(self, usage: Usage, *, is_by_hand: bool) -> Load | None:
        found = self._declared_on(usage.alias)
        if found is None:
            return None
        owner, base = found
        load = Load("prefetch", owner, tuple(self._through[base : self._level + 1]))
        load.to_attr = self.to_attr
        load.is_by_hand = is_by_hand
        return load

    def _declared_on(self, alias: FetchAlias) -> tuple[FetchRecord, int] | None:
        """Climb to the queryset that brought the lookup: the outermost one, or that of a ``Prefetch`` on the way."""
        base = self._level
        while True:
            base -= len(alias.hops)
            fetch = alias.fetch
            if base <= 0:
                return (fetch, 0) if base == 0 else None
            if "__".join(self._to[base:]) in fetch.inner_lookups:
                return fetch, base
            if fetch.parent is None:
                return None
            base -= len(fetch.hops)
            alias = fetch.parent

    def _keep_inner_lookups(self, inner: Sequence[Usage]) -> None:
        names = frozenset(item if isinstance(item, str) else item.prefetch_to for item in self._inner)
        if names:
            for usage in inner:
                usage.alias.fetch.inner_lookups |= names

    def _watch(self, row: Model, usage: Usage) -> None:
        if self.to_attr:
            return
        cache = row._state.fields_cache
        if self._keys & cache.keys() and type(cache) is not RecordingCache:
            row._state.fields_cache = RecordingCache.over(cache, usage.loads)
        # The stubs leave it out.
        found: Any = row.__dict__.get("_prefetched_objects_cache")
        if found and type(found) is not RecordingCache:
            row.__dict__["_prefetched_objects_cache"] = RecordingCache.over(found, usage.loads)


def _usages(rows: Sequence[Model]) -> Sequence[Usage | None]:
    return list({id(usage): usage for usage in map(usage_of, rows)}.values())
