"""The plan that loads a relation, or counts it, for all rows of a queryset."""

from django.db.models import Model

from quell.advice.calls import free_name
from quell.advice.choosing import separate_paths
from quell.events import Fetch
from quell.exceptions import QuellError
from quell.findings import Finding
from quell.loading.plan import FetchPlan


def takes_prefetches_only(root: Fetch) -> bool:
    """Tell whether a queryset takes neither joins nor columns: a union, raw SQL, what delete() collects."""
    return bool(root.combinator) or root.is_raw or root.method == "delete"


def plan_of_way(finding: Finding, root: Fetch) -> FetchPlan:
    """Return the plan for the hops before the last one that the same line loaded on demand."""
    paths = [load.path for load in finding.loads[:-1]]
    if takes_prefetches_only(root):
        return FetchPlan(separate=[path for last in paths for path in _prefixes(last)])
    return FetchPlan(*paths)


def loading_plan(finding: Finding, fetch: Fetch, root: Fetch, model: type[Model]) -> FetchPlan:
    """Return what loads a relation, or counts it, for all rows."""
    if takes_prefetches_only(root):
        return FetchPlan(separate=_prefixes(finding.path))
    plan = _number_plan(finding, fetch, model)
    if plan:
        plan |= plan_of_way(finding, root)
        try:
            plan.as_code(model)
        except QuellError:
            # Behind a relation to many rows there is no row of the queryset that could hold a number.
            plan = FetchPlan()
    if plan:
        return plan
    # An iterator takes a prefetch with a chunk_size only.
    separate = separate_paths(model, finding.loads) if root.method != "iterator" else ()
    return FetchPlan(finding.path, separate=separate)


def _number_plan(finding: Finding, fetch: Fetch, model: type[Model]) -> FetchPlan:
    name = finding.path.removesuffix("_set").rpartition("__")[2].removesuffix("_set")
    if fetch.method == "count":
        return FetchPlan(counts={free_name(model, f"{name}_count"): finding.path})
    if fetch.method == "exists":
        return FetchPlan(exists={free_name(model, f"has_{name}"): finding.path})
    return FetchPlan()


def _prefixes(path: str) -> list[str]:
    names = path.split("__")
    return ["__".join(names[:end]) for end in range(1, len(names) + 1)]
