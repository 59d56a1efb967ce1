"""Plans for the views of Django REST framework."""

from collections.abc import Mapping
from typing import Any, Literal

from django.db.models import QuerySet

from quell.exceptions import UsageError
from quell.loading.plan import FetchPlan
from quell.loading.querysets import find_plan

INFER: Literal["infer"] = "infer"
_SAFE_METHODS = ("GET", "HEAD")
_INFERRED_ACTIONS = ("list", "retrieve")


class FetchPlanViewSetMixin:
    """
    Loads what ``fetch_plans`` says for each action of a view.

    ``fetch_plans`` maps an action to a plan, to the name of one that the manager or queryset declares, or to
    ``"infer"``, the plan that the serializer of the action implies; ``"infer"`` alone stands for that plan in
    ``list`` and ``retrieve``. Actions that are not listed get no plan, and neither do unsafe methods: writing
    reads other things. A generic view has the actions ``list`` and ``retrieve`` as well. The plan is added behind
    the filters, to what the queryset loads already. Put the mixin before the view::

        class TicketViewSet(FetchPlanViewSetMixin, ModelViewSet):
            queryset = Ticket.objects.all()
            serializer_class = TicketSerializer
            fetch_plans = {"list": "list", "retrieve": FetchPlan("comments__author")}
    """

    fetch_plans: Mapping[str, FetchPlan | str] | Literal["infer"] = {}

    def get_fetch_plan(self, queryset: QuerySet[Any, Any]) -> FetchPlan | None:
        """
        Return the plan of the request, or ``None``.

        Raises:
            UsageError: If there is no plan of that name, or the serializer implies none.
        """
        view: Any = self
        if view.request.method not in _SAFE_METHODS:
            return None
        plan = _plans(view).get(_action(view))
        if plan != INFER:
            return None if plan is None else find_plan(plan, queryset)
        return FetchPlan.from_serializer(
            view.get_serializer_class(), model=queryset.model, context=view.get_serializer_context()
        )

    def filter_queryset(self, queryset: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """
        Return the filtered queryset, with the plan.

        Raises:
            UsageError: If the plan is unknown, or cannot be applied.
        """
        # The view that comes after this mixin has it.
        found: QuerySet[Any, Any] = super().filter_queryset(queryset)  # type: ignore[misc]
        plan = self.get_fetch_plan(found)
        return found if plan is None else plan.apply(found)


def _plans(view: Any) -> Mapping[str, FetchPlan | str]:  # noqa: ANN401 -- any view
    plans: Mapping[str, FetchPlan | str] | str = view.fetch_plans
    if not isinstance(plans, str):
        return plans
    if plans != INFER:
        msg = f'{type(view).__qualname__}.fetch_plans is "{plans}"; write "infer", or a plan for each action'
        raise UsageError(msg)
    return dict.fromkeys(_INFERRED_ACTIONS, INFER)


def _action(view: Any) -> str:  # noqa: ANN401 -- any view
    """Return the action; a generic view has none, and its method tells."""
    action: str | None = getattr(view, "action", None)
    if action is not None:
        return action
    return next((name for name in _INFERRED_ACTIONS if hasattr(view, name)), "")
