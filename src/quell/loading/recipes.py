"""The calls that put a plan onto a queryset which loads nothing yet: found once, made for each queryset."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from django.db.models import Model, QuerySet

from quell.loading.lookups import named_prefetches
from quell.loading.prefetching import Lookup, Rows, is_ours, prefetch_of, rows_of

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan

_ModelT = TypeVar("_ModelT", bound=Model)


@dataclass(frozen=True, slots=True)
class Named:
    """A prefetch with an attribute of its own."""

    path: str


_Step: TypeAlias = str | Rows | Named


@dataclass(frozen=True, slots=True)
class Recipe:
    """What ``select_related()``, ``only()`` or ``defer()``, and ``prefetch_related()`` are called with."""

    joins: tuple[str, ...]
    columns: tuple[str, ...]
    is_deferring: bool
    lookups: tuple[_Step, ...]


def is_bare(queryset: QuerySet[Any, Any]) -> bool:
    """Tell whether a queryset has no joins, columns, locks and prefetches of its own."""
    query = queryset.query
    # The stubs leave the attribute out.
    lookups = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
    has_columns = bool(query.deferred_loading[0]) or not query.deferred_loading[1]
    return not (query.select_related or lookups or has_columns or query.select_for_update)


def read_recipe(queryset: QuerySet[Any, Any]) -> Recipe:
    """Return what was called on a bare queryset."""
    names, is_deferring = queryset.query.deferred_loading
    joins = queryset.query.select_related
    # The stubs leave the attribute out.
    lookups: tuple[Lookup, ...] = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
    return Recipe(
        tuple(_paths(joins)) if isinstance(joins, Mapping) else (),
        tuple(sorted(names)),
        is_deferring,
        tuple(_step(lookup) for lookup in lookups),
    )


def _paths(joins: Mapping[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name, inner in joins.items():
        found += _paths(inner, f"{prefix}{name}__") if inner else [f"{prefix}{name}"]
    return found


def _step(lookup: Lookup) -> _Step:
    if isinstance(lookup, str):
        return lookup
    return rows_of(lookup) if is_ours(lookup) else Named(lookup.prefetch_to)


def apply_recipe(
    plan: "FetchPlan", queryset: QuerySet[_ModelT, _ModelT], recipe: Recipe
) -> QuerySet[_ModelT, _ModelT]:
    """
    Make the calls.

    Prefetches are built anew: Django changes the hints of their querysets, and a manager may choose rows by the
    thread that asks.
    """
    found = queryset.select_related(*recipe.joins) if recipe.joins else queryset.all()
    if recipe.columns:
        found = (found.defer if recipe.is_deferring else found.only)(*recipe.columns)
    if not recipe.lookups:
        return found
    model = queryset.model
    named = {item.prefetch_to: item for item in named_prefetches(plan, model, ())}
    return found.prefetch_related(*(_lookup(model, step, named) for step in recipe.lookups))


def _lookup(model: type[Model], step: _Step, named: Mapping[str, Lookup]) -> Lookup:
    if isinstance(step, Rows):
        return prefetch_of(model, step)
    return named[step.path] if isinstance(step, Named) else step
