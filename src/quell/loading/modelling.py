"""A model that declares its plans itself."""

from collections.abc import Mapping
from typing import ClassVar, Self

from django.db import models

from quell.loading.plan import FetchPlan
from quell.loading.querysets import FetchPlanManager


class FetchPlanModel(models.Model):
    """
    A base for models that declare plans in their own body, for every manager that knows ``with_plan()``.

    ::

        class Ticket(FetchPlanModel):
            subject = models.CharField(max_length=200)
            fetch_plans = {"list": FetchPlan("customer", only=["subject", "customer__name"])}

        Ticket.objects.with_plan("list")
        customer.tickets.with_plan("list")

    A subclass knows the plans of its bases, and may replace some of them by name. A plan of the same name that a
    manager or its queryset declares goes first.
    """

    fetch_plans: ClassVar[Mapping[str, FetchPlan]] = {}

    objects: ClassVar[FetchPlanManager[Self]] = FetchPlanManager()

    class Meta:
        abstract = True
