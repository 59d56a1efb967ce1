"""What happened, in one sentence with its numbers."""

from django.db.models import Model

from quell.events import Fetch
from quell.exceptions import UsageError
from quell.findings import Finding, Load
from quell.introspection.relations import walk
from quell.wording import sentences

# Rows from which on the choice between a join and a query of its own is worth a clause.
_MANY_ROWS = 100
# What stands between two clauses.
BETWEEN = "; "


def message_of(finding: Finding, fetch: Fetch | None, model: type[Model] | None) -> str:
    """
    Return what happened.

    Args:
        finding: With its plan, so that the message can say why it joins or does not.
        fetch: The first of the loads that it is about.
        model: The model of the finding, where it is known.
    """
    if finding.kind == "n_plus_one" and fetch is not None and model is not None and finding.loads:
        loaded = sentences.LOADED(load=_loaded(finding, fetch, model), cost=_cost(finding))
        return BETWEEN.join([loaded, *_reasons(finding, model)])
    count, cost = finding.count, _cost(finding)
    if finding.kind == "duplicate_query" and finding.model:
        return sentences.REPEATED_OF(model=finding.model, count=count, cost=cost)
    if finding.kind == "duplicate_query":
        return sentences.REPEATED(count=count, cost=cost)
    if finding.kind == "write_in_loop":
        return _written(finding.model, cost)
    if finding.kind == "query_in_loop" and finding.model:
        return sentences.LOOPED_OF(model=finding.model, count=count, cost=cost)
    return sentences.LOOPED(count=count, cost=cost) if finding.kind == "query_in_loop" else ""


def _written(model: str, cost: str) -> str:
    return sentences.WRITTEN_OF(model=model, cost=cost) if model else sentences.WRITTEN(cost=cost)


def _cost(finding: Finding) -> str:
    """Return how many queries there were, and how many were needed."""
    needed = finding.count - finding.saved_queries
    if not needed:
        return sentences.COST_NONE(count=finding.count)
    return sentences.COST(count=finding.count, needed=needed)


def _loaded(finding: Finding, fetch: Fetch, model: type[Model]) -> str:
    last = finding.loads[-1]
    relation = finding.path.rpartition("__")[2]
    if fetch.is_deferred:
        rows = _rows(_owner_of(model, finding.path), last.row_count)
        return sentences.COLUMN(rows=rows, relation=relation)
    if len(finding.loads) > 1:
        first = finding.loads[0]
        rows = _rows(_owner_of(model, first.path), first.row_count)
        return sentences.HOPS(rows=rows, relation=finding.path)
    rows = _rows(_owner_of(model, finding.path), last.row_count)
    is_part = bool({"filter", "slice"} & set(fetch.variant))
    method = "" if fetch.method == "iterator" else fetch.method
    loads = sentences.LOADS_OF_SOME if is_part and method in sentences.LOADS_OF_SOME else sentences.LOADS
    return loads.get(method, loads[""])(rows=rows, relation=relation)


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
        return sentences.ROWS(count=count)
    name = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
    return sentences.ROWS_OF(count=count, noun=str(name))


def _reasons(finding: Finding, model: type[Model]) -> list[str]:
    """Say why a relation is joined or not, where the size makes it matter."""
    separate = finding.plan.separate if finding.plan is not None else ()
    if not separate:
        return []
    return [_reason(load, model, separate) for load in finding.loads if load.row_count >= _MANY_ROWS]


def _reason(load: Load, model: type[Model], separate: tuple[str, ...]) -> str:
    last = walk(model, load.path)[-1]
    parents = _rows(last.target, load.distinct_count)
    reason = sentences.SEPARATE if load.path in separate else sentences.JOINED
    return reason(rows=sentences.ROWS(count=load.row_count), parents=parents)


def with_note(message: str, note: str) -> str:
    """Return a message with one more clause."""
    return f"{message}{BETWEEN}{note}" if note else message
