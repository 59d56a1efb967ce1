"""A plan put onto a queryset, beside whatever that already loads."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from django.apps import apps
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable, RawQuerySet

from quell.exceptions import PlanConflict, UsageError
from quell.loading.columns import joinable_paths, load_columns
from quell.loading.correlating import SubqueryKind, correlate, subquery
from quell.loading.deferring import defer
from quell.loading.lookups import arrange, check_free, followed_paths
from quell.loading.narrowing import Columns, Joins, Level, column_names, deferred_names, read_columns
from quell.loading.prefetching import ORIGIN, Lookup
from quell.loading.recipes import Recipe, apply_recipe, is_bare, read_recipe
from quell.loading.splitting import Split, split
from quell.loading.values import drop_covered, way_of

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan

_ModelT = TypeVar("_ModelT", bound=Model)


def apply(
    plan: "FetchPlan", queryset: QuerySet[_ModelT, _ModelT], *, keys: tuple[str, ...] = ()
) -> QuerySet[_ModelT, _ModelT]:
    """See ``FetchPlan.apply()``; ``keys`` are columns that are loaded whatever the plan names."""
    _check_type(queryset)
    if not plan:
        return queryset.all()
    _check_rows(queryset)
    _check_names(plan, queryset)
    if keys or not is_bare(queryset):
        return _annotate(plan, _add(plan, queryset, keys))
    return _annotate(plan, apply_recipe(plan, queryset, _recipe(plan, queryset.model, apps.ready)))


# Most querysets load nothing yet, and for these the same calls are made each time.
@lru_cache(maxsize=1024)
def _recipe(plan: "FetchPlan", model: type[Model], ready: bool) -> Recipe:  # noqa: FBT001 -- part of the key
    bare: QuerySet[Any, Any] = QuerySet(model)
    return read_recipe(_add(plan, bare, ()))


def _add(
    plan: "FetchPlan", queryset: QuerySet[_ModelT, _ModelT], keys: tuple[str, ...]
) -> QuerySet[_ModelT, _ModelT]:
    """Return the queryset with joins, columns and prefetches added to those that are there."""
    model = queryset.model
    parts = split(plan, model)
    columns = read_columns(model, plan.only or (), plan.defer)
    joins, instead = _possible_joins(queryset, parts)
    found = queryset.select_related(*joins) if joins else queryset.all()
    plain = drop_covered((*parts.prefetches, *instead))
    # An attribute that the stubs leave out, here and below.
    present: tuple[Lookup, ...] = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
    lookups = arrange(plan, model, parts, plain, columns, present, _joined(found))
    followed = followed_paths(model, lookups)
    found = _narrow(load_columns(found, followed), columns, followed, keys)
    # Two Prefetch objects of one path are equal to Django, whatever their querysets are.
    if list(map(id, lookups)) != list(map(id, present)):
        found = found.prefetch_related(None).prefetch_related(*lookups)
    return found


def apply_to_raw(plan: "FetchPlan", queryset: "RawQuerySet[_ModelT]") -> "RawQuerySet[_ModelT]":
    """Prefetch what a plan loads: SQL that somebody wrote takes neither joins nor columns."""
    model: type[Model] = queryset.model  # type: ignore[assignment]  # None only in the stubs
    names = [*plan.counts, *plan.exists]
    if names:
        msg = f"{', '.join(names)} cannot be added to raw SQL of {model._meta.label}: select it in the SQL"
        raise UsageError(msg)
    parts = split(plan, model)
    columns = read_columns(model, plan.only or (), plan.defer)
    plain = drop_covered((*parts.prefetches, *parts.joined_paths))
    present: tuple[Lookup, ...] = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
    lookups = arrange(plan, model, parts, plain, columns, present, {})
    return queryset.prefetch_related(None).prefetch_related(*lookups)


def _joined(queryset: QuerySet[Any, Any]) -> Joins:
    """Return what a queryset joins by name; what a bare ``select_related()`` joins has none."""
    joins = queryset.query.select_related
    return joins if isinstance(joins, Mapping) else {}


def _narrow(
    queryset: QuerySet[_ModelT, _ModelT], columns: Columns, followed: tuple[str, ...], keys: tuple[str, ...]
) -> QuerySet[_ModelT, _ModelT]:
    """Load the columns that a plan names, and those that the queryset needs beside them."""
    query = queryset.query
    if query.select_related is True:
        # Its joins have no names, so their columns have none either.
        columns = columns.without_names()
    level = Level(
        model=queryset.model,
        joins=_joined(queryset),
        followed=followed,
        keys=keys,
        mask=query.get_select_mask(),
        is_immediate=not query.deferred_loading[1],
    )
    names = column_names(columns, level)
    if names:
        # Without the first call, Django would keep out what the queryset left out.
        return queryset.defer(None).only(*names)
    left_out = deferred_names(columns, level)
    return defer(queryset, left_out) if left_out else queryset


def _check_type(queryset: object) -> None:
    if not isinstance(queryset, QuerySet):
        msg = f"apply() takes a queryset, not {type(queryset).__name__}; of a manager, take .all()"
        raise UsageError(msg)


def _check_rows(queryset: QuerySet[Any, Any]) -> None:
    label = queryset.model._meta.label
    if queryset.query.combinator:
        msg = (
            f"a {queryset.query.combinator}() of {label} cannot load relations, as Django allows no change; "
            "apply the plan to each of its querysets, or join their conditions with Q objects"
        )
        raise UsageError(msg)
    if not issubclass(queryset._iterable_class, ModelIterable):
        msg = (
            f"values() and values_list() of {label} return no instances that could hold related rows; "
            "apply the plan before them, or name the related columns in values()"
        )
        raise UsageError(msg)


def _check_names(plan: "FetchPlan", queryset: QuerySet[Any, Any]) -> None:
    """Refuse a name that the queryset gives to a column and the plan to a list of rows, or the other way round."""
    columns = {*queryset.query.annotations, *queryset.query.extra}
    # The stubs leave the attribute out.
    present: tuple[Lookup, ...] = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
    lists = {item.prefetch_to for item in present if not isinstance(item, str)}
    own = {name: path for name, (path, *_) in plan.filters.items()}
    own |= {name: limit.path for name, limit in plan.limits.items()}
    taken = {name for name, path in own.items() if not way_of(path)} & columns
    taken |= {*plan.counts, *plan.exists} & {*lists, *queryset.query.extra}
    if taken:
        names = ", ".join(f'"{name}"' for name in sorted(taken))
        msg = f"the queryset of {queryset.model._meta.label} uses {names} for something else: rename one"
        raise PlanConflict(msg)


def _possible_joins(queryset: QuerySet[Any, Any], parts: Split) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the joins to add, and the paths that have to be prefetched instead."""
    query = queryset.query
    # A join would lock rows that nobody asked to lock, and PostgreSQL refuses to lock those of an outer join.
    is_locking = query.select_for_update and not query.select_for_update_of
    # A named join would end a bare select_related(). What that joins needs no prefetch, and gets none.
    if is_locking or query.select_related is True:
        return (), parts.joined_paths
    return joinable_paths(queryset, parts)


def _annotate(plan: "FetchPlan", queryset: QuerySet[_ModelT, _ModelT]) -> QuerySet[_ModelT, _ModelT]:
    wanted: dict[str, tuple[SubqueryKind, str]] = {
        **{name: ("count", path) for name, path in plan.counts.items()},
        **{name: ("exists", path) for name, path in plan.exists.items()},
    }
    new = {name: wanted[name] for name in wanted if not _is_annotated(queryset, name, wanted[name])}
    if not new:
        return queryset
    model = queryset.model
    annotations = {name: subquery(correlate(model, path, name), kind) for name, (kind, path) in new.items()}
    found: QuerySet[_ModelT, _ModelT] = queryset.annotate(**annotations)
    for name, origin in new.items():
        # On what Django made of the expression: resolving may have replaced it by its query.
        setattr(found.query.annotations[name], ORIGIN, origin)
    return found


def _is_annotated(queryset: QuerySet[Any, Any], name: str, origin: tuple[SubqueryKind, str]) -> bool:
    present = queryset.query.annotations.get(name)
    if present is None:
        check_free(queryset.model, name)
        return False
    if getattr(present, ORIGIN, None) == origin:
        return True
    msg = f'the queryset of {queryset.model._meta.label} annotates something else as "{name}": rename one'
    raise PlanConflict(msg)
