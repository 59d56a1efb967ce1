"""Columns that ``only()`` or ``defer()`` left out, and what they mean for joins and prefetches."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from django.db.models import Model, QuerySet

from quell.introspection.relations import RelationField, walk
from quell.loading.splitting import Split

_ModelT = TypeVar("_ModelT", bound=Model)
# Field to the mask of the model behind it; an empty one means that everything is loaded.
_Mask: TypeAlias = Mapping[RelationField, "_Mask"]


def joinable_paths(queryset: QuerySet[Any, Any], parts: Split) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    Tell which joins a queryset takes, and which paths have to be prefetched instead.

    Django raises FieldError for a join over a column that is left out, but only on evaluation.
    """
    mask: Any = queryset.query.get_select_mask()
    joins, instead = [], []
    for join, path in zip(parts.joins, parts.joined_paths, strict=True):
        if _is_loaded(queryset.model, path, mask):
            joins.append(join)
        else:
            instead.append(path)
    return tuple(joins), tuple(instead)


def load_columns(queryset: QuerySet[_ModelT, _ModelT], paths: Iterable[str]) -> QuerySet[_ModelT, _ModelT]:
    """Load the columns again by which prefetched paths are followed, where they were left out."""
    names, is_deferring = queryset.query.deferred_loading
    mask: Any = queryset.query.get_select_mask()
    missing = {name: attname for path in paths for name, attname in _missing(queryset.model, path, mask)}
    if not missing:
        return queryset
    if is_deferring:
        return queryset.defer(None).defer(*sorted(set(names) - missing.keys() - set(missing.values())))
    return queryset.only(*sorted({*names, *missing}))


def _is_loaded(model: type[Model], path: str, mask: _Mask) -> bool:
    for step in walk(model, path):
        if not mask:
            return True
        if step.field not in mask:
            return False
        mask = mask[step.field]
    return True


def _missing(model: type[Model], path: str, mask: _Mask) -> Iterator[tuple[str, str]]:
    """Yield the columns that the hops of a path need and a mask leaves out, by name and by attribute."""
    prefix = ""
    current: type[Model] | None = model
    for step in walk(model, path):
        if not mask or current is None:
            return
        for name in step.hop.columns:
            field: RelationField = current._meta.get_field(name)
            # The key of a row, or of its parent, is known without loading it.
            if field not in mask and not field.primary_key:
                yield f"{prefix}{name}", f"{prefix}{field.attname}"
        mask = mask.get(step.field, {}) if step.hop.is_single else {}
        prefix = f"{prefix}{step.hop.query_name}__"
        current = step.target
