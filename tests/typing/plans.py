"""Types of plans and of SQL text, as users see them; checked by mypy, never run."""

from collections.abc import Mapping
from typing import assert_type

from django.db.models import QuerySet
from django.dispatch import Signal

from quell import sqltext
from quell.events import Operation
from quell.introspection.relations import Hop, resolve_path
from quell.loading import FetchPlan, Limit
from quell.signals import findings_reported
from tests.planapp.models import Ticket

plan = FetchPlan("comments__author", join=("customer",), counts={"comment_count": "comments"})

assert_type(FetchPlan(defer=("body",)).defer, tuple[str, ...])
assert_type(FetchPlan(only=("subject",)).only, tuple[str, ...] | None)
assert_type(FetchPlan(limits={"latest": Limit("comments", 3, "-pk")}).limits, Mapping[str, Limit])
assert_type(Limit("comments", 3).under("tickets"), Limit)
assert_type(plan.as_data(), dict[str, object])
assert_type(FetchPlan.from_data({"paths": ["comments"]}), FetchPlan)
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
