"""Querysets and managers that know plans by name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self, TypeVar

from django.db.models import Manager, Model, QuerySet
from django.db.models.expressions import BaseExpression
from django.utils.module_loading import import_string

from quell.exceptions import UsageError
from quell.loading.plan import FetchPlan
from quell.loading.values import closest

_ModelT = TypeVar("_ModelT", bound=Model)


class StatisticsClass(Protocol):
    """What ``with_statistics()`` needs of a ``quell.Statistics`` class."""

    def annotate(self, queryset: QuerySet[Any, Any], *, batched: bool = False) -> QuerySet[Any, Any]:
        """Return the queryset with numbers of each row."""


_OWN_STATE = ("_fetch_plans", "_plan_label")


class FetchPlanQuerySet(QuerySet[_ModelT, _ModelT]):
    """
    A queryset with plans that have names.

    A subclass declares them, and ``as_manager()`` and ``from_queryset()`` work as ever::

        class TicketQuerySet(FetchPlanQuerySet):
            fetch_plans = {"list": FetchPlan("customer", only=["subject", "customer__name"])}

        Ticket.objects.filter(status="open").with_plan("list")
    """

    fetch_plans: ClassVar[Mapping[str, FetchPlan]] = {}
    # Those of the manager that made this queryset, and what with_plan() was given.
    _fetch_plans: Mapping[str, FetchPlan] | None = None
    _plan_label: str = ""

    def with_plan(self, plan: str | FetchPlan) -> Self:
        """
        Return this queryset with everything that a plan loads.

        Args:
            plan: The name of a declared plan, or a plan.

        Raises:
            UsageError: If there is no plan of that name, or the plan cannot be applied.
            PlanConflict: If the queryset already uses a name of the plan for something else.
        """
        found: Self = find_plan(plan, self).apply(self)  # type: ignore[assignment]  # a clone keeps its class
        found._plan_label = f'"{plan}"' if isinstance(plan, str) else repr(plan)
        return found

    def with_statistics(
        self,
        statistics: "StatisticsClass | None" = None,
        /,
        *,
        batched: bool = False,
        **numbers: BaseExpression,
    ) -> Self:
        """
        Return this queryset with numbers of each row.

        Args:
            statistics: A ``quell.Statistics`` class of the model.
            batched: Look the numbers up once the rows are there, in one statement for each 2,000 of them.
            numbers: Aggregates by name, in place of a class: ``with_statistics(comment_count=Count("comments"))``.

        Raises:
            UsageError: If there is neither or both, or ``Statistics.annotate()`` refuses them.
        """
        if (statistics is None) == (not numbers):
            msg = (
                'with_statistics() takes a Statistics class, or numbers as in comment_count=Count("comments")'
            )
            raise UsageError(msg)
        # By name, as plans and statistics know nothing of each other.
        given = statistics or import_string("quell.aggregation.Statistics").of(self.model, **numbers)
        found: Any = given.annotate(self, batched=batched)
        return found  # type: ignore[no-any-return]  # a clone keeps its class

    def batch_loading(self) -> Self:
        """
        Return this queryset with ``quell.batch_loading()`` for its rows, for as long as they live.

        Raises:
            UsageError: If the queryset returns no instances.
        """
        # Whoever only declares plans needs nothing of what batching takes.
        from quell.loading.ondemand.querysets import batched

        return batched(self)

    def iterator(self, chunk_size: int | None = None) -> Iterator[_ModelT]:
        """
        Return an iterator over the rows, as Django does.

        Raises:
            UsageError: If a plan prefetches, and ``chunk_size`` is missing.
        """
        # The stubs leave the attribute out.
        lookups: tuple[Any, ...] = self._prefetch_related_lookups  # type: ignore[attr-defined]
        if chunk_size is None and self._plan_label and lookups:
            paths = ", ".join(f'"{item if isinstance(item, str) else item.prefetch_to}"' for item in lookups)
            msg = (
                f"iterator() of the plan {self._plan_label} prefetches {paths} for one chunk of rows at a time; "
                "write iterator(chunk_size=2000)"
            )
            raise UsageError(msg)
        return super().iterator(chunk_size) if chunk_size is not None else super().iterator()

    def select_for_update(
        self,
        nowait: bool = False,  # noqa: FBT001, FBT002 -- the signature is Django's
        skip_locked: bool = False,  # noqa: FBT001, FBT002 -- the signature is Django's
        of: Sequence[str] = (),
        no_key: bool = False,  # noqa: FBT001, FBT002 -- the signature is Django's
    ) -> Self:
        """
        Return a queryset that locks its rows, as Django does.

        Raises:
            UsageError: If a plan joins rows that nobody asked to lock; PostgreSQL refuses those of an outer join.
        """
        if self._plan_label and self.query.select_related and not of:
            msg = (
                f"select_for_update() behind the plan {self._plan_label} would lock the joined rows as well; write "
                'select_for_update(of=("self",)), or call it before with_plan(), which joins nothing then'
            )
            raise UsageError(msg)
        return super().select_for_update(nowait=nowait, skip_locked=skip_locked, of=of, no_key=no_key)

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]  # missing in the stubs
        clone._fetch_plans, clone._plan_label = self._fetch_plans, self._plan_label
        return clone

    def __getstate__(self) -> dict[str, Any]:
        # Pickles contain nothing of quell; after one, a name is looked up in the managers of the model.
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name not in _OWN_STATE}


_FromQuerySet = Manager.from_queryset(FetchPlanQuerySet)


class FetchPlanManager(_FromQuerySet[_ModelT]):
    """
    A manager with plans that have names; related managers of its model have them, too.

    ::

        class TicketManager(FetchPlanManager):
            fetch_plans = {"list": FetchPlan("customer", only=["subject", "customer__name"])}

        Ticket.objects.with_plan("list")
        customer.tickets.with_plan("list")
    """

    fetch_plans: ClassVar[Mapping[str, FetchPlan]] = {}
    _queryset_class: ClassVar[type[QuerySet[Any, Any]]] = FetchPlanQuerySet

    def get_queryset(self) -> FetchPlanQuerySet[_ModelT]:
        """Return every row, with the plans of this manager."""
        # from_queryset() may have put any other queryset there.
        found: Any = super().get_queryset()
        if isinstance(found, FetchPlanQuerySet):
            found._fetch_plans = self.fetch_plans
        return found  # type: ignore[no-any-return]  # see above

    # See is_plain(): the rows are those of Django's own manager.
    setattr(get_queryset, "returns_every_row", True)  # noqa: B010 -- the type of a function knows no attributes

    def with_plan(self, plan: str | FetchPlan) -> FetchPlanQuerySet[_ModelT]:
        """
        Return all rows with everything that a plan loads.

        Args:
            plan: The name of a plan of this manager or its queryset, or a plan.

        Raises:
            UsageError: If there is no plan of that name, or the plan cannot be applied.
        """
        found: Any = self.get_queryset()
        if isinstance(found, FetchPlanQuerySet):
            return found.with_plan(plan)
        name = self.fetch_plans.get(plan, plan) if isinstance(plan, str) else plan
        return find_plan(name, found).apply(found)  # type: ignore[no-any-return]  # whatever queryset it is


def find_plan(plan: str | FetchPlan, queryset: QuerySet[Any, Any]) -> FetchPlan:
    """
    Return the plan of a name: of the manager that made a queryset, of its class, of the model, or of its managers.

    Raises:
        UsageError: If there is none; the message names the closest match.
    """
    if isinstance(plan, FetchPlan):
        return plan
    known = declared_plans(queryset)
    if plan in known:
        return known[plan]
    msg = f"{queryset.model._meta.label} has no fetch plan {plan!r}{closest(plan, sorted(known))}"
    raise UsageError(msg)


def declared_plans(queryset: QuerySet[Any, Any]) -> Mapping[str, FetchPlan]:
    """Return the plans that a queryset knows by name."""
    model = queryset.model
    own = getattr(queryset, "fetch_plans", {}), getattr(queryset, "_fetch_plans", None)
    if own[1] is not None:
        return {**plans_of(model), **own[0], **own[1]}
    managers = (getattr(manager, "fetch_plans", {}) for manager in reversed(model._meta.managers))
    found: dict[str, FetchPlan] = {}
    for plans in (*managers, plans_of(model), getattr(model._default_manager, "fetch_plans", {}), own[0]):
        found |= plans
    return found


def plans_of(model: type[Model]) -> Mapping[str, FetchPlan]:
    """Return the plans in the body of a model and its bases; the nearest of a name."""
    found: dict[str, FetchPlan] = {}
    for cls in reversed(model.__mro__):
        plans = cls.__dict__.get("fetch_plans")
        if isinstance(plans, Mapping):
            found |= plans
    return found
