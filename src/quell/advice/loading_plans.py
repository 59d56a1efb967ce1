"""The plan that loads a relation, or counts it, for all rows of a queryset."""

from django.db.models import Model

from quell.advice.calls import free_name
from quell.advice.choosing import separate_paths
from quell.events import Fetch
from quell.exceptions import QuellError
from quell.findings import Finding
from quell.loading.plan import FetchPlan


def plan_of_way(finding: Finding) -> FetchPlan:
    """Return the plan for the hops before the last one that the same line loaded on demand."""
    return FetchPlan(*(load.path for load in finding.loads[:-1]))


def loading_plan(finding: Finding, fetch: Fetch, root: Fetch, model: type[Model]) -> FetchPlan:
    """Return what loads a relation, or counts it, for all rows."""
    name = finding.path.removesuffix("_set").rpartition("__")[2].removesuffix("_set")
    plan = FetchPlan()
    if fetch.method == "count":
        plan = FetchPlan(counts={free_name(model, f"{name}_count"): finding.path})
    elif fetch.method == "exists":
        plan = FetchPlan(exists={free_name(model, f"has_{name}"): finding.path})
    if plan:
        plan |= plan_of_way(finding)
        try:
            plan.as_code(model)
        except QuellError:
            # Behind a relation to many rows there is no row of the queryset that could hold a number.
            plan = FetchPlan()
    if plan:
        return plan
    # A union, raw SQL and delete() take no join, and an iterator takes a prefetch with a chunk_size only.
    if root.combinator or root.is_raw or root.method == "delete":
        names = finding.path.split("__")
        return FetchPlan(separate=["__".join(names[:end]) for end in range(1, len(names) + 1)])
    separate = separate_paths(model, finding.loads) if root.method != "iterator" else ()
    return FetchPlan(finding.path, separate=separate)
