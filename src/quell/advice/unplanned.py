"""Code for paths that no plan can load: through an attribute of the rows, or behind a generic key to unlike models."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from quell.events import Fetch
from quell.exceptions import UsageError
from quell.findings import Finding
from quell.introspection.relations import walk
from quell.loading.plan import FetchPlan

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model

    ModelOf = Callable[[str], type[Model]]


def attribute_code(finding: Finding, fetch: Fetch, fetches: Mapping[int, Fetch]) -> str:
    """
    Return how to load a path that begins with an attribute that is no relation of the model.

    That is a ``to_attr``, which prefetches go through, or the name of a ``FilteredRelation``, beside which Django
    takes joins only.
    """
    on_the_way = list(_ancestors(fetch, finding.fetches[0], fetches))
    if any(item.variant == ("to_attr",) for item in on_the_way):
        return f'.prefetch_related("{finding.path}")'
    if all(item.can_join for item in on_the_way):
        return f'.select_related("{finding.path}")'
    return f'prefetch_related_objects(rows, "{finding.path}")'


def _ancestors(fetch: Fetch, root: int, fetches: Mapping[int, Fetch]) -> Iterator[Fetch]:
    """Yield a fetch and those that it hangs on, without the root."""
    while fetch.number != root and fetch.parent:
        yield fetch
        fetch = fetches[fetch.parent]


def generic_code(finding: Finding, fetches: Mapping[int, Fetch], model_of: "ModelOf") -> str:
    """
    Return how to load what is behind a generic key for the models that have it, where others lack it.

    A plain lookup fails on the first row that has no such relation. Where all rows have it, an empty string.
    """
    names = finding.path.split("__")
    try:
        relations = walk(model_of(finding.model), finding.path)
    except (UsageError, LookupError):
        return ""
    kinds = [relation.hop.kind for relation in relations]
    if "generic" not in kinds[:-1]:
        return ""
    position = kinds.index("generic")
    behind = FetchPlan("__".join(names[position + 1 :]))
    seen = sorted(
        {
            fetch.model
            for fetch in fetches.values()
            if fetch.hops[-1:] == (names[position],) and fetch.kind in {"lazy", "prefetch"}
        }
    )
    having = [code for label in seen if (code := _rows_with(behind, model_of(label)))]
    if len(having) == len(seen):
        return ""
    key = "__".join(names[: position + 1])
    return f'.prefetch_related(GenericPrefetch("{key}", [{", ".join(having)}]))'


def _rows_with(plan: FetchPlan, model: "type[Model]") -> str:
    try:
        return f"{model.__name__}.objects{plan.as_code(model)}"
    except UsageError:
        return ""
