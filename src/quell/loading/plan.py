"""What to load together with a model's rows, as one value that is declared, merged, applied and printed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias, TypeVar, overload

from django.db.models import Model, Q, QuerySet
from django.db.models.query import RawQuerySet

from quell.exceptions import PlanConflict, UsageError
from quell.loading.applying import apply, apply_to_raw
from quell.loading.rendering import plan_code, queryset_code
from quell.loading.splitting import split
from quell.loading.values import Filter, check_name, check_path, drop_covered

_ModelT = TypeVar("_ModelT", bound=Model)
FilterSpec: TypeAlias = tuple[str, Q] | tuple[str, Q, tuple[str, ...]]


@dataclass(frozen=True, slots=True, init=False, repr=False)
class FetchPlan:
    """
    What to load together with the rows of a queryset.

    Paths are spelled as ``prefetch_related()`` takes them. Of each one the leading to-one hops are joined, and
    the first to-many hop is prefetched with everything behind it. No result of a plan shrinks a relation's own
    ``.all()``: counts, existence and filtered rows have attributes of their own.

    Args:
        paths: Relations to load, by join or by prefetch, whichever loads the same rows.
        join: Relations that must be joined: the last hop has to be to-one. Behind a to-many hop the join is
            made in the query of the prefetch.
        separate: Relations that must be prefetched, also where a join would do.
        counts: Attribute name to the to-many relation whose rows it counts.
        exists: Attribute name to the to-many relation it tells about.
        filters: Attribute name to ``(path, Q)`` or ``(path, Q, ordering)``: the related rows, in a list.

    Raises:
        UsageError: If a path or a name is malformed.
        PlanConflict: If one name means two things.
    """

    paths: tuple[str, ...]
    join: tuple[str, ...]
    separate: tuple[str, ...]
    _counts: tuple[tuple[str, str], ...]
    _exists: tuple[tuple[str, str], ...]
    _filters: tuple[Filter, ...]

    def __init__(
        self,
        *paths: str,
        join: Iterable[str] = (),
        separate: Iterable[str] = (),
        counts: Mapping[str, str] | None = None,
        exists: Mapping[str, str] | None = None,
        filters: Mapping[str, FilterSpec] | None = None,
    ) -> None:
        counted, existing = dict(counts or {}), dict(exists or {})
        filtered = [Filter.of(name, *spec) for name, spec in (filters or {}).items()]
        joined, separated = _path_set(join, "join"), _path_set(separate, "separate")
        _set(self, "paths", drop_covered(_path_set(paths, "paths"), by=joined | separated))
        _set(self, "join", tuple(sorted(joined)))
        _set(self, "separate", tuple(sorted(separated)))
        _set(self, "_counts", tuple(sorted(counted.items())))
        _set(self, "_exists", tuple(sorted(existing.items())))
        _set(self, "_filters", tuple(sorted(filtered, key=lambda item: item.name)))
        self._check()

    @property
    def counts(self) -> Mapping[str, str]:
        """Return the counted relation of each attribute."""
        return MappingProxyType(dict(self._counts))

    @property
    def exists(self) -> Mapping[str, str]:
        """Return the relation that each attribute tells the existence of."""
        return MappingProxyType(dict(self._exists))

    @property
    def filters(self) -> Mapping[str, FilterSpec]:
        """Return path and condition of each attribute with filtered rows, and the ordering where there is one."""
        return MappingProxyType({item.name: item.spec for item in self._filters})

    def __bool__(self) -> bool:
        return any((self.paths, self.join, self.separate, self._counts, self._exists, self._filters))

    def __repr__(self) -> str:
        return plan_code(self)

    def __or__(self, other: object) -> "FetchPlan":
        if not isinstance(other, FetchPlan):
            return NotImplemented
        return FetchPlan(
            *self.paths,
            *other.paths,
            join=self.join + other.join,
            separate=self.separate + other.separate,
            counts=_merge(self.counts, other.counts),
            exists=_merge(self.exists, other.exists),
            filters=_merge(self.filters, other.filters),
        )

    def under(self, path: str) -> "FetchPlan":
        """
        Return the plan for a model from which ``path`` leads to the model of this plan.

        Behind a to-many hop a join is made in the query of the prefetch; an empty plan stays empty.

        Raises:
            UsageError: If the plan counts or tests existence, as an annotation belongs to the root's rows.
        """
        check_path(path, "under()")
        names = [name for name, _ in self._counts + self._exists]
        if names:
            msg = (
                f'under("{path}") cannot move {", ".join(names)}: counts and exists are columns of the root\'s rows; '
                "declare them on the plan of the model whose rows are to carry them"
            )
            raise UsageError(msg)
        return FetchPlan(
            *(_move(item, path) for item in self.paths),
            join=[_move(item, path) for item in self.join],
            separate=[_move(item, path) for item in self.separate],
            filters={item.name: item.under(path).spec for item in self._filters},
        )

    def split(self, model: type[Model]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """
        Return the joins and the prefetches that load the paths of this plan from a model; no query.

        Returns:
            Sorted and minimal: what ``select_related()`` takes, and what ``prefetch_related()`` takes.

        Raises:
            UsageError: If a path is no relation of the model, or a join is impossible.
        """
        parts = split(self, model)
        return parts.joins, parts.all_prefetches

    @overload
    def apply(self, queryset: "QuerySet[_ModelT, _ModelT]") -> "QuerySet[_ModelT, _ModelT]": ...

    @overload
    def apply(self, queryset: "RawQuerySet[_ModelT]") -> "RawQuerySet[_ModelT]": ...

    def apply(
        self, queryset: "QuerySet[_ModelT, _ModelT] | RawQuerySet[_ModelT]"
    ) -> "QuerySet[_ModelT, _ModelT] | RawQuerySet[_ModelT]":
        """
        Return the queryset with everything in this plan added to what it already loads.

        The rows stay the same, and so do the database, the locks and the related rows. A join becomes a prefetch
        where a join cannot be added: behind a bare ``select_related()``, under ``select_for_update()`` without
        ``of=``, over a column that ``only()`` or ``defer()`` left out. Such a column is loaded again when the
        relation is followed by it, as each row would fetch it on its own otherwise.

        Raises:
            UsageError: If the queryset returns no model instances or is a ``union()``, or a path is wrong.
            PlanConflict: If the queryset already uses a name of this plan for something else.

        Cost: no query; what a prefetch adds when the queryset is evaluated is one query per hop.
        """
        if isinstance(queryset, RawQuerySet):
            return apply_to_raw(self, queryset)
        return apply(self, queryset)

    def as_code(self, model: type[Model]) -> str:
        """Return the calls to append to a queryset of the model, in one line; an empty plan is an empty text."""
        return queryset_code(self, model)

    def _check(self) -> None:
        both = set(self.join) & set(self.separate)
        if both:
            msg = f"{_quoted(both)} cannot be in join= and in separate=: choose one"
            raise PlanConflict(msg)
        seen: set[str] = set()
        for name, path in (*self._counts, *self._exists, *((item.name, item.path) for item in self._filters)):
            check_name(name)
            check_path(path, f'"{name}"')
            if name in seen:
                msg = f'"{name}" means two things in counts=, exists= or filters=: rename one'
                raise PlanConflict(msg)
            seen.add(name)


def _set(plan: FetchPlan, name: str, value: object) -> None:
    object.__setattr__(plan, name, value)


def _path_set(paths: Iterable[str], where: str) -> frozenset[str]:
    if isinstance(paths, str):
        msg = f'{where}="{paths}" is one text; write {where}=("{paths}",)'
        raise UsageError(msg)
    found = frozenset(paths)
    for path in found:
        check_path(path, where)
    return found


_SpecT = TypeVar("_SpecT")


def _merge(one: Mapping[str, _SpecT], other: Mapping[str, _SpecT]) -> dict[str, _SpecT]:
    for name in one.keys() & other.keys():
        if one[name] != other[name]:
            msg = f'"{name}" is {one[name]!r} in one plan and {other[name]!r} in the other: rename one'
            raise PlanConflict(msg)
    return {**one, **other}


def _move(path: str, prefix: str) -> str:
    return f"{prefix}__{path}"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in sorted(names))
