"""Columns that a plan leaves out: in the query of the rows, in a join, or in the query of a prefetch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet

from quell.exceptions import UsageError
from quell.introspection.relations import Relation, walk
from quell.loading.splitting import Split
from quell.loading.values import closest, is_prefix, join_path, way_of

_ModelT = TypeVar("_ModelT", bound=Model)


@dataclass(frozen=True, slots=True)
class Deferred:
    """Columns, spelled for Django: those of ``defer()``, and those of each prefetched path."""

    own: tuple[str, ...]
    prefetched: tuple[tuple[str, tuple[str, ...]], ...]


def split_columns(paths: Iterable[str], model: type[Model], parts: Split) -> Deferred:
    """
    Tell where each column is to be left out, as far as the model and a plan tell.

    Raises:
        UsageError: If a path leads to no column, or to one by which rows are found.
    """
    own, prefetched = [], dict[str, list[str]]()
    for path in paths:
        way, column, steps = read_deferred(model, path)
        is_apart = any(is_prefix(way, item) for item in parts.prefetches) if way else False
        if is_apart or not all(step.hop.is_single and step.hop.kind != "generic" for step in steps):
            prefetched.setdefault(way, []).append(column)
        else:
            own.append("__".join([*(step.hop.query_name for step in steps), column]))
    return Deferred(tuple(own), tuple((way, tuple(names)) for way, names in sorted(prefetched.items())))


def defer(queryset: QuerySet[_ModelT, _ModelT], columns: Sequence[str]) -> QuerySet[_ModelT, _ModelT]:
    """Return the queryset without some columns, whether it names others or leaves some out itself."""
    names, is_deferring = queryset.query.deferred_loading
    if is_deferring:
        return queryset.defer(*columns)
    # Without its last name, Django would turn only() into its opposite, and leave out the key of a join.
    keys = {_key(queryset.model, way_of(name)) for name in columns if name in names}
    return queryset.only(*sorted((set(names) - set(columns)) | keys) or ("pk",))


def _key(model: type[Model], way: str) -> str:
    holder: Any = model
    for name in way.split("__") if way else ():
        holder = holder._meta.get_field(name).related_model
    return join_path(way, holder._meta.pk_fields[0].name)


def read_deferred(model: type[Model], path: str) -> tuple[str, str, tuple[Relation, ...]]:
    """
    Return the way to a column that is left out, its name, and the relations on the way.

    Raises:
        UsageError: If a path leads to no column, or to one by which rows are found.
    """
    way, _, name = path.rpartition("__")
    steps = walk(model, way) if way else ()
    holder = steps[-1].target if steps else model
    try:
        field: Any = holder._meta.get_field(name) if holder is not None else None
    except FieldDoesNotExist:
        field = None
    if field is None or not getattr(field, "concrete", False) or field.is_relation or field.primary_key:
        hint = closest(name, _names(holder)) if holder is not None else ""
        msg = f'defer="{path}" on {model._meta.label}: "{name}" is no column that can be left out{hint}'
        raise UsageError(msg)
    return way, field.name, steps


def _names(model: type[Model]) -> list[str]:
    fields = model._meta.concrete_fields
    return [field.name for field in fields if not (field.is_relation or field.primary_key)]
