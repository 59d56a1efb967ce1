"""The code that answers for all rows what a loop asks of a related manager of each."""

import ast
from collections.abc import Sequence
from dataclasses import replace

from django.db.models import Model, Q

from quell.advice.annotating import annotation
from quell.advice.calls import Answer, Call, code_of, free_name
from quell.advice.chains import Step
from quell.exceptions import UsageError
from quell.introspection.relations import walk
from quell.loading.plan import FetchPlan
from quell.loading.values import is_prefix
from quell.wording.sentences import CHOOSE, READ_ALL, READ_INSTEAD

_ROW_CALLS = frozenset(
    {"filter", "exclude", "order_by", "reverse", "distinct", "only", "defer", "annotate", "alias"}
    | {"select_related", "prefetch_related", "select_for_update"}
)
_CONDITIONS = frozenset({"filter", "exclude"})
_ONE_ROW = {"first": "first", "last": "last", "latest": "latest", "earliest": "earliest"}


def answer(call: Call) -> Answer:
    """
    Return what to write at the queryset instead.

    Raises:
        QuellError: If the relation has no model, or Django cannot load it in another way.
    """
    kept = kept_steps(call)
    if call.behind and not _is_prefetching(kept, call.behind):
        kept = [*kept, Step("prefetch_related", (ast.Constant(call.behind),))]
    if "union" in call.fetch.variant:
        return _all_rows(call, CHOOSE())
    is_known = bool(call.chain.steps) or not set(call.fetch.variant) - {"order", "values"}
    if not is_known or not call.chain.is_same_for_all([*kept, *_lookups(call)]):
        return _all_rows(call, CHOOSE())
    method = call.fetch.method
    if method in {"count", "exists", "aggregate"}:
        return (annotation(call, kept) if call.takes_columns else None) or _list(call, kept)
    if method in _ONE_ROW:
        return _one_row(call, kept, _ONE_ROW[method])
    if not kept and not _lookups(call) and not _is_sliced(call):
        note = READ_ALL(name=call.path.rpartition("__")[2])
        return _all_rows(_with_columns(call), note)
    return _list(call, kept)


def kept_steps(call: Call) -> list[Step]:
    """Return the leading calls of a chain that choose and order rows."""
    kept: list[Step] = []
    for step in call.chain.steps:
        if step.name == "all" and not step.arguments:
            continue
        if step.name not in _ROW_CALLS and not _is_own_method(call, step.name):
            break
        kept.append(step)
    return kept


def _is_prefetching(steps: Sequence[Step], path: str) -> bool:
    """Tell whether calls name a path to prefetch, or a longer one."""
    return any(
        step.name == "prefetch_related"
        and any(
            isinstance(node, ast.Constant) and is_prefix(path, str(node.value)) for node in step.arguments
        )
        for step in steps
    )


def _is_own_method(call: Call, name: str) -> bool:
    """Tell whether the project's manager has a method that narrows its rows."""
    target = call.last.target
    function = getattr(target._default_manager, name, None) if target is not None else None
    # What Django's managers have, and does not narrow rows, ends a chain.
    return callable(function) and not getattr(function, "__module__", "").startswith("django.")


def _lookups(call: Call) -> list[Step]:
    """Return the conditions of a final ``get()``, as those of a ``filter()``."""
    final = call.chain.steps[-1] if call.chain.steps else None
    if final is None or final.name not in {"get", "aget"} or not (final.arguments or final.keywords):
        return []
    return [Step("filter", final.arguments, final.keywords)]


def _with_columns(call: Call) -> Call:
    """Return the call with the way to the columns of other rows that ``values()`` names, if it is one."""
    for step in call.chain.steps:
        if step.name not in {"values", "values_list"} or call.behind:
            continue
        names = [str(node.value) for node in step.arguments if isinstance(node, ast.Constant)]
        ways = {name.rpartition("__")[0] for name in names} - {""}
        longest = max(ways, key=len, default="")
        if longest and all(is_prefix(way, longest) for way in ways) and _is_path(call.last.target, longest):
            return replace(call, behind=longest)
    return call


def _is_path(model: type[Model] | None, path: str) -> bool:
    try:
        return model is not None and bool(walk(model, path))
    except UsageError:
        # A transform such as __year, or a relation by its query name.
        return False


def _is_sliced(call: Call) -> bool:
    return "slice" in call.fetch.variant or any(step.index is not None for step in call.chain.steps)


def _all_rows(call: Call, note: str) -> Answer:
    path = f"{call.path}__{call.behind}" if call.behind else call.path
    return Answer(FetchPlan(path).as_code(call.model), note=note)


def _one_row(call: Call, kept: Sequence[Step], which: str) -> Answer:
    """Return a prefetch of the one row at an end of each relation."""
    order = _order_of(call, kept, which)
    if order is None or call.last.hop.kind == "generic_relation":
        # Django cannot slice the rows of a generic relation per owner.
        return _list(call, kept)
    return _prefetch(call, f"{code_of(kept)}{order}[:1]", f"{which}_{call.relation}")


def _order_of(call: Call, kept: Sequence[Step], which: str) -> str | None:
    """Return the calls that put the wanted row first; ``None`` where the source does not tell."""
    target = call.last.target
    if target is None:
        return None
    is_ordered = any(step.name == "order_by" for step in kept) or bool(target._meta.ordering)
    if which in {"first", "last"}:
        if is_ordered:
            return ".reverse()" if which == "last" else "" if kept else ".all()"
        return '.order_by("pk")' if which == "first" else '.order_by("-pk")'
    final = call.chain.steps[-1] if call.chain.steps else None
    given = [node.value for node in final.arguments if isinstance(node, ast.Constant)] if final else []
    default = target._meta.get_latest_by
    fields = [str(name) for name in given] or ([default] if isinstance(default, str) else list(default or ()))
    if not fields:
        return None
    spelled = ", ".join(f'"{_turned(name) if which == "latest" else name}"' for name in fields)
    return f".order_by({spelled})"


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _list(call: Call, kept: Sequence[Step]) -> Answer:
    """Return a prefetch of the chosen rows, in a list of its own."""
    steps = [*kept, *_lookups(call)]
    plan = _filter_plan(call, steps) if call.takes_columns and not _is_sliced(call) else None
    if plan is not None:
        name = next(iter(plan.filters))
        return Answer(
            plan.as_code(call.model),
            plan if not call.fetch.method else None,
            note=READ_INSTEAD(names=f".{name}"),
        )
    sliced = _slice_code(call)
    if sliced and call.last.hop.kind != "generic_relation":
        return _prefetch(call, f"{code_of(steps) or '.all()'}{sliced}", f"chosen_{call.relation}")
    return _prefetch(call, code_of(steps) or ".all()", f"chosen_{call.relation}")


def _slice_code(call: Call) -> str:
    """Return the slice of a chain, if it begins at the first row and is the same for all rows."""
    step = next((step for step in call.chain.steps if step.index is not None), None)
    match step and step.index:
        case ast.Slice(lower=None, upper=ast.Constant(value=int(end)), step=None):
            return f"[:{end}]"
        case ast.Constant(value=int(position)) if position >= 0:
            return f"[:{position + 1}]"
    return ""


def _prefetch(call: Call, rows: str, name: str) -> Answer:
    target = call.last.target
    if target is None:
        return _all_rows(call, CHOOSE())
    name = free_name(walk_owner(call), name)
    manager = f"{target.__name__}.{target._default_manager.name}"
    code = f'Prefetch("{call.path}", queryset={manager}{rows}, to_attr="{name}")'
    return Answer(f"{call.joins}.prefetch_related({code})", note=READ_INSTEAD(names=f".{name}"))


def _filter_plan(call: Call, steps: Sequence[Step]) -> FetchPlan | None:
    """Return the plan for rows that are chosen by literals alone."""
    condition = Q()
    ordering: tuple[str, ...] = ()
    for step in steps:
        values = [(keyword.arg, keyword.value) for keyword in step.keywords]
        if (
            step.name == "order_by"
            and not values
            and all(isinstance(x, ast.Constant) for x in step.arguments)
        ):
            ordering = tuple(str(x.value) for x in step.arguments if isinstance(x, ast.Constant))
        elif (
            step.name in _CONDITIONS and not step.arguments and all(_is_literal(value) for _, value in values)
        ):
            # Conditions of two calls on relations to many rows are not one condition: Q() would join them.
            if condition and any("__" in str(name) for name, _ in values):
                return None
            more = Q(**{str(name): ast.literal_eval(value) for name, value in values})
            condition &= more if step.name == "filter" else ~more
        else:
            return None
    if not condition and not ordering:
        return None
    base = f"{'chosen' if condition else 'ordered'}_{call.relation}"
    name = free_name(walk_owner(call), base)
    return FetchPlan(filters={name: (call.path, condition, ordering) if ordering else (call.path, condition)})


def _is_literal(node: ast.expr) -> bool:
    try:
        hash(ast.literal_eval(node))
    except (ValueError, TypeError):
        return False
    return True


def walk_owner(call: Call) -> type[Model]:
    """Return the model of the rows that hold the result."""
    way = call.path.rpartition("__")[0]
    owner = walk(call.model, way)[-1].target if way else call.model
    return owner or call.model
