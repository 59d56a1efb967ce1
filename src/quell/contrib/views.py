"""Plans for the generic views of Django."""

from typing import Any, TypeVar

from django.db.models import Manager, Model, QuerySet

from quell.loading.plan import FetchPlan
from quell.loading.querysets import find_plan

_ModelT = TypeVar("_ModelT", bound=Model)


class FetchPlanMixin:
    """
    Loads what ``fetch_plan`` says, in a ListView, DetailView or any view with ``get_queryset()``.

    ``fetch_plan`` is a plan, or the name of one that the manager or queryset declares; ``get_fetch_plan()`` may
    choose another one per request. The plan is added to what the queryset of the view loads already. Put the mixin
    before the view::

        class TicketList(FetchPlanMixin, ListView):
            model = Ticket
            fetch_plan = "list"
    """

    fetch_plan: FetchPlan | str | None = None

    def get_fetch_plan(self) -> FetchPlan | str | None:
        """Return the plan, or its name; ``None`` for no plan."""
        return self.fetch_plan

    def get_queryset(self) -> QuerySet[Any, Any]:
        """
        Return the queryset of the view, with the plan.

        Raises:
            UsageError: If there is no plan of that name, or it cannot be applied.
        """
        # The view that comes after this mixin has it.
        found: Any = super().get_queryset()  # type: ignore[misc]  # a mixin has no such base
        plan = self.get_fetch_plan()
        if plan is None:
            return found  # type: ignore[no-any-return]  # whatever the view returns
        rows: QuerySet[Any, Any] = found.all() if isinstance(found, Manager) else found
        return find_plan(plan, rows).apply(rows)
