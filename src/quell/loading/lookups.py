"""The lookups of ``prefetch_related()`` that a plan adds to those that are there."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from inspect import getattr_static
from typing import TYPE_CHECKING, Any

from django.db.models import Model, Prefetch, QuerySet

from quell.exceptions import PlanConflict, UsageError
from quell.introspection.relations import walk
from quell.loading.limiting import Limit, check_relation, folded, limited
from quell.loading.narrowing import Columns, Joins, incoming, joined_paths
from quell.loading.prefetching import ORIGIN, Lookup, add_rows, is_ours, prefetched_rows, related_rows
from quell.loading.splitting import Split
from quell.loading.values import drop_covered, is_covered, join_path, prefixes, read_filters, way_of

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan


def arrange(
    plan: "FetchPlan",
    model: type[Model],
    parts: Split,
    plain: Sequence[str],
    columns: Columns,
    present: Sequence[Lookup],
    joins: Joins,
) -> list[Lookup]:
    """
    Return all lookups of a queryset, in an order that Django accepts.

    Args:
        plan: What to load.
        model: The root.
        parts: The paths of the plan.
        plain: Its paths that are prefetched.
        columns: Its columns.
        present: The lookups of the queryset, which stay.
        joins: What the queryset joins, those of the plan included.

    Raises:
        UsageError: If a name is taken, or a relation has no such rows.
        PlanConflict: If the queryset prefetches something else by a name of the plan.
    """
    foreign = {item.prefetch_to for item in present if not isinstance(item, str) and not is_ours(item)}
    nested = {path: tails for path, tails in parts.nested if path not in foreign}
    tails = (f"{path}__{tail}" for path, found in parts.nested if path in foreign for tail, _ in found)
    own = {item if isinstance(item, str) else item.prefetch_to for item in present}
    strings = [path for path in drop_covered((*plain, *tails)) if not is_covered(path, own)]
    lookups = [*present, *named_prefetches(plan, model, present), *strings]
    followed = (*followed_paths(model, lookups), *nested)
    rows = prefetched_rows(
        model, (*_levels(model, lookups), *nested), followed, joined_paths(model, joins), nested, columns
    )
    return add_rows(model, lookups, rows)


def followed_paths(model: type[Model], lookups: Iterable[Lookup]) -> tuple[str, ...]:
    """Return the relations that lookups follow; what is behind the attribute of a ``Prefetch`` hangs on its rows."""
    paths = (item if isinstance(item, str) else item.prefetch_through for item in lookups)
    return tuple(path for path in (_known(model, path) for path in paths) if path)


def _levels(model: type[Model], lookups: Iterable[Lookup]) -> tuple[str, ...]:
    """Return the paths whose rows go where the relation itself keeps them."""
    own = ((item if isinstance(item, str) else item.prefetch_through, item) for item in lookups)
    paths = (way_of(way) if isinstance(item, Prefetch) and item.to_attr else way for way, item in own)
    return tuple(path for path in (_known(model, path) for path in paths) if path)


def _known(model: type[Model], path: str) -> str:
    """Return the part of a path that relations lead along."""
    for way in reversed(prefixes(path)) if path else ():
        try:
            walk(model, way)
        except UsageError:
            continue
        return way
    return ""


def named_prefetches(
    plan: "FetchPlan", model: type[Model], present: Sequence[Lookup]
) -> Iterator["Prefetch[Any]"]:
    """Yield the prefetches of a plan that have an attribute of their own, and are not there yet."""
    attributes = {item if isinstance(item, str) else item.prefetch_to: item for item in present}
    origin: tuple[object, ...]
    for item in read_filters(plan.filters):
        origin = (item.path, item.condition, item.ordering)
        if not _is_present(model, item.name, item.path, origin, attributes):
            rows = related_rows(model, item.path).filter(item.condition)
            rows = rows.order_by(*item.ordering) if item.ordering else rows
            yield _marked(Prefetch(item.path, queryset=rows, to_attr=item.name), origin)
    for name, limit in plan.limits.items():
        origin = ("limit", limit.path, limit.count, limit.ordering, repr(limit.plan))
        if not _is_present(model, name, limit.path, origin, attributes):
            rows = _first_rows(model, name, limit)
            yield _marked(Prefetch(limit.path, queryset=rows, to_attr=name), origin)


def _first_rows(model: type[Model], name: str, limit: Limit) -> QuerySet[Any, Any]:
    from quell.loading.applying import apply

    last = walk(model, limit.path)[-1]
    check_relation(model, name, limit, last)
    rows = folded(related_rows(model, limit.path))
    if limit.plan is not None:
        rows = apply(limit.plan, rows, keys=incoming(last))
    return limited(rows, limit, last)


def _marked(lookup: "Prefetch[Any]", origin: tuple[object, ...]) -> "Prefetch[Any]":
    setattr(lookup, ORIGIN, origin)
    return lookup


def _is_present(
    model: type[Model], name: str, path: str, origin: tuple[object, ...], present: Mapping[str, Lookup]
) -> bool:
    attribute = join_path(way_of(path), name)
    if attribute not in present:
        holder = walk(model, way_of(path))[-1].target if way_of(path) else model
        if holder is not None:
            check_free(holder, name)
        return False
    if getattr(present[attribute], ORIGIN, None) == origin:
        return True
    msg = f'the queryset of {model._meta.label} prefetches something else to "{attribute}": rename one'
    raise PlanConflict(msg)


def check_free(model: type[Model], name: str) -> None:
    """
    Refuse a name that would hide a field or a method; a cached property or a default may be filled in.

    Raises:
        UsageError: If the model has the name already.
    """
    attribute = getattr_static(model, name, None)
    is_read_only = isinstance(attribute, property) and attribute.fset is None
    if is_read_only or callable(attribute) or name in _field_names(model):
        msg = f'{model._meta.label} has an attribute "{name}" already: choose another name for the result'
        raise UsageError(msg)


def _field_names(model: type[Model]) -> Collection[str]:
    fields: list[Any] = model._meta.get_fields()
    accessors = (field.get_accessor_name() for field in fields if hasattr(field, "get_accessor_name"))
    return {*accessors, *(getattr(field, key, None) for field in fields for key in ("name", "attname"))}
