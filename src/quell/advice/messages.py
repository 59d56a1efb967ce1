"""What happened, in one sentence with its numbers."""

from django.db.models import Model

from quell.events import Fetch
from quell.exceptions import UsageError
from quell.findings import Finding, Load
from quell.introspection.relations import walk

# Rows from which on the choice between a join and a query of its own is worth a clause.
_MANY_ROWS = 100

_VERBS = {
    "": "loaded {relation} on their own",
    "count": "counted {relation} on their own",
    "exists": "asked on their own whether there are any of {relation}",
    "contains": "searched {relation} for one row on their own",
    "aggregate": "computed over {relation} on their own",
    "first": "took the first of {relation} on their own",
    "last": "took the last of {relation} on their own",
    "latest": "took the latest of {relation} on their own",
    "earliest": "took the earliest of {relation} on their own",
    "get": "got one of {relation} on their own",
}


def message_of(finding: Finding, fetch: Fetch | None, model: type[Model] | None) -> str:
    """
    Return what happened.

    Args:
        finding: With its plan, so that the message can say why it joins or does not.
        fetch: The first of the loads that it is about.
        model: The model of the finding, where it is known.
    """
    if finding.kind == "n_plus_one" and fetch is not None and model is not None and finding.loads:
        return "; ".join([f"{_loaded(finding, fetch, model)}: {cost(finding)}", *_reasons(finding, model)])
    if finding.kind == "duplicate_query":
        what = f"the same SELECT of {finding.model}" if finding.model else "the same SELECT"
        return f"{what} ran {finding.count:,} times with the same parameters: {cost(finding)}"
    if finding.kind == "write_in_loop":
        what = f"rows of {finding.model}" if finding.model else "rows"
        return f"a loop wrote {what} one by one: {cost(finding)}"
    if finding.kind == "query_in_loop":
        what = f"the same SELECT of {finding.model}" if finding.model else "the same SELECT"
        return f"a loop ran {what} {finding.count:,} times: {cost(finding)}"
    return ""


def cost(finding: Finding) -> str:
    """Return how many queries there were, and how many were needed."""
    needed = finding.count - finding.saved_queries
    queries = "query" if finding.count == 1 else "queries"
    return f"{finding.count:,} {queries}, {needed or 'none'} needed"


def _loaded(finding: Finding, fetch: Fetch, model: type[Model]) -> str:
    last = finding.loads[-1]
    relation = finding.path.rpartition("__")[2]
    if fetch.is_deferred:
        rows = _rows(_owner_of(model, finding.path), last.row_count)
        return f"{rows} each loaded the column {relation} on their own, which the queryset leaves out"
    if len(finding.loads) > 1:
        first = finding.loads[0]
        rows = _rows(_owner_of(model, first.path), first.row_count)
        return f"{rows} each loaded {finding.path} hop by hop"
    rows = _rows(_owner_of(model, finding.path), last.row_count)
    is_part = bool({"filter", "slice"} & set(fetch.variant)) and fetch.method in {"", "count", "iterator"}
    verb = _VERBS.get(fetch.method, _VERBS[""])
    what = f"some of their {relation}" if is_part else f"their {relation}"
    return f"{rows} each {verb.format(relation=what)}"


def _owner_of(model: type[Model], path: str) -> type[Model] | None:
    """Return the model of the rows that asked: the one before the last hop."""
    way = path.rpartition("__")[0]
    try:
        return walk(model, way)[-1].target if way else model
    except UsageError:
        # Such as the name that to_attr gave to a prefetched list.
        return None


def _rows(model: type[Model] | None, count: int) -> str:
    if model is None:
        return f"{count:,} rows"
    name = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
    return f"{count:,} {name}"


def _reasons(finding: Finding, model: type[Model]) -> list[str]:
    """Say why a relation is joined or not, where the size makes it matter."""
    separate = finding.plan.separate if finding.plan is not None else ()
    if not separate:
        return []
    return [_reason(load, model, separate) for load in finding.loads if load.row_count >= _MANY_ROWS]


def _reason(load: Load, model: type[Model], separate: tuple[str, ...]) -> str:
    last = walk(model, load.path)[-1]
    parents = _rows(last.target, load.distinct_count)
    if load.path in separate:
        return f"separate: {load.row_count:,} rows share {parents}"
    return f"joined: {load.row_count:,} rows have {parents}"


def with_note(message: str, note: str) -> str:
    """Return a message with one more clause."""
    return f"{message}; {note}" if note else message
