"""The columns that ``only=`` names, and those that joins and prefetches need beside them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db.models import Model

from quell.exceptions import UsageError
from quell.introspection.relations import Relation, RelationField, walk
from quell.loading.deferring import read_deferred
from quell.loading.returning import home_of
from quell.loading.values import ALL_COLUMNS, closest, drop_covered

# Joined relations by query name, as ``Query.select_related`` holds them.
Joins: TypeAlias = Mapping[str, "Joins"]
# Field to the mask of the model behind it; an empty one means that everything is loaded.
Mask: TypeAlias = Mapping[RelationField, "Mask"]


@dataclass(frozen=True, slots=True)
class Columns:
    """
    The columns of each relation that a plan names, by path; ``None`` stands for all of them.

    ``deferred`` are those that it leaves out, the named ones not among them.
    """

    by_path: Mapping[str, frozenset[str] | None]
    deferred: Mapping[str, frozenset[str]]

    def without_names(self) -> "Columns":
        """Return what it leaves out alone."""
        return Columns({}, self.deferred)

    def narrows(self, path: str) -> bool:
        """Tell whether the plan names some columns of a relation, and not all."""
        return self.by_path.get(path) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """
    The rows of one relation in a query, and what is loaded from there on.

    ``path`` leads from the root of the plan, ``prefix`` from the model of the query, by query names. ``joins``
    are joined to these rows, ``followed`` are lookups from them, ``keys`` are columns by which Django finds them.
    ``mask`` is what the query loads already.
    """

    model: type[Model]
    path: str = ""
    prefix: str = ""
    joins: Joins
    followed: tuple[str, ...]
    keys: tuple[str, ...] = ()
    mask: Mask
    is_immediate: bool = False


def read_columns(model: type[Model], only: Iterable[str], defer: Iterable[str]) -> Columns:
    """
    Find the columns that a plan names.

    Raises:
        UsageError: If a path leads to no column, or to one that cannot be left out.
    """
    named = _at_home(model, _read_named(model, only))
    deferred: dict[str, set[str]] = {}
    for path in defer:
        way, column, _ = read_deferred(model, path)
        if column not in (named.get(way) or ()):
            deferred.setdefault(way, set()).add(column)
    return Columns(
        {way: None if names is None else frozenset(names) for way, names in named.items()},
        {way: frozenset(names) for way, names in deferred.items()},
    )


def _at_home(model: type[Model], named: dict[str, set[str] | None]) -> dict[str, set[str] | None]:
    """Give the columns behind a way back to the rows that it leads to; where these keep all, they keep all."""
    # See Note [Ways back]
    homes = {way: home_of(model, way) if way else way for way in named}
    for way, home in homes.items():
        present, added = named.get(home), named[way]
        if way != home and present is not None:
            named[home] = None if added is None else present | added
    return named


def _read_named(model: type[Model], only: Iterable[str]) -> dict[str, set[str] | None]:
    found: dict[str, set[str] | None] = {}
    for path in only:
        way, _, name = path.rpartition("__")
        holder = walk(model, way)[-1].target if way else model
        if name == ALL_COLUMNS:
            found[way] = None
            continue
        if holder is None:
            msg = f'only="{path}" on {model._meta.label}: "{way}" leads to several tables, so name no column there'
            raise UsageError(msg)
        names = found.setdefault(way, set())
        if names is not None:
            names.update(_column_names(holder, name, path, model))
    return found


def _column_names(holder: type[Model], name: str, path: str, model: type[Model]) -> Iterable[str]:
    """Return the names of the fields that hold a column; a key or a generic relation may have several."""
    if name == "pk":
        return [field.name for field in holder._meta.pk_fields]
    fields: list[Any] = holder._meta.get_fields()
    for field in fields:
        if name in {field.name, getattr(field, "attname", None)}:
            if hasattr(field, "ct_field") and hasattr(field, "fk_field"):
                return [field.ct_field, field.fk_field]
            if getattr(field, "column", None) is not None:
                return [field.name]
    columns = [field.name for field in holder._meta.concrete_fields]
    hint = closest(name, columns)
    msg = f'only="{path}" on {model._meta.label}: {holder._meta.label} has no column "{name}"{hint}'
    raise UsageError(msg)


def column_names(columns: Columns, level: Level) -> tuple[str, ...]:
    """Return what ``only()`` takes to load the columns of a query; nothing where it loads all of them."""
    if not any(columns.narrows(path) for path in _paths(level)):
        return ()
    # A column behind a foreign key stands for the key as well; alone, the key stands for the whole joined row.
    return drop_covered(_names(columns, level))


def deferred_names(columns: Columns, level: Level) -> tuple[str, ...]:
    """Return what ``defer()`` takes to leave out columns of a query that loads all others."""
    own = columns.deferred.get(level.path, ())
    inner = (name for child in _children(level) for name in deferred_names(columns, child))
    return tuple(sorted([*(f"{level.prefix}{name}" for name in own), *inner]))


def joined_paths(model: type[Model], joins: Joins) -> tuple[str, ...]:
    """Return the joined relations as accessor names."""
    level = Level(model=model, joins=joins, followed=(), mask={})
    return tuple(path for path in _paths(level) if path)


def _paths(level: Level) -> Iterator[str]:
    yield level.path
    for child in _children(level):
        yield from _paths(child)


def _names(columns: Columns, level: Level) -> Iterator[str]:
    children = tuple(_children(level))
    if level.path and level.prefix and _is_whole(columns, level):
        yield level.prefix.removesuffix("__")
        return
    own = {*_own(columns, level), *level.keys, *_needed(level, children)}
    yield from (f"{level.prefix}{name}" for name in own)
    for child in children:
        yield from _names(columns, child)


def _is_whole(columns: Columns, level: Level) -> bool:
    is_narrow = columns.narrows(level.path) or bool(level.mask) or level.path in columns.deferred
    return not is_narrow and all(_is_whole(columns, child) for child in _children(level))


def _own(columns: Columns, level: Level) -> Collection[str]:
    wanted = columns.by_path.get(level.path)
    present = [field.name for field in level.mask if getattr(field, "column", None) is not None]
    if wanted is not None:
        return {*wanted, *(present if level.is_immediate else ())}
    every = present or [field.name for field in level.model._meta.concrete_fields]
    return {*every} - columns.deferred.get(level.path, frozenset())


def _needed(level: Level, children: Sequence[Level]) -> Iterator[str]:
    """Yield the columns by which relations are followed from these rows."""
    joined = {child.path.rpartition("__")[2] for child in children}
    for path in {path.partition("__")[0] for path in level.followed} | joined:
        try:
            yield from walk(level.model, path)[0].hop.columns
        except UsageError:
            # The attribute of a Prefetch, whose own path is followed as well.
            continue
    yield from (field.name for field in level.model._meta.pk_fields)


def _children(level: Level) -> Iterator[Level]:
    for name, joins in level.joins.items():
        relation = _relation(level.model, name)
        if relation is None or relation.target is None:
            continue
        accessor = relation.hop.name
        yield Level(
            model=relation.target,
            path=f"{level.path}__{accessor}" if level.path else accessor,
            prefix=f"{level.prefix}{name}__",
            joins=joins,
            followed=_behind(level.followed, accessor),
            keys=incoming(relation),
            mask=level.mask.get(relation.field, {}) if level.mask else {},
            is_immediate=level.is_immediate,
        )


def _behind(paths: Iterable[str], name: str) -> tuple[str, ...]:
    return tuple(path.removeprefix(f"{name}__") for path in paths if path.startswith(f"{name}__"))


def _relation(model: type[Model], name: str) -> Relation | None:
    """Find a joined relation by its query name; a FilteredRelation is none, and loads all its columns."""
    fields: list[Any] = model._meta.get_fields()
    field = next((field for field in fields if field.name == name and field.is_relation), None)
    if field is None:
        return None
    is_reverse = field.auto_created and not field.concrete
    accessor = field.get_accessor_name() if is_reverse else field.name
    return walk(model, accessor)[0] if accessor else None


def incoming(relation: Relation) -> tuple[str, ...]:
    """Return the columns on the other side by which Django assigns related rows to those that they belong to."""
    field, kind = relation.field, relation.hop.kind
    if kind == "forward":
        return tuple(remote.name for _, remote in field.related_fields)
    if kind == "generic_relation":
        return (field.content_type_field_name, field.object_id_field_name)
    if kind not in {"reverse_one", "reverse_many"} or hasattr(field.field, "object_id_field_name"):
        # Of a many-to-many relation, Django selects the columns of the table between.
        return ()
    return tuple(local.name for local, _ in field.field.related_fields)
