"""The hooks while a profile runs: what each fetch loads beforehand, row by row."""

import functools
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from django.db.models import Model
from django.db.models.sql.query import Query

from quell.guard import guarded
from quell.lineage.alias import FetchAlias
from quell.lineage.builders import BUILDER
from quell.lineage.hooks import Hooks, active, kinds
from quell.lineage.prefetches import Prefetched, cache_keys
from quell.lineage.recording import recorded_rows
from quell.lineage.usage import Load, Usage, usage_of


class Recorded:
    """How model classes come to record reads; ``_patches`` fills it in."""

    columns: Callable[[type[Model]], None]
    name: Callable[[type[Model], str], bool]


recorded = Recorded()


class Profiling(Hooks):
    """The hooks while a scope also measures what was loaded, and what of it is used."""

    __slots__ = ()

    def _begin_fetch(self, queryset: Any, alias: str) -> str:
        found = super()._begin_fetch(queryset, alias)
        if type(found) is FetchAlias:
            query = queryset._query
            is_exact = bool(query.distinct or query.combinator)
            found.usage = Usage(found, is_bare=query.select_related is True, is_exact=is_exact)
            found.usage.builder = query.__dict__.get(BUILDER)
        return found

    def populators(self, klass_info: dict[str, Any], select: Any, db: str, *rest: Any) -> list[Any]:
        """Build the populators of joined rows, and begin to measure: the rows of the fetch come next."""
        made = super().populators(klass_info, select, db, *rest)
        # Django calls this for each join, too, from the inside out.
        is_outermost = "local_setter" not in klass_info
        if is_outermost and type(db) is FetchAlias and db.usage is not None:
            guarded(self.switch_off, None, self._begin_usage, db.usage, made)
        return made

    def _begin_usage(self, usage: Usage, populators: list[Any]) -> None:
        recorded.columns(usage.model)
        for observer in self.observers:
            if observer.profile is not None:
                observer.profile.add(usage)
        joins = []
        for populator in populators:
            # select_related() of a FilteredRelation fills an attribute, and no cache.
            key = getattr(getattr(populator.local_setter, "__self__", None), "cache_name", None)
            alias = populator.db
            if key is None or type(alias) is not FetchAlias:
                continue
            inner = alias.usage = Usage(alias, is_bare=usage.is_bare, is_exact=usage.is_exact)
            load = usage.loads[key] = Load("join", alias.fetch, alias.hops)
            load.add(inner)
            joins.append((key, inner))
            self._begin_usage(inner, populator.related_populators)
        usage.joins = tuple(joins)

    def prefetch_one_level(self, *args: Any) -> Any:
        """Fill a prefetched relation, and note for which rows."""
        instances, _, lookup, level = args
        before = guarded(self.switch_off, frozenset[str](), cache_keys, instances[0])
        result = super().prefetch_one_level(*args)
        # Who called prefetch_related_objects().
        caller = sys._getframe(1).f_back
        guarded(self.switch_off, None, _note, instances, before, lookup, level, result, caller)
        return result


class ProfilingFilling(Profiling):
    """The same while Django fills a prefetched relation: the querysets that only hold its rows need no origin."""

    __slots__ = ()
    make_query = staticmethod(Query)


Profiling.filling = ProfilingFilling
kinds[True] = Profiling


def _note(
    instances: Any, before: frozenset[str], lookup: Any, level: int, result: Any, caller: FrameType | None
) -> None:
    found = Prefetched(instances, before, lookup, level, result)
    is_seen = not found.to_attr or recorded.name(type(instances[0]), found.to_attr)
    found.record(caller, is_seen=is_seen)


def wrap_rows(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``ModelIterable.__iter__``."""

    @functools.wraps(original)
    def rows(self: Any) -> Iterator[Model]:
        found: Iterator[Model] = original(self)
        return recorded_rows(found) if isinstance(active.get(None), Profiling) else found

    return rows


def wrap_reduce(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Model.__reduce__``: a pickle or a copy takes the whole row."""

    @functools.wraps(original)
    def reduce(self: Any) -> Any:
        usage = usage_of(self)
        if usage is not None:
            usage.use_everything()
        return original(self)

    return reduce
