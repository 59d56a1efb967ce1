"""Columns that a plan leaves out: in the query of the rows, in a join, or in the query of a prefetch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Prefetch, QuerySet

from quell.exceptions import UsageError
from quell.introspection.relations import Relation, walk
from quell.loading.splitting import Split
from quell.loading.values import is_prefix

_ModelT = TypeVar("_ModelT", bound=Model)
_Lookup: TypeAlias = "str | Prefetch[Any]"


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
        way, column, steps = _read(model, path)
        is_apart = any(is_prefix(way, item) for item in parts.prefetches) if way else False
        if is_apart or not all(step.hop.is_single and step.hop.kind != "generic" for step in steps):
            prefetched.setdefault(way, []).append(column)
        else:
            own.append("__".join([*(step.hop.query_name for step in steps), column]))
    return Deferred(tuple(own), tuple((way, tuple(names)) for way, names in sorted(prefetched.items())))


def leave_out(queryset: QuerySet[_ModelT, _ModelT], paths: Iterable[str]) -> QuerySet[_ModelT, _ModelT]:
    """
    Return the queryset without some columns of what it loads.

    Raises:
        UsageError: If a path leads to no column, or to one by which rows are found.
    """
    own, prefetched = [], dict[str, list[str]]()
    for path in paths:
        way, column, steps = _read(queryset.model, path)
        names = [step.hop.query_name for step in steps]
        if _is_joined(queryset.query.select_related, names):
            own.append("__".join([*names, column]))
        else:
            prefetched.setdefault(way, []).append(column)
    found = _defer(queryset, own) if own else queryset
    return _narrow(found, prefetched) if prefetched else found


def _read(model: type[Model], path: str) -> tuple[str, str, tuple[Relation, ...]]:
    way, _, name = path.rpartition("__")
    steps = walk(model, way) if way else ()
    holder = steps[-1].target if steps else model
    try:
        field: Any = holder._meta.get_field(name) if holder is not None else None
    except FieldDoesNotExist:
        field = None
    if field is None or not getattr(field, "concrete", False) or field.is_relation or field.primary_key:
        msg = f'defer="{path}" on {model._meta.label}: "{name}" is no column that can be left out'
        raise UsageError(msg)
    return way, field.name, steps


def _is_joined(joins: bool | Mapping[str, Any], names: Sequence[str]) -> bool:  # noqa: FBT001 -- Django's value
    for name in names:
        if not isinstance(joins, Mapping):
            return joins
        if name not in joins:
            return False
        joins = joins[name]
    return True


def _defer(queryset: QuerySet[_ModelT, _ModelT], columns: Sequence[str]) -> QuerySet[_ModelT, _ModelT]:
    names, is_deferring = queryset.query.deferred_loading
    if is_deferring:
        return queryset.defer(*columns)
    # Without its last name, Django would turn only() into its opposite.
    return queryset.only(*sorted(set(names) - set(columns)) or ("pk",))


def _narrow(
    queryset: QuerySet[_ModelT, _ModelT], columns: Mapping[str, Sequence[str]]
) -> QuerySet[_ModelT, _ModelT]:
    """Give prefetches that name a relation only a queryset without some columns; others have one already."""
    # The stubs leave the attribute out.
    lookups: list[_Lookup] = list(queryset._prefetch_related_lookups)  # type: ignore[attr-defined]
    for path in sorted(columns, key=lambda path: path.count("__")):
        names = [item if isinstance(item, str) else item.prefetch_to for item in lookups]
        position = next((at for at, name in enumerate(names) if is_prefix(path, name)), None)
        has_queryset = path in names and path not in lookups
        if position is None or has_queryset:
            continue
        last = walk(queryset.model, path)[-1]
        if last.target is None:
            continue
        rows = (last.target._base_manager if last.hop.is_single else last.target._default_manager).all()
        lookups.insert(position, Prefetch(path, queryset=rows.defer(*columns[path])))
        lookups = [item for item in lookups if item != path]
    return queryset.prefetch_related(None).prefetch_related(*lookups)
