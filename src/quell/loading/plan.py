"""What to load together with a model's rows, as one value that is declared, merged, applied and printed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar, overload

from django.db.models import Model, QuerySet
from django.db.models.query import RawQuerySet

from quell.exceptions import PlanConflict, UsageError
from quell.loading.applying import apply, apply_to_raw
from quell.loading.data import plan_data, read_plan
from quell.loading.limiting import Limit, read_limits
from quell.loading.merging import merge_columns, merge_named
from quell.loading.rendering import plan_code, queryset_code
from quell.loading.splitting import split
from quell.loading.values import (
    Filter,
    FilterSpec,
    check_name,
    check_path,
    drop_covered,
    read_filters,
    read_only,
    read_paths,
    way_of,
)

_ModelT = TypeVar("_ModelT", bound=Model)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class FetchPlan:
    """
    What to load together with the rows of a queryset.

    Paths are spelled as ``prefetch_related()`` takes them. Of each one the leading to-one hops are joined,
    and the first to-many hop is prefetched with everything behind it. A plan never shrinks a relation's own
    ``.all()``: counts, existence and filtered rows have attributes of their own.

    Args:
        paths: Relations to load, by a join or a prefetch, whichever loads the same rows.
        join: Relations that must be joined: the last hop has to be to-one, and one whose join keeps all rows. Behind
            a to-many hop the join is made in the query of the prefetch.
        separate: Relations that must be prefetched, also where a join would do.
        only: Columns to load, such as ``"subject"`` or ``"customer__name"``, which loads the customer, too; ``"*"``
            and ``"customer__*"`` are all of them. A relation of which none is named keeps all. What joins and
            prefetches need is loaded as well. ``None`` for all columns of everything.
        counts: Attribute name to the to-many relation whose rows it counts.
        exists: Attribute name to the to-many relation that it tells about.
        filters: Attribute name to ``(path, Q)`` or ``(path, Q, ordering)``: the related rows, in a list.
        limits: Attribute name to the first rows of each parent, such as ``Limit("comments", 3, "-created_at")``.
        defer: Columns to leave out, such as ``"body"`` or ``"author__biography"``; of a relation that the queryset
            does not load there is nothing to leave out, and what ``only`` names stays. Whoever reads one loads it
            then, row by row.

    Raises:
        UsageError: If a path or a name is malformed.
        PlanConflict: If one name means two things.
    """

    paths: tuple[str, ...]
    join: tuple[str, ...]
    separate: tuple[str, ...]
    only: tuple[str, ...] | None
    _counts: tuple[tuple[str, str], ...]
    _exists: tuple[tuple[str, str], ...]
    _filters: tuple[Filter, ...]
    _limits: tuple[tuple[str, Limit], ...]
    defer: tuple[str, ...]

    def __init__(
        self,
        *paths: str,
        join: Iterable[str] = (),
        separate: Iterable[str] = (),
        only: Iterable[str] | None = None,
        counts: Mapping[str, str] | None = None,
        exists: Mapping[str, str] | None = None,
        filters: Mapping[str, FilterSpec] | None = None,
        limits: Mapping[str, Limit] | None = None,
        defer: Iterable[str] = (),
    ) -> None:
        joined, separated = read_paths(join, "join"), read_paths(separate, "separate")
        listed = read_paths(paths, "paths")
        named = read_only(only, listed | joined | separated)
        listed |= {way for way in map(way_of, named or ()) if way}
        values = {
            "paths": drop_covered(listed, by=joined | separated),
            "join": tuple(sorted(joined)),
            "separate": tuple(sorted(separated)),
            "only": named,
            "_counts": tuple(sorted((counts or {}).items())),
            "_exists": tuple(sorted((exists or {}).items())),
            "_filters": read_filters(filters or {}),
            "_limits": read_limits(limits or {}),
            "defer": tuple(sorted(read_paths(defer, "defer"))),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
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
        """Return path, condition and, where there is one, ordering of each attribute with filtered rows."""
        return MappingProxyType({item.name: item.spec for item in self._filters})

    @property
    def limits(self) -> Mapping[str, Limit]:
        """Return the relation, number and order of each attribute with the first rows."""
        return MappingProxyType(dict(self._limits))

    def __bool__(self) -> bool:
        results = (self._counts, self._exists, self._filters, self._limits)
        return any((self.paths, self.join, self.separate, self.only, self.defer, *results))

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
            only=merge_columns(self, other),
            counts=merge_named(self.counts, other.counts),
            exists=merge_named(self.exists, other.exists),
            filters=merge_named(self.filters, other.filters),
            limits=merge_named(self.limits, other.limits),
            defer=self.defer + other.defer,
        )

    def under(self, path: str) -> "FetchPlan":
        """
        Return the plan for a model from which ``path`` leads to the model of this plan.

        An empty plan stays empty.

        Raises:
            UsageError: If the plan has counts or exists, as these are columns of the rows of the root.
        """
        check_path(path, "under()")
        names = [name for name, _ in self._counts + self._exists]
        if names:
            msg = (
                f'under("{path}") cannot move {", ".join(names)}: counts and exists are columns of the rows '
                "that the queryset returns; declare them on the plan of the model that is to carry them"
            )
            raise UsageError(msg)
        return FetchPlan(
            *(f"{path}__{item}" for item in self.paths),
            join=[f"{path}__{item}" for item in self.join],
            separate=[f"{path}__{item}" for item in self.separate],
            only=None if self.only is None else [f"{path}__{item}" for item in self.only],
            filters={item.name: item.under(path).spec for item in self._filters},
            limits={name: limit.under(path) for name, limit in self._limits},
            defer=[f"{path}__{item}" for item in self.defer],
        )

    def split(self, model: type[Model]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """
        Return what ``select_related()`` and what ``prefetch_related()`` takes to load the paths of this plan.

        Both are sorted, and no path is in there beside a longer one through it.

        Raises:
            UsageError: If a path is no relation of the model, or a join is impossible.

        Cost: no query.
        """
        parts = split(self, model)
        return parts.joins, parts.all_prefetches

    @overload
    def apply(self, queryset: QuerySet[_ModelT, _ModelT]) -> QuerySet[_ModelT, _ModelT]: ...

    @overload
    def apply(self, queryset: "RawQuerySet[_ModelT]") -> "RawQuerySet[_ModelT]": ...

    def apply(
        self, queryset: "QuerySet[_ModelT, _ModelT] | RawQuerySet[_ModelT]"
    ) -> "QuerySet[_ModelT, _ModelT] | RawQuerySet[_ModelT]":
        """
        Return the queryset with everything in this plan added to what it already loads.

        The rows stay the same, and so do the related rows, the database and the locks. A join becomes a
        prefetch where a join cannot be added: behind a bare ``select_related()``, in a lock without ``of=``,
        and over a column that ``only()`` or ``defer()`` left out. Such a column is loaded again where a
        relation is followed by it, as otherwise each row would fetch it on its own.

        Raises:
            UsageError: If the queryset returns no instances or is a ``union()``, or a path is wrong.
            PlanConflict: If the queryset already uses a name of this plan for something else.

        Cost: no query; the queryset runs one more per prefetched hop when it is evaluated.
        """
        if isinstance(queryset, RawQuerySet):
            return apply_to_raw(self, queryset)
        return apply(self, queryset)

    def as_code(self, queryset_model: type[Model]) -> str:
        """
        Return the calls to append to a queryset of the model, in one line; nothing for an empty plan.

        Raises:
            UsageError: If a path is no relation of the model, or a join is impossible.
        """
        return queryset_code(self, queryset_model)

    def as_data(self) -> dict[str, object]:
        """
        Return this plan as plain data, which JSON holds; parts that are empty are left out.

        Raises:
            UsageError: If a condition of ``filters=`` holds a value without such a form.
        """
        return plan_data(self)

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> "FetchPlan":
        """
        Build the plan that ``as_data()`` returned.

        Raises:
            UsageError: If the data has another form, or names what cannot be.
        """
        return read_plan(data)

    @classmethod
    def from_serializer(
        cls,
        serializer_class: type,
        *,
        model: type[Model] | None = None,
        context: Mapping[str, object] | None = None,
    ) -> "FetchPlan":
        """
        Return the plan that a serializer of REST framework implies, with the columns that it reads at every level.

        Code that nobody can look into, such as a method field or a property, keeps all columns of its rows,
        unless ``@needs`` declares what it reads.

        Args:
            serializer_class: The class; its fields are read, nested ones included.
            model: The model of the rows, where the class has no ``Meta.model``.
            context: For fields that depend on it. Without it, the plan is found once per class.

        Raises:
            UsageError: If it is no serializer class, or cannot be made without a context.

        Cost: no query; about a millisecond for the first time, then a look into a dictionary.
        """
        from quell.loading.inferring import infer

        return infer(serializer_class, model, context)

    def _check(self) -> None:
        for path in self.join:
            if path in self.separate:
                msg = f'"{path}" is in join= and in separate=: choose one'
                raise PlanConflict(msg)
        seen: set[str] = set()
        filtered = ((item.name, item.path) for item in self._filters)
        limited = ((name, limit.path) for name, limit in self._limits)
        for name, path in (*self._counts, *self._exists, *filtered, *limited):
            check_name(name)
            check_path(path, f'"{name}"')
            if name in seen:
                msg = f'"{name}" means two things in counts=, exists=, filters= and limits=: rename one'
                raise PlanConflict(msg)
            seen.add(name)
