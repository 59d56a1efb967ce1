"""Types of plans and of SQL text, as users see them; checked by mypy, never run."""

from collections.abc import Mapping
from typing import assert_type

from django.db.models import QuerySet
from django.dispatch import Signal

from quell import FetchPlanManager, FetchPlanQuerySet, needs, sqltext
from quell.contrib.admin import FetchPlanAdminMixin
from quell.contrib.drf import FetchPlanViewSetMixin
from quell.contrib.views import FetchPlanMixin
from quell.events import Operation
from quell.introspection.relations import Hop, resolve_path
from quell.loading import FetchPlan, Limit
from quell.signals import findings_reported
from tests.contrib.serializers import NestedSerializer
from tests.planapp.models import Story, Ticket

plan = FetchPlan("comments__author", join=("customer",), counts={"comment_count": "comments"})

assert_type(FetchPlan(defer=("body",)).defer, tuple[str, ...])
assert_type(FetchPlan(only=("subject",)).only, tuple[str, ...] | None)
assert_type(FetchPlan(limits={"latest": Limit("comments", 3, "-pk")}).limits, Mapping[str, Limit])
assert_type(Limit("comments", 3).under("tickets"), Limit)
assert_type(plan.as_data(), dict[str, object])
assert_type(FetchPlan.from_data({"paths": ["comments"]}), FetchPlan)
rows = FetchPlanQuerySet[Ticket](Ticket)
assert_type(rows.with_plan("list"), FetchPlanQuerySet[Ticket])
assert_type(rows.filter(pk=1).with_plan(plan), FetchPlanQuerySet[Ticket])
assert_type(FetchPlanManager[Story]().with_plan("list"), FetchPlanQuerySet[Story])
assert_type(FetchPlan.from_serializer(NestedSerializer), FetchPlan)
assert_type(FetchPlanMixin().get_fetch_plan(), FetchPlan | str | None)
assert_type(FetchPlanAdminMixin().changelist_plan, FetchPlan | str | None)
assert_type(FetchPlanViewSetMixin().get_fetch_plan(rows), FetchPlan | None)


@needs("comments__author")
def _people(ticket: Ticket) -> int:
    return ticket.pk


assert_type(_people(Ticket()), int)
assert_type(plan | plan, FetchPlan)
assert_type(plan.under("tickets"), FetchPlan)
assert_type(plan.apply(Ticket.objects.all()), QuerySet[Ticket, Ticket])
assert_type(plan.split(Ticket), tuple[tuple[str, ...], tuple[str, ...]])
assert_type(plan.as_code(Ticket), str)
assert_type(plan.counts, Mapping[str, str])
assert_type(resolve_path(Ticket, "comments"), tuple[Hop, ...])
assert_type(sqltext.fingerprint(""), str)
assert_type(sqltext.mask(""), str)
assert_type(sqltext.operation(""), Operation)
assert_type(sqltext.is_transaction_control(""), bool)
assert_type(sqltext.tables(""), tuple[str, ...])
assert_type(findings_reported, Signal)
