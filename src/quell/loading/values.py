"""The parts of a plan, and the rules that hold for them before any model is known."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from django.db.models import Q

from quell.exceptions import UsageError

FilterSpec: TypeAlias = tuple[str, Q] | tuple[str, Q, tuple[str, ...]]
ALL_COLUMNS = "*"


@dataclass(frozen=True, slots=True)
class Filter:
    """Related rows that satisfy a condition, as a list in an attribute of its own."""

    name: str
    path: str
    condition: Q
    ordering: tuple[str, ...] = ()

    @property
    def spec(self) -> FilterSpec:
        """Return it as a plan takes it."""
        return (self.path, self.condition, self.ordering) if self.ordering else (self.path, self.condition)

    def under(self, prefix: str) -> "Filter":
        """Return it for a model from which ``prefix`` leads here; the attribute stays on the same rows."""
        return Filter(self.name, f"{prefix}__{self.path}", self.condition, self.ordering)


def read_filters(filters: Mapping[str, FilterSpec]) -> tuple[Filter, ...]:
    """
    Read what ``filters=`` takes, sorted by name.

    Raises:
        UsageError: If a value is neither ``(path, Q)`` nor ``(path, Q, ordering)``.
    """
    return tuple(_read(name, filters[name]) for name in sorted(filters))


def _read(name: str, spec: object) -> Filter:
    match spec:
        case (str(path), Q() as condition):
            return Filter(name, path, condition)
        case (str(path), Q() as condition, (*ordering,)) if all(isinstance(item, str) for item in ordering):
            return Filter(name, path, condition, tuple(map(str, ordering)))
    msg = (
        f'filters["{name}"] is {spec!r}; write ("comments", Q(is_public=True)), or with an ordering '
        '("comments", Q(is_public=True), ("-created_at",))'
    )
    raise UsageError(msg)


def read_paths(paths: Iterable[str], where: str) -> frozenset[str]:
    """
    Read what ``join=`` and the like take.

    Raises:
        UsageError: If it is one text instead of several, or one of them cannot be a path.
    """
    if isinstance(paths, str):
        msg = f'{where}="{paths}" is one text; write {where}=("{paths}",)'
        raise UsageError(msg)
    found = tuple(paths)
    for path in found:
        check_path(path, where)
    return frozenset(found)


def read_only(only: Iterable[str] | None, listed: Collection[str]) -> tuple[str, ...] | None:
    """
    Read what ``only=`` takes, sorted; all columns of a relation cover each one of them.

    A relation of ``listed`` of which no column is named is one whose columns are all wanted, and is named so:
    a merge with a plan that names some of them is to load no less.

    Raises:
        UsageError: If it is one text, names nothing, or a path is malformed.
    """
    if only is None:
        return None
    if isinstance(only, str):
        msg = f'only="{only}" is one text; write only=("{only}",)'
        raise UsageError(msg)
    named = set(only)
    if not named:
        msg = 'only=() names no column; write only=None for all of them, or only=("pk",) for the key alone'
        raise UsageError(msg)
    for path in named:
        _check_column(path)
    ways = {way_of(path) for path in named}
    named |= {join_path(path, ALL_COLUMNS) for path in listed if path not in ways}
    covered = {way_of(path) for path in named if path.endswith(ALL_COLUMNS)}
    return tuple(sorted(p for p in named if way_of(p) not in covered or p.endswith(ALL_COLUMNS)))


def _check_column(path: object) -> None:
    if isinstance(path, str):
        way, column = way_of(path), path.rpartition("__")[2]
        parts = (*(way.split("__") if way else ()), "column" if column == ALL_COLUMNS else column)
        if all(part.isidentifier() for part in parts):
            return
    msg = f'only: {path!r} is no column path; write "subject", "customer__name", or "customer__*" for all columns'
    raise UsageError(msg)


def way_of(path: str) -> str:
    """Return the path of the relation that holds a column; nothing for the root."""
    return path.rpartition("__")[0]


def join_path(way: str, name: str) -> str:
    """Return the path to what ``name`` is at the end of ``way``, which may be the root."""
    return f"{way}__{name}" if way else name


def check_path(path: object, where: str) -> None:
    """
    Refuse what cannot be a lookup path.

    Raises:
        UsageError: If it is no text of names joined by two underscores.
    """
    if isinstance(path, str) and all(part.isidentifier() for part in path.split("__")):
        return
    msg = f'{where}: {path!r} is no lookup path; join names by two underscores, as in "comments__author"'
    raise UsageError(msg)


def check_name(name: object) -> None:
    """
    Refuse what cannot be an attribute of a row.

    Raises:
        UsageError: If it is no identifier, or holds two underscores, which Django reads as a lookup.
    """
    if isinstance(name, str) and name.isidentifier() and "__" not in name:
        return
    msg = f"{name!r} cannot be the name of a result; use a plain attribute name such as comment_count"
    raise UsageError(msg)


def prefixes(path: str) -> tuple[str, ...]:
    """Return a path and the paths on the way to it, shorter ones first."""
    parts = path.split("__")
    return tuple("__".join(parts[:end]) for end in range(1, len(parts) + 1))


def is_prefix(path: str, other: str) -> bool:
    """Tell whether ``other`` is the same path, or one that goes on behind it."""
    return other == path or other.startswith(f"{path}__")


def is_covered(path: str, others: Iterable[str]) -> bool:
    """Tell whether one of the other paths is this one, or passes through it."""
    return any(is_prefix(path, other) for other in others)


def drop_covered(paths: Iterable[str], *, by: Collection[str] = ()) -> tuple[str, ...]:
    """Return the paths, sorted, without those that another one, or one of ``by``, passes through."""
    distinct = set(paths)
    return tuple(
        path
        for path in sorted(distinct)
        if not is_covered(path, by) and not is_covered(path, distinct - {path})
    )


def closest(name: str, names: Collection[str]) -> str:
    """Return the end of a message about a name that does not exist: the closest match, else all there are."""
    found = get_close_matches(name, names, n=1, cutoff=0.5)
    return f'; did you mean "{found[0]}"?' if found else f"; there are {', '.join(names) or 'none'}"
