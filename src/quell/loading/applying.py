"""A plan put onto a queryset, beside whatever that already loads."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from django.db.models import Model, Prefetch, QuerySet
from django.db.models.query import ModelIterable, RawQuerySet

from quell.exceptions import PlanConflict, UsageError
from quell.introspection.relations import resolve_path, walk
from quell.loading.columns import joinable_paths, load_columns
from quell.loading.correlating import SubqueryKind, correlate, subquery
from quell.loading.splitting import Split, split
from quell.loading.values import Filter, drop_covered, is_prefix

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan

_ModelT = TypeVar("_ModelT", bound=Model)
Lookup: TypeAlias = "str | Prefetch[Any]"
Source: TypeAlias = "QuerySet[Any, Any] | RawQuerySet[Any]"

# What an annotation or a Prefetch was made of, so that applying a plan twice is no conflict. Plain data and a
# neutral name: querysets are pickled, and a pickle holds nothing of quell.
_ORIGIN = "declared_as"


def apply(plan: "FetchPlan", queryset: QuerySet[_ModelT, _ModelT]) -> QuerySet[_ModelT, _ModelT]:
    """See ``FetchPlan.apply()``."""
    if not isinstance(queryset, QuerySet):
        msg = f"apply() takes a queryset, not {type(queryset).__name__}; a manager has one in .all()"
        raise UsageError(msg)
    if not plan:
        return queryset.all()
    _check(queryset)
    parts = split(plan, queryset.model)
    joins, instead = _possible_joins(queryset, parts)
    clone = queryset.all()
    if joins:
        clone = clone.select_related(*joins)
    lookups = drop_covered((*parts.prefetches, *instead))
    clone = load_columns(clone, _needed_columns(queryset.model, (*lookups, *(path for path, _ in parts.nested))))
    clone = clone.prefetch_related(*_new_lookups(plan, parts, lookups, queryset))
    return _annotate(plan, clone)


def apply_to_raw(plan: "FetchPlan", queryset: "RawQuerySet[_ModelT]") -> "RawQuerySet[_ModelT]":
    """Prefetch what a plan loads; SQL that somebody wrote takes neither joins nor columns."""
    names = sorted({*plan.counts, *plan.exists})
    model: type[_ModelT] = queryset.model
    if names:
        msg = f"{', '.join(names)} cannot be added to raw SQL of {model._meta.label}; select it in the SQL"
        raise UsageError(msg)
    if not plan:
        return queryset.prefetch_related()
    parts = split(plan, model)
    lookups = drop_covered((*parts.prefetches, *parts.joined_paths))
    return queryset.prefetch_related(*_new_lookups(plan, parts, lookups, queryset))


def _check(queryset: QuerySet[Any, Any]) -> None:
    label = queryset.model._meta.label
    if queryset.query.combinator:
        msg = (
            f"a {queryset.query.combinator}() of {label} cannot load relations, as Django refuses to change it; "
            "apply the plan to each of its querysets, or filter with Q objects instead"
        )
        raise UsageError(msg)
    if queryset._fields is not None or not issubclass(queryset._iterable_class, ModelIterable):
        msg = (
            f"values() and values_list() of {label} return no instances, so there is nothing to load relations onto; "
            "apply the plan before them, or name the columns in values()"
        )
        raise UsageError(msg)


def _possible_joins(queryset: QuerySet[Any, Any], parts: Split) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the joins to add, and the paths that have to be prefetched instead."""
    query = queryset.query
    locks = query.select_for_update and not query.select_for_update_of
    # A join would end a bare select_related(), and would lock rows that the queryset did not ask to lock.
    # What is joined already costs no query: a prefetch skips relations that are there.
    if query.select_related is True or locks:
        return (), parts.joined_paths
    return joinable_paths(query, parts)


def _needed_columns(model: type[Model], lookups: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({column for path in lookups for column in resolve_path(model, path)[0].columns}))


def _new_lookups(
    plan: "FetchPlan",
    parts: Split,
    lookups: Sequence[str],
    queryset: Source,
) -> list[Lookup]:
    """Order matters to Django: a lookup with a queryset has to come before every plain one through it."""
    present = _present(queryset)
    plain = list(lookups)
    new: list[Lookup] = []
    for path, joins in sorted(parts.nested, key=lambda item: item[0].count("__")):
        if any(is_prefix(path, other) for other in present):
            plain += [f"{path}__{join}" for join in joins]
        else:
            new.append(Prefetch(path, queryset=_related_rows(queryset.model, path).select_related(*joins)))
    for item in plan.filters:
        added = _filtered(queryset.model, Filter.of(item, *plan.filters[item]), present)
        new += [added] if added is not None else []
    return [*new, *(path for path in drop_covered(plain) if not any(is_prefix(path, other) for other in present))]


def _present(queryset: Source) -> dict[str, Lookup]:
    lookups: tuple[Lookup, ...] = queryset._prefetch_related_lookups  # type: ignore[union-attr]
    return {item if isinstance(item, str) else item.prefetch_to: item for item in lookups}


def _related_rows(model: type[Model], path: str) -> QuerySet[Any, Any]:
    """Return what Django itself would prefetch: all rows of the base manager forward, else of the default one."""
    last = walk(model, path)[-1]
    if last.target is None:
        msg = f'"{path}" on {model._meta.label} leads to several tables, so it has no one queryset to filter'
        raise UsageError(msg)
    manager = last.target._base_manager if last.hop.is_single else last.target._default_manager
    return manager.all()


def _filtered(model: type[Model], item: Filter, present: dict[str, Lookup]) -> "Prefetch[Any] | None":
    *leading, _ = item.path.split("__")
    attribute = "__".join((*leading, item.name))
    origin = (item.path, item.condition, item.ordering)
    if attribute in present:
        if getattr(present[attribute], _ORIGIN, None) == origin:
            return None
        msg = f'the queryset of {model._meta.label} already prefetches something else to "{attribute}": rename one'
        raise PlanConflict(msg)
    holder = walk(model, "__".join(leading))[-1].target if leading else model
    _check_free(holder or model, item.name)
    rows = _related_rows(model, item.path).filter(item.condition)
    found = Prefetch(item.path, queryset=rows.order_by(*item.ordering) if item.ordering else rows, to_attr=item.name)
    setattr(found, _ORIGIN, origin)
    return found


def _check_free(model: type[Model], name: str) -> None:
    if hasattr(model, name):
        msg = f'{model._meta.label} already has an attribute "{name}": choose another name for the result'
        raise UsageError(msg)


def _annotate(plan: "FetchPlan", queryset: QuerySet[_ModelT, _ModelT]) -> QuerySet[_ModelT, _ModelT]:
    wanted: dict[str, tuple[SubqueryKind, str]] = {
        **{name: ("count", path) for name, path in plan.counts.items()},
        **{name: ("exists", path) for name, path in plan.exists.items()},
    }
    model = queryset.model
    present = queryset.query.annotations
    for name, origin in wanted.items():
        if name not in present:
            _check_free(model, name)
        elif getattr(present[name], _ORIGIN, None) != origin:
            msg = f'the queryset of {model._meta.label} already annotates something else as "{name}": rename one'
            raise PlanConflict(msg)
    new = {name: origin for name, origin in wanted.items() if name not in present}
    if not new:
        return queryset
    annotations: dict[str, Any] = {
        name: subquery(correlate(model, path, f'"{name}"'), kind) for name, (kind, path) in new.items()
    }
    found = queryset.annotate(**annotations)
    for name, origin in new.items():
        # On what Django made of it: resolving may replace the expression by its query.
        setattr(found.query.annotations[name], _ORIGIN, origin)
    return found
