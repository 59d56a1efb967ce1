"""Columns that ``only()`` or ``defer()`` left out, and what they mean for joins and prefetches."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from quell.introspection.relations import walk
from quell.loading.splitting import Split

_ModelT = TypeVar("_ModelT", bound=Model)


def joinable_paths(query: Any, parts: Split) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    Tell which joins a query takes, and which paths have to be prefetched instead.

    Django raises FieldError for a join over a column that is left out, and only when the query is evaluated.
    """
    mask = query.get_select_mask()
    joins, instead = [], []
    for join, path in zip(parts.joins, parts.joined_paths, strict=True):
        if _is_loaded(query.model, path, mask):
            joins.append(join)
        else:
            instead.append(path)
    return tuple(joins), tuple(instead)


def load_columns(queryset: QuerySet[_ModelT, _ModelT], names: Iterable[str]) -> QuerySet[_ModelT, _ModelT]:
    """Load columns of the root again that were left out: each row would fetch them on its own otherwise."""
    fields, is_deferring = queryset.query.deferred_loading
    if not fields:
        return queryset
    loaded = {field.name for field in queryset.query.get_select_mask()}
    missing = {name for name in names if not _is_key(queryset.model, name)} - loaded
    if not missing:
        return queryset
    if is_deferring:
        attnames = {queryset.model._meta.get_field(name).attname for name in missing}  # type: ignore[union-attr]
        return queryset.defer(None).defer(*sorted(set(fields) - missing - attnames))
    return queryset.only(*sorted({*fields, *missing}))


def _is_key(model: type[Model], name: str) -> bool:
    """Tell whether a field is a key of the row or of its parent, which is known without loading it."""
    return bool(getattr(model._meta.get_field(name), "primary_key", False))


def _is_loaded(model: type[Model], path: str, mask: Any) -> bool:
    for step in walk(model, path):
        if not mask:
            return True
        if step.field not in mask:
            return False
        mask = mask[step.field]
    return True
