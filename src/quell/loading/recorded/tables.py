"""Which plan belongs to which queryset."""

import logging
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from django.apps import apps
from django.db.models import Model, Prefetch, QuerySet
from django.db.models.query import ModelIterable

from quell.exceptions import QuellError, UsageError
from quell.introspection.relations import walk
from quell.lineage.alias import NarrowedAlias
from quell.lineage.builders import BUILDER, NOBODY, Builder
from quell.lineage.planned import NARROWED
from quell.loading.plan import FetchPlan
from quell.loading.prefetching import is_ours
from quell.loading.recorded.entries import Recorded
from quell.loading.recorded.origins import Origin, origin_of
from quell.loading.recorded.requests import is_unsafe
from quell.loading.values import ALL_COLUMNS, closest, join_path, way_of

logger = logging.getLogger("quell")


class PlannedOrigin:
    """The plan of one origin, and what this process learns about it."""

    def __init__(self, origin: Origin, recorded: Recorded, model: type[Model]) -> None:
        self.origin = origin
        self.plan = recorded.plan
        self._is_batching = bool(recorded.calls)
        self._model = model
        self._aliases: dict[str, NarrowedAlias] = {}
        self._refusals: set[str] = set()

    def apply(self, queryset: QuerySet[Any, Any]) -> QuerySet[Any, Any] | None:
        """Return the queryset with the plan; ``None``, and a line in the log, where that is impossible."""
        plan = self.plan
        if has_own_columns(queryset):
            # Its author chose the columns, and what a row without them does when it is saved.
            plan = with_whole_relations(plan)
        try:
            # An empty plan copies the queryset, which may batch its loads all the same.
            found = plan.apply(queryset)
        except QuellError as error:
            self._tell_once(f"is not applied: {error}")
            return None
        is_narrowed = plan is self.plan and plan.only is not None
        _set_aside(found, self if is_narrowed else None)
        return _batched(found) if self._is_batching else found

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        # It hangs on the query of its rows, and pickles contain nothing of quell.
        return type(None), ()

    def __copy__(self) -> "PlannedOrigin":
        return self

    def __deepcopy__(self, memo: object) -> "PlannedOrigin":
        return self

    def alias_for(self, alias: str) -> NarrowedAlias:
        """Return the alias for the rows, by which they are known as narrowed."""
        found = self._aliases.get(alias)
        if found is None:
            found = NarrowedAlias(alias)
            found.narrowed = self
            self._aliases[alias] = found
        return found

    def miss(self, model: type[Model], names: Iterable[str]) -> None:
        """Load columns from now on that the plan leaves out, as rows turned out to need them."""
        columns = [
            join_path(way, model._meta.get_field(name).name) for name in names for way in self._ways_to(model)
        ]
        if not columns:
            return
        wider = self.plan | FetchPlan(only=columns)
        if wider != self.plan:
            self.plan = wider
            what = ", ".join(f"{model._meta.label}.{name}" for name in names)
            self._tell_once(f"left out {what}, which this process loads from now on: record again")

    def _ways_to(self, model: type[Model]) -> list[str]:
        """Return the ways of the plan to rows of a model, nothing for those of the root."""
        ways = {way_of(path) for path in self.plan.only or ()}
        return [way for way in sorted(ways) if issubclass(model, self._model_at(way))]

    def _model_at(self, way: str) -> type[Model]:
        found = walk(self._model, way)[-1].target if way else self._model
        return found if found is not None else self._model

    def _tell_once(self, what: str) -> None:
        if what not in self._refusals:
            self._refusals.add(what)
            logger.warning("The recorded plan of %s %s", self.origin, what)


class PlanTable:
    """
    Recorded plans by the place that they belong to; it finds the plan of a queryset, and adds it.

    Args:
        plans: What each origin needs; one whose model does not exist belongs to nothing.
    """

    def __init__(self, plans: Mapping[Origin, Recorded]) -> None:
        self._by_place: dict[tuple[str, type[Model]], dict[str, PlannedOrigin]] = {}
        self._found: dict[tuple[Builder, type[Model]], PlannedOrigin | None] = {}
        for origin, recorded in plans.items():
            model = model_of(origin)
            if recorded and model is not None:
                known = self._by_place.setdefault((origin.place, model), {})
                known[origin.code] = PlannedOrigin(origin, recorded, model)
        self.models: Container[type[Model]] = frozenset(model for _, model in self._by_place)
        self._is_on = True

    def switch_off(self) -> bool:
        """Add no more plans, because quell failed; tell whether that is news."""
        was_on, self._is_on = self._is_on, False
        return was_on

    def planned(self, queryset: QuerySet[Any, Any]) -> QuerySet[Any, Any] | None:
        """Return the queryset with the plan of its origin, ``None`` where there is none or it cannot take one."""
        key = queryset._query.__dict__[BUILDER], queryset.model  # type: ignore[attr-defined]  # not in the stubs
        try:
            found = self._found[key]
        except KeyError:
            found = self._found[key] = self._find(*key)
        if found is None or not self._is_on or not takes_plan(queryset) or is_unsafe():
            return None
        return found.apply(queryset)

    def _find(self, builder: Builder, model: type[Model]) -> PlannedOrigin | None:
        if builder is NOBODY:
            return None
        origin = origin_of(builder, model._meta.label)
        known = self._by_place.get((origin.place, model), {})
        if origin.code or not builder.code:
            return known.get(origin.code)
        # Without the source nobody can tell two of them apart.
        return next(iter(known.values())) if len(known) == 1 else None


def model_of(origin: Origin) -> type[Model] | None:
    """Return the model of the rows, ``None`` where there is no such model."""
    try:
        return apps.get_model(origin.model)
    except (LookupError, ValueError):
        return None


def takes_plan(queryset: QuerySet[Any, Any]) -> bool:
    """Tell whether a queryset returns plain rows for reading: no values, no union, no lock, no write."""
    query = queryset.query
    return (
        queryset._iterable_class is ModelIterable
        and not query.combinator
        and not query.select_for_update
        # A lock, delete(), get_or_create() and the like; the stubs leave the attribute out.
        and not queryset._for_write  # type: ignore[attr-defined]
        and not query.is_empty()
    )


def has_own_columns(queryset: QuerySet[Any, Any]) -> bool:
    """Tell whether ``only()`` or ``defer()`` was called on a queryset."""
    names, is_deferring = queryset.query.deferred_loading
    return bool(names) or not is_deferring


def with_whole_relations(plan: FetchPlan) -> FetchPlan:
    """Return a plan that leaves out no column of a relation."""
    if plan.only is None:
        return plan
    ways = {way_of(path) for path in plan.only} - {""}
    return plan | FetchPlan(only=[join_path(way, ALL_COLUMNS) for way in ways]) if ways else plan


class _Aside(Prefetch):  # type: ignore[type-arg]  # generic only in the stubs
    """
    A prefetch whose joins and columns end with it.

    Django builds ``ticket.comments.all()`` on the queryset of a ``Prefetch``, so that an ``iterator()`` or a lock
    behind that would meet what the plan added. Without a queryset it builds on the manager of the relation.
    """

    def __init__(self, lookup: "Prefetch[Any]") -> None:
        super().__init__(lookup.prefetch_to)
        self._rows = lookup.queryset

    def get_current_querysets(self, level: int) -> list[QuerySet[Any, Any]] | None:
        is_last = self.get_current_prefetch_to(level) == self.prefetch_to
        return [self._rows] if is_last and self._rows is not None else None


def _batched(queryset: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    # Most files have no calls, and need nothing of what batching takes.
    from quell.loading.recorded.batching import batched

    return batched(queryset)


# Called by another name, as the mypy plugin of Django knows the arguments of Prefetch alone.
_aside: Callable[[Any], Any] = _Aside


def _set_aside(queryset: QuerySet[Any, Any], narrowed: PlannedOrigin | None) -> None:
    """Keep what a plan adds out of what is built on its rows, and tell the rows who narrowed them."""
    # The stubs leave the attribute out, here and below.
    lookups: tuple[Any, ...] = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
    found = []
    for lookup in lookups:
        is_own = not isinstance(lookup, str) and is_ours(lookup)
        if is_own and narrowed is not None:
            lookup.queryset.query.__dict__[NARROWED] = narrowed
        found.append(_aside(lookup) if is_own else lookup)
    queryset._prefetch_related_lookups = tuple(found)  # type: ignore[attr-defined]
    if narrowed is not None:
        queryset.query.__dict__[NARROWED] = narrowed


def check_plan(origin: Origin, plan: FetchPlan) -> None:
    """
    Make sure that a plan can be applied to rows of its model.

    Raises:
        UsageError: If the model, a path or a column does not exist; the message names the closest match.

    Cost: no query.
    """
    model = model_of(origin)
    if model is None:
        labels = [found._meta.label for found in apps.get_models()]
        msg = f"there is no model {origin.model}{closest(origin.model, labels)}"
        raise UsageError(msg)
    rows: QuerySet[Model, Model] = QuerySet(model)
    plan.apply(rows)
