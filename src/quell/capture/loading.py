"""Turn what a profile measured into plain, frozen records."""

from collections.abc import Iterable, Iterator

from quell.events import ColumnLoad, EagerLoad
from quell.exceptions import UsageError
from quell.introspection.relations import resolve_path
from quell.lineage.alias import FetchRecord
from quell.lineage.usage import Load, Usage


def eager_loads(usages: Iterable[Usage]) -> tuple[EagerLoad, ...]:
    """Return what the fetches loaded beforehand."""
    return tuple(_freeze_load(usage, load) for usage in usages for load in usage.loads.values())


def _freeze_load(usage: Usage, load: Load) -> EagerLoad:
    return EagerLoad(
        fetch=load.owner.number,
        path=load.path,
        by=load.by,
        to_attr=load.to_attr,
        model=usage.model._meta.label,
        is_by_hand=load.is_by_hand,
        is_bare=usage.is_bare,
        is_used=load.is_used,
        row_count=load.row_count,
        related_count=sum(related.row_count for related in load.related),
        byte_count=sum(related.byte_count for related in load.related),
        statements=tuple(sorted(load.statements)),
    )


def column_loads(usages: Iterable[Usage]) -> tuple[ColumnLoad, ...]:
    """Return the columns that could have been left out."""
    return tuple(
        column
        for usage in usages
        if usage.row_count and not usage.is_exact and not _is_behind_generic(usage.alias.fetch)
        for column in _freeze_columns(usage)
    )


def _freeze_columns(usage: Usage) -> Iterator[ColumnLoad]:
    total = usage.byte_count
    for column in usage.columns:
        if column.can_defer and column.is_sized:
            yield ColumnLoad(
                fetch=usage.alias.fetch.number,
                hops=usage.alias.hops,
                name=column.name,
                model=usage.model._meta.label,
                is_wide=column.is_wide,
                is_read=usage.is_read(column.name),
                is_touched=usage.is_touched,
                row_count=usage.row_count,
                byte_count=usage.sizes[column.name],
                row_byte_count=total,
            )


def _is_behind_generic(fetch: FetchRecord) -> bool:
    """Tell whether a generic foreign key leads to the rows: no one queryset loads them."""
    if not fetch.is_prefetch or fetch.instance_model is None:
        return False
    try:
        return resolve_path(fetch.instance_model, fetch.hops[0])[0].kind == "generic"
    except UsageError:
        return False
