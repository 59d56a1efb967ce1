"""Plans for the changelists of the admin."""

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from quell.loading.plan import FetchPlan
from quell.loading.querysets import find_plan

_SAFE_METHODS = ("GET", "HEAD")


class FetchPlanAdminMixin:
    """
    Loads what ``changelist_plan`` says for the list of a ModelAdmin.

    It is a plan, or the name of one that the manager or queryset declares. Forms, actions and deletions read
    other things, and get no plan. ``list_select_related`` keeps its meaning. Put the mixin before ModelAdmin::

        @admin.register(Ticket)
        class TicketAdmin(FetchPlanAdminMixin, admin.ModelAdmin):
            list_display = ["subject", "customer_name"]
            changelist_plan = FetchPlan("customer")
    """

    changelist_plan: FetchPlan | str | None = None

    def get_changelist_plan(self, request: HttpRequest) -> FetchPlan | str | None:
        """Return the plan, or its name, for a request; ``None`` for no plan."""
        return self.changelist_plan

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ANN401 -- Django's
        """Return the changelist of the ModelAdmin, with the plan."""
        # ModelAdmin, which comes after this mixin, has it.
        found: type[ChangeList] = super().get_changelist(request, **kwargs)  # type: ignore[misc]
        plan = self.get_changelist_plan(request)
        return found if plan is None else _planned(found, plan)


def _planned(base: type[ChangeList], plan: FetchPlan | str) -> type[ChangeList]:
    class PlannedChangeList(base):  # type: ignore[valid-type, misc]  # whatever class the ModelAdmin uses
        """The changelist of a ModelAdmin, with a plan."""

        def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any, Any]:  # noqa: ANN401
            """Return the rows; those that an action is to change are loaded as ever."""
            rows: QuerySet[Any, Any] = super().get_queryset(request, *args, **kwargs)
            return find_plan(plan, rows).apply(rows) if request.method in _SAFE_METHODS else rows

    return PlannedChangeList
