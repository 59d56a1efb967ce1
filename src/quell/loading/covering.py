"""Whether what a view declares loads what its serializer reads."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import accumulate
from operator import or_
from typing import Any

from django.db.models import Model, Prefetch, QuerySet
from django.urls import URLPattern, URLResolver, get_resolver

from quell.exceptions import PlanConflict, QuellError
from quell.loading.inferring import infer
from quell.loading.plan import FetchPlan
from quell.loading.querysets import find_plan

WAY_OUT = 'Change the plan, or write "infer" for the action.'
_INFER = "infer"
_GENERIC_ACTIONS = ("list", "retrieve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """
    What the plan of one action of a view leaves to be loaded row by row.

    Attributes:
        view: The class of the view.
        action: Such as ``"list"``.
        serializer: What the action shows its rows by; ``None`` where that cannot be told.
        missing: What the serializer reads and nothing loads; empty where all is loaded.
        deferred: Columns that it reads and the plan leaves out.
        unknown: Why that cannot be told, if so.
    """

    view: type
    action: str
    serializer: type | None = None
    missing: FetchPlan = field(default_factory=FetchPlan)
    deferred: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def problem(self) -> str:
        """What is wrong, in one sentence; empty where nothing is, or nobody can tell."""
        if self.serializer is None or not (self.missing or self.deferred):
            return ""
        advice = [f"add {self.missing!r}"] if self.missing else []
        if self.deferred:
            advice.append(f"take {', '.join(self.deferred)} out of defer=")
        return (
            f"{self.view.__module__}.{self.view.__qualname__}, {self.action}: {self.serializer.__qualname__} reads "
            f"what its plan does not load; {' and '.join(advice)}"
        )


def coverages() -> Iterator[Coverage]:
    """
    Yield what is to be said of each action that has a plan, of each view that the project routes to.

    A plan that is inferred loads what the serializer reads by its nature, so such actions are left out.

    Cost: no query. The routes are imported, and ``get_serializer_class()`` of a view is called, as by tools that
    describe an API.
    """
    seen: set[tuple[type, str]] = set()
    for callback in _callbacks(get_resolver().url_patterns):
        cls = getattr(callback, "cls", None)
        plans = getattr(cls, "fetch_plans", None)
        if not isinstance(cls, type) or not hasattr(cls, "get_fetch_plan") or not isinstance(plans, Mapping):
            continue
        initkwargs = getattr(callback, "initkwargs", {})
        for action in _actions(callback, cls):
            plan = plans.get(action, _INFER)
            if plan != _INFER and (cls, action) not in seen:
                seen.add((cls, action))
                yield _coverage(cls, action, plan, initkwargs)


def missing(plan: FetchPlan, needed: FetchPlan, queryset: QuerySet[Any, Any]) -> FetchPlan:
    """
    Return what a second plan loads of the rows of a queryset, and a first one behind it does not.

    Raises:
        UsageError: If the first plan cannot be applied.
    """
    loaded = plan.apply(queryset)

    def is_missing(part: FetchPlan, *, has_columns: bool = True) -> bool:
        try:
            both = (plan | part).apply(queryset)
            return _shape(both, has_columns=has_columns) != _shape(loaded, has_columns=has_columns)
        except PlanConflict:
            # The name is taken by something that the plan loads.
            return False

    ways = {
        way
        for way in _ways(needed)
        if way not in _ways(plan) and is_missing(FetchPlan(way), has_columns=False)
    }
    # What the queryset itself loads, it loads in full.
    known = {"", *_ways(plan)}
    columns = [name for name in needed.only or () if _way_of(name) in known]
    unread: list[str] = []
    if plan.only is not None:
        unread = [name for name in columns if is_missing(FetchPlan(only=[name]))]
        unread += [name for name in needed.only or () if _way_of(name) in ways]
        unread += [f"{way}__*" for way in ways if not any(_way_of(name) == way for name in unread)]
    return FetchPlan(*ways, only=unread or None) | _missing_names(needed, is_missing)


def _missing_names(needed: FetchPlan, is_missing: Callable[[FetchPlan], bool]) -> FetchPlan:
    parts = (
        *(FetchPlan(counts={name: path}) for name, path in needed.counts.items()),
        *(FetchPlan(exists={name: path}) for name, path in needed.exists.items()),
        *(FetchPlan(filters={name: spec}) for name, spec in needed.filters.items()),
        *(FetchPlan(limits={name: limit}) for name, limit in needed.limits.items()),
    )
    return reduce(or_, filter(is_missing, parts), FetchPlan())


def _shape(queryset: QuerySet[Any, Any], *, has_columns: bool) -> object:
    """Return what tells two querysets apart by what they load with their rows, with the columns or without."""
    query: Any = queryset.query
    lookups = [
        (
            item.prefetch_to,
            item.to_attr,
            None if item.queryset is None else _shape(item.queryset, has_columns=has_columns),
        )
        if isinstance(item, Prefetch)
        else (item, None, None)
        for item in queryset._prefetch_related_lookups  # type: ignore[attr-defined]  # the stubs leave it out
    ]
    columns = query.get_select_mask() if has_columns else None
    return query.select_related, columns, frozenset(query.annotations), lookups


def _callbacks(patterns: Any) -> Iterator[Any]:  # noqa: ANN401 -- Django's kinds of patterns share no class
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _callbacks(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.callback


def _actions(callback: Any, cls: type) -> Iterator[str]:  # noqa: ANN401 -- any view
    routed = getattr(callback, "actions", None)
    if routed is not None:
        yield from dict.fromkeys(routed.values())
        return
    # A generic view has no action; its methods tell, as for the mixin.
    yield from [name for name in _GENERIC_ACTIONS if hasattr(cls, name)][:1]


def _coverage(cls: type, action: str, plan: FetchPlan | str, initkwargs: Mapping[str, Any]) -> Coverage:
    view: Any = cls(**initkwargs)
    view.action, view.request, view.kwargs, view.format_kwarg = action, None, {}, None
    if "get_queryset" in _own_methods(cls):
        return Coverage(view=cls, action=action, unknown="it has a get_queryset() of its own")
    queryset: QuerySet[Model, Model] | None = view.queryset
    if queryset is None:
        return Coverage(view=cls, action=action, unknown="it has no queryset")
    try:
        serializer = view.get_serializer_class()
    except Exception as error:  # noqa: BLE001 -- the user's code, outside of a request
        return Coverage(
            view=cls, action=action, unknown=f"get_serializer_class() needs a request ({error!r})"
        )
    try:
        needed = infer(serializer, queryset.model)
        declared = find_plan(plan, queryset)
        found = missing(declared, needed, queryset)
    except QuellError as error:
        return Coverage(view=cls, action=action, serializer=serializer, unknown=str(error))
    deferred = tuple(name for name in declared.defer if name in (needed.only or ()))
    return Coverage(view=cls, action=action, serializer=serializer, missing=found, deferred=deferred)


def _own_methods(cls: type) -> set[str]:
    """Return the methods that are not those of REST framework and quell."""
    return {
        name
        for base in cls.__mro__
        if not base.__module__.startswith(("rest_framework.", "quell.", "builtins"))
        for name in vars(base)
    }


def _ways(plan: FetchPlan) -> set[str]:
    paths = (*plan.paths, *plan.join, *plan.separate)
    return {way for path in paths for way in accumulate(path.split("__"), "{}__{}".format)}


def _way_of(column: str) -> str:
    return column.rpartition("__")[0]
