"""From findings to plans: one merged plan per queryset, and one line of code per finding."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from django.apps import apps
from django.db.models import Model

from quell.advice.cached import over_cache
from quell.advice.manager_calls import chains_at, choose_chain, depends_on_row
from quell.advice.source import chain_behind
from quell.events import Fetch, Recording
from quell.exceptions import QuellError
from quell.findings import Finding
from quell.loading.plan import FetchPlan

_Origin = tuple[str, str, str]

# What a related manager answers from rows that were prefetched; the empty one is iteration.
_FROM_CACHE = frozenset({"", "count", "exists", "contains"})
_ROW_CALLS = frozenset(
    {"filter", "exclude", "order_by", "reverse", "distinct", "only", "defer", "annotate", "alias"}
    | {"select_related", "prefetch_related"}
)


def advise(findings: Iterable[Finding], recording: Recording) -> tuple[Finding, ...]:
    """Return the findings with suggestion and plan; those of one origin carry the same merged plan."""
    fetches = {fetch.number: fetch for fetch in recording.fetches}
    return merge([_advise_one(finding, fetches) for finding in findings])


def merge(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Give all findings of one origin the plans of all of them as one."""
    merged = _merge(findings)
    return tuple(_with_plan(finding, merged.get(_origin(finding))) for finding in findings)


def _origin(finding: Finding) -> _Origin:
    return str(finding.origin), finding.model, finding.place


def _merge(findings: Sequence[Finding]) -> Mapping[_Origin, FetchPlan]:
    merged: dict[_Origin, FetchPlan] = {}
    for finding in findings:
        if finding.plan is not None:
            merged[_origin(finding)] = merged.get(_origin(finding), FetchPlan()) | finding.plan
    return {origin: _without_needless(plan) for origin, plan in merged.items()}


def _without_needless(plan: FetchPlan) -> FetchPlan:
    """Drop counts and existence tests of relations that are loaded anyway: they answer from the cache."""
    loaded = {path.split("__")[0] for path in plan.paths}
    counts = {name: path for name, path in plan.counts.items() if path not in loaded}
    exists = {name: path for name, path in plan.exists.items() if path not in loaded}
    return FetchPlan(
        *plan.paths,
        join=plan.join,
        separate=plan.separate,
        counts=counts,
        exists=exists,
        filters=plan.filters,
    )


def _with_plan(finding: Finding, plan: FetchPlan | None) -> Finding:
    if finding.plan is None or plan is None:
        return finding
    place, suggestion = finding.place, finding.suggestion
    if place.endswith(".list_select_related"):
        joins, prefetches = plan.split(model_of(finding.model))
        if prefetches or plan.counts or plan.exists:
            place = place.replace(".list_select_related", ".get_queryset")
        else:
            suggestion = f"list_select_related = ({', '.join(f'{join!r}' for join in joins)},)".replace(
                "'", '"'
            )
    return replace(finding, plan=plan, place=place, suggestion=suggestion)


def model_of(label: str) -> type[Model]:
    """Return the model of a label."""
    # Not get_model(): a model may belong to an application that is not installed.
    return apps.get_registered_model(*label.split("."))


def _advise_one(finding: Finding, fetches: Mapping[int, Fetch]) -> Finding:
    fetch = fetches.get(finding.fetches[1]) if finding.fetches else None
    if fetch is None:
        return replace(
            finding, suggestion="Run one query before the loop, and look the rows up in its result."
        )
    if finding.kind in {"query_in_loop", "duplicate_query"}:
        return replace(finding, suggestion=_loop_code(finding, fetch))
    if finding.kind == "defeated_prefetch":
        return replace(finding, suggestion=_cached_code(finding, fetch))
    if fetch.is_deferred:
        column = finding.path.rpartition("__")[2]
        return replace(finding, suggestion=f'load "{column}": name it in .only(), or take it out of .defer()')
    if not finding.fetches[0]:
        code = f'prefetch_related_objects(instances, "{finding.path}")'
        return replace(finding, suggestion=code)
    return _advise_relation(finding, fetch, fetches)


def _loop_code(finding: Finding, fetch: Fetch) -> str:
    name = fetch.model.rpartition(".")[2]
    if fetch.form_field and fetch.method in {"", "iterator"}:
        # All forms of a formset copy the field, and with it choices that are a list.
        return f'field.choices = list(field.choices) where the field "{fetch.form_field}" is made'
    if finding.kind == "duplicate_query":
        owner = fetch.owner_model.rpartition(".")[2].lower()
        call = (
            f".{fetch.method}()"
            if fetch.method in {"count", "exists"}
            else ""
            if fetch.is_single
            else ".all()"
        )
        return f"{owner}.{fetch.hops[-1]}{call} once, before the loop"
    if fetch.method == "get":
        return f"{name}.objects.in_bulk(...) before the loop"
    if fetch.method in {"count", "exists", "aggregate"}:
        return f"one {name}.objects.values(...).annotate(...) before the loop"
    return f"one {name}.objects.filter(...__in=...) before the loop"


def _advise_relation(finding: Finding, fetch: Fetch, fetches: Mapping[int, Fetch]) -> Finding:
    relation = finding.path.rpartition("__")[2]
    is_nested = "__" in finding.path
    # A query does not tell that its rows were to be prefetched for; the source does.
    changes_rows = bool(fetch.variant) or ".prefetch_related(" in chain_behind(finding.trigger, relation)
    if changes_rows or fetch.method not in _FROM_CACHE:
        return replace(finding, suggestion=_filtered_code(fetch, finding.path))
    chosen = _chosen_rows(finding, fetch, fetches)
    if chosen is not None:
        return replace(finding, suggestion=_filtered_code(*chosen))
    name = relation.removesuffix("_set")
    if fetch.method == "count" and not is_nested:
        plan = FetchPlan(counts={_free_name(finding.model, f"{name}_count"): finding.path})
    elif fetch.method == "exists" and not is_nested:
        plan = FetchPlan(exists={_free_name(finding.model, f"has_{name}"): finding.path})
    else:
        plan = FetchPlan(finding.path)
    try:
        code = plan.as_code(model_of(finding.model))
    except QuellError as error:
        return replace(finding, suggestion=str(error))
    return replace(finding, plan=plan, suggestion=code)


def _cached_code(finding: Finding, fetch: Fetch) -> str:
    """Return the expression over the rows that are there, or, where the database must choose, their ``Prefetch``."""
    relation = finding.path.rpartition("__")[2]
    chain = choose_chain(chains_at(finding.trigger, relation), fetch.method)
    if chain is None:
        # A template: what is the first row there, a list of its own has to put first.
        order = {"first": "pk", "last": "-pk"}.get(fetch.method, "")
        return _filtered_code(fetch, finding.path, order=order)
    code = over_cache(chain, model_of(fetch.model))
    if not code and depends_on_row(chain):
        return f"choose among the rows of {chain.manager}.all() in Python: they are loaded already"
    return code or _filtered_code(fetch, finding.path)


def _free_name(label: str, name: str) -> str:
    """Return a name for an annotation that is not one of the model's own, such as a property that counts."""
    return f"annotated_{name}" if hasattr(model_of(label), name) else name


def _chosen_rows(
    finding: Finding, fetch: Fetch, fetches: Mapping[int, Fetch]
) -> tuple[Fetch, str, str] | None:
    """Return the load on the way from the root that chose some rows only, its path, and the path behind it."""
    behind: tuple[str, ...] = ()
    while fetch.parent and fetch.number != finding.fetches[0]:
        behind = (*fetch.hops, *behind)
        fetch = fetches[fetch.parent]
        is_choice = bool(fetch.variant) or fetch.method not in _FROM_CACHE
        if fetch.kind == "lazy" and is_choice and fetch.number != finding.fetches[0]:
            path = "__".join(finding.path.split("__")[: -len(behind)])
            return fetch, path, "__".join(behind)
    return None


def _filtered_code(fetch: Fetch, path: str, behind: str = "", *, order: str = "") -> str:
    """Return a ``Prefetch`` with the filters and the order of the loop, as its source spells them."""
    relation = path.rpartition("__")[2]
    name = fetch.model.rpartition(".")[2]
    chain = chain_behind(fetch.origin, relation) or chain_behind(fetch.trigger, relation)
    kept = _row_calls(chain) or (".filter(...)" if "filter" in fetch.variant else ".all()")
    if fetch.method == "aggregate":
        return (
            f"annotate the queryset with what {relation}{chain or '.aggregate(...)'} computes, as a subquery"
        )
    if order and kept == ".all()" and not model_of(fetch.model)._meta.ordering:
        kept = f'.order_by("{order}")'
    if behind:
        kept += f'.prefetch_related("{behind}")'
    base = f'Prefetch("{path}", queryset={name}.objects{kept}, to_attr="loaded_{relation}")'
    return f".prefetch_related({base})"


def _row_calls(chain: str) -> str:
    """Return the leading calls of a chain that choose and order rows."""
    import ast

    if not chain:
        return ""
    node: ast.expr = ast.parse(f"x{chain}", mode="eval").body
    while True:
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in _ROW_CALLS:
                return ast.unparse(node)[1:].replace("'", '"')
            case (
                ast.Call(func=ast.Attribute(value=inner))
                | ast.Subscript(value=inner)
                | ast.Attribute(value=inner)
            ):
                node = inner
            case _:
                return ""
