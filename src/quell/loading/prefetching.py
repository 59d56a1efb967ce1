"""The queryset of each prefetch that a plan joins to, or whose columns it names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from django.db.models import Model, Prefetch, QuerySet

from quell.exceptions import UsageError
from quell.introspection.relations import walk
from quell.loading.narrowing import Columns, Joins, Level, column_names, deferred_names, incoming
from quell.loading.values import drop_covered, is_prefix, prefixes

Lookup: TypeAlias = "str | Prefetch[Any]"
# What an annotation or a Prefetch was made from, so that applying a plan twice is no conflict. It is plain
# data under a neutral name: querysets are pickled, and a pickle holds nothing of quell.
ORIGIN = "declared_as"
_ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Rows:
    """
    The queryset of a prefetch, spelled for Django.

    ``only`` is empty where all columns are loaded.
    """

    path: str
    joins: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    defer: tuple[str, ...] = ()

    @property
    def origin(self) -> tuple[object, ...]:
        """Return it as plain data."""
        return _ROWS, self.joins, self.only, self.defer

    def merge(self, other: "Rows") -> "Rows":
        """Return what loads what either loads."""
        both = self.only and other.only
        names = {*self.only, *other.only} if both else set()
        return Rows(
            self.path,
            drop_covered((*self.joins, *other.joins)),
            tuple(sorted(name for name in names if not _is_within(name, names))),
            tuple(sorted({*self.defer} & {*other.defer})),
        )

    def apply(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """Return the rows with these joins and columns."""
        found = rows.select_related(*self.joins) if self.joins else rows
        if self.only:
            return found.only(*self.only)
        return found.defer(*self.defer) if self.defer else found


def _is_within(name: str, names: Iterable[str]) -> bool:
    return any(name != other and is_prefix(other, name) for other in names)


def prefetched_rows(
    model: type[Model],
    paths: Sequence[str],
    followed: Sequence[str],
    joined: Sequence[str],
    nested: Mapping[str, Sequence[tuple[str, str]]],
    columns: Columns,
) -> Iterator[Rows]:
    """
    Yield the querysets of prefetches that are not just all columns of all rows, outer ones first.

    Args:
        model: The root.
        paths: The paths that are prefetched, nested ones included.
        followed: The same, and those whose rows go into an attribute of their own.
        joined: The paths that the root joins, as accessor names.
        nested: Paths whose query joins, with these joins as accessor and as query names.
        columns: The columns that the plan names and leaves out.
    """
    inner = {
        f"{path}__{way}" for path, tails in nested.items() for tail, _ in tails for way in prefixes(tail)
    }
    ways = {way for path in paths for way in prefixes(path)}
    ways -= inner.union(*(prefixes(path) for path in joined))
    for path in sorted(ways, key=lambda path: (path.count("__"), path)):
        last = walk(model, path)[-1]
        if last.target is None:
            continue
        tails = nested.get(path, ())
        level = Level(
            model=last.target,
            path=path,
            joins=join_tree(query_name for _, query_name in tails),
            followed=tuple(
                item.removeprefix(f"{path}__") for item in followed if item.startswith(f"{path}__")
            ),
            keys=incoming(last),
            mask={},
        )
        only = column_names(columns, level)
        rows = Rows(
            path,
            tuple(sorted(query_name for _, query_name in tails)),
            only,
            () if only else deferred_names(columns, level),
        )
        if rows != Rows(path):
            yield rows


def join_tree(joins: Iterable[str]) -> Joins:
    """Return joins as ``Query.select_related`` holds them."""
    tree: dict[str, Any] = {}
    for join in joins:
        branch = tree
        for name in join.split("__"):
            branch = branch.setdefault(name, {})
    return tree


def add_rows(model: type[Model], lookups: Sequence[Lookup], wanted: Iterable[Rows]) -> list[Lookup]:
    """
    Return the lookups with querysets for the paths that want one.

    Django refuses a queryset for a path that an earlier lookup passed through, so each one goes before these. A
    queryset that somebody else gave to a path stays.
    """
    found = list(lookups)
    for rows in wanted:
        names = [item if isinstance(item, str) else item.prefetch_to for item in found]
        own = next(
            (item for item in found if not isinstance(item, str) and item.prefetch_to == rows.path), None
        )
        if own is None:
            at = next((at for at, name in enumerate(names) if is_prefix(rows.path, name)), len(found))
            found = [*found[:at], prefetch_of(model, rows), *found[at:]]
            found = [item for item in found if item != rows.path]
        elif is_ours(own):
            merged = rows_of(own).merge(rows)
            found[found.index(own)] = own if merged == rows_of(own) else prefetch_of(model, merged)
    return found


def is_ours(lookup: "Prefetch[Any]") -> bool:
    """Tell whether a plan gave this queryset to the path."""
    origin: tuple[object, ...] = getattr(lookup, ORIGIN, ())
    return origin[:1] == (_ROWS,)


def rows_of(lookup: "Prefetch[Any]") -> Rows:
    """Return what a plan made the queryset of a path from."""
    return replace(
        Rows(lookup.prefetch_to), **dict(zip(("joins", "only", "defer"), _parts(lookup), strict=True))
    )


def _parts(lookup: "Prefetch[Any]") -> tuple[Any, ...]:
    origin: tuple[Any, ...] = getattr(lookup, ORIGIN)
    return origin[1:]


def prefetch_of(model: type[Model], rows: Rows) -> "Prefetch[Any]":
    """Return the lookup with its queryset."""
    found = Prefetch(rows.path, queryset=rows.apply(related_rows(model, rows.path)))
    setattr(found, ORIGIN, rows.origin)
    return found


def related_rows(model: type[Model], path: str) -> QuerySet[Any, Any]:
    """
    Return the rows that Django would prefetch: of the base manager forward, else of the default one.

    Raises:
        UsageError: If the relation leads to several tables.
    """
    last = walk(model, path)[-1]
    if last.target is None:
        msg = f'"{path}" on {model._meta.label} leads to several tables, so its rows have no one condition'
        raise UsageError(msg)
    manager = last.target._base_manager if last.hop.is_single else last.target._default_manager
    return manager.all()
