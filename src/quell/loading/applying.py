"""A plan put onto a queryset, beside whatever that already loads."""

from collections.abc import Collection, Mapping, Sequence
from inspect import getattr_static
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from django.db.models import Model, Prefetch, QuerySet
from django.db.models.query import ModelIterable, RawQuerySet

from quell.exceptions import PlanConflict, UsageError
from quell.introspection.relations import walk
from quell.loading.columns import joinable_paths, load_columns
from quell.loading.correlating import SubqueryKind, correlate, subquery
from quell.loading.deferring import leave_out
from quell.loading.splitting import Split, split
from quell.loading.values import Filter, drop_covered, is_covered, read_filters

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan

_ModelT = TypeVar("_ModelT", bound=Model)
_Lookup: TypeAlias = "str | Prefetch[Any]"

# What an annotation or a Prefetch was made from, so that applying a plan twice is no conflict. It is plain
# data under a neutral name: querysets are pickled, and a pickle holds nothing of quell.
_ORIGIN = "declared_as"


def apply(plan: "FetchPlan", queryset: QuerySet[_ModelT, _ModelT]) -> QuerySet[_ModelT, _ModelT]:
    """See ``FetchPlan.apply()``."""
    _check_type(queryset)
    if not plan:
        return queryset.all()
    _check_rows(queryset)
    model = queryset.model
    parts = split(plan, model)
    joins, instead = _possible_joins(queryset, parts)
    plain = drop_covered((*parts.prefetches, *instead))
    found = queryset.select_related(*joins) if joins else queryset.all()
    found = load_columns(found, (*plain, *(path for path, _ in parts.nested), *_filtered_paths(plan)))
    # An attribute that the stubs leave out, here and below.
    present: tuple[_Lookup, ...] = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
    lookups = _new_lookups(plan, parts, plain, model, present)
    found = _annotate(plan, found.prefetch_related(*lookups))
    return leave_out(found, plan.defer) if plan.defer else found


def apply_to_raw(plan: "FetchPlan", queryset: "RawQuerySet[_ModelT]") -> "RawQuerySet[_ModelT]":
    """Prefetch what a plan loads: SQL that somebody wrote takes neither joins nor columns."""
    model: type[Model] = queryset.model  # type: ignore[assignment]  # None only in the stubs
    names = [*plan.counts, *plan.exists]
    if names:
        msg = f"{', '.join(names)} cannot be added to raw SQL of {model._meta.label}: select it in the SQL"
        raise UsageError(msg)
    parts = split(plan, model)
    plain = drop_covered((*parts.prefetches, *parts.joined_paths))
    present: tuple[_Lookup, ...] = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
    return queryset.prefetch_related(*_new_lookups(plan, parts, plain, model, present))


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


def _possible_joins(queryset: QuerySet[Any, Any], parts: Split) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the joins to add, and the paths that have to be prefetched instead."""
    query = queryset.query
    # A join would lock rows that nobody asked to lock, and PostgreSQL refuses to lock those of an outer join.
    is_locking = query.select_for_update and not query.select_for_update_of
    # A named join would end a bare select_related(). What that joins needs no prefetch, and gets none.
    if is_locking or query.select_related is True:
        return (), parts.joined_paths
    return joinable_paths(queryset, parts)


def _filtered_paths(plan: "FetchPlan") -> tuple[str, ...]:
    return tuple(spec[0] for spec in plan.filters.values())


def _new_lookups(
    plan: "FetchPlan", parts: Split, plain: Sequence[str], model: type[Model], lookups: Sequence[_Lookup]
) -> list[_Lookup]:
    """Return the lookups to append: those with a queryset come first, outer ones before inner ones."""
    present = {item if isinstance(item, str) else item.prefetch_to: item for item in lookups}
    new: list[_Lookup] = []
    rest = list(plain)
    for path, tails in sorted(parts.nested, key=lambda item: item[0].count("__")):
        if is_covered(path, present):
            rest += [f"{path}__{tail}" for tail, _ in tails]
        else:
            rows = _related_rows(model, path).select_related(*(join for _, join in tails))
            new.append(Prefetch(path, queryset=rows))
    new += [
        _filtered(model, item) for item in read_filters(plan.filters) if not _is_present(item, present, model)
    ]
    return new + [path for path in drop_covered(rest) if not is_covered(path, present)]


def _related_rows(model: type[Model], path: str) -> QuerySet[Any, Any]:
    """Return the rows that Django would prefetch: of the base manager forward, else of the default one."""
    last = walk(model, path)[-1]
    if last.target is None:
        msg = f'"{path}" on {model._meta.label} leads to several tables, so its rows have no one condition'
        raise UsageError(msg)
    manager = last.target._base_manager if last.hop.is_single else last.target._default_manager
    return manager.all()


def _is_present(item: Filter, present: Mapping[str, _Lookup], model: type[Model]) -> bool:
    attribute = _attribute(item)
    if attribute not in present:
        return False
    if getattr(present[attribute], _ORIGIN, None) == _origin(item):
        return True
    msg = f'the queryset of {model._meta.label} prefetches something else to "{attribute}": rename one'
    raise PlanConflict(msg)


def _filtered(model: type[Model], item: Filter) -> "Prefetch[Any]":
    way = item.path.rpartition("__")[0]
    holder = walk(model, way)[-1].target if way else model
    if holder is not None:
        _check_free(holder, item.name)
    rows = _related_rows(model, item.path).filter(item.condition)
    rows = rows.order_by(*item.ordering) if item.ordering else rows
    found = Prefetch(item.path, queryset=rows, to_attr=item.name)
    setattr(found, _ORIGIN, _origin(item))
    return found


def _attribute(item: Filter) -> str:
    way, separator, _ = item.path.rpartition("__")
    return f"{way}{separator}{item.name}"


def _origin(item: Filter) -> tuple[object, ...]:
    return item.path, item.condition, item.ordering


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
        setattr(found.query.annotations[name], _ORIGIN, origin)
    return found


def _is_annotated(queryset: QuerySet[Any, Any], name: str, origin: tuple[SubqueryKind, str]) -> bool:
    present = queryset.query.annotations.get(name)
    if present is None:
        _check_free(queryset.model, name)
        return False
    if getattr(present, _ORIGIN, None) == origin:
        return True
    msg = f'the queryset of {queryset.model._meta.label} annotates something else as "{name}": rename one'
    raise PlanConflict(msg)


def _check_free(model: type[Model], name: str) -> None:
    """Refuse a name that would hide a field or a method; a cached property or a default may be filled in."""
    attribute = getattr_static(model, name, None)
    is_read_only = isinstance(attribute, property) and attribute.fset is None
    if is_read_only or callable(attribute) or name in _field_names(model):
        msg = f'{model._meta.label} has an attribute "{name}" already: choose another name for the result'
        raise UsageError(msg)


def _field_names(model: type[Model]) -> Collection[str]:
    fields: list[Any] = model._meta.get_fields()
    accessors = (field.get_accessor_name() for field in fields if hasattr(field, "get_accessor_name"))
    return {*accessors, *(getattr(field, key, None) for field in fields for key in ("name", "attname"))}
