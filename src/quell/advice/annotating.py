"""Numbers of related rows as subqueries, which leave the rows of a queryset alone whatever else it joins."""

import ast
from collections.abc import Sequence

from quell.advice.calls import Answer, Call, code_of, free_name, quoted
from quell.advice.chains import Step, calls_at
from quell.exceptions import QuellError
from quell.loading.correlating import Correlation, correlate
from quell.loading.rendering import count_code, grouping_names, rows_code
from quell.wording.sentences import READ_INSTEAD

_ZERO = "Coalesce({}, 0)"


def annotation(call: Call, kept: Sequence[Step]) -> Answer | None:
    """Return a subquery that asks the database for every row at once, or ``None`` where there is none."""
    if any(step.name in {"distinct", "annotate", "only", "defer"} for step in kept):
        return None
    try:
        correlation = correlate(call.model, call.path, call.relation)
    except QuellError:
        # Behind a relation to many rows, a number would belong to rows that the queryset does not return.
        return None
    rows = rows_code(correlation) + code_of([step for step in kept if step.name != "order_by"])
    if call.fetch.method == "count":
        columns = {f"{call.relation}_count": count_code(correlation, rows)}
    elif call.fetch.method == "exists":
        columns = {f"has_{call.relation}": f"Exists({rows})"}
    else:
        columns = _aggregates(call, correlation, rows)
    if not columns:
        return None
    names = {free_name(call.model, name): code for name, code in columns.items()}
    arguments = ", ".join(f"{name}={code}" for name, code in names.items())
    return Answer(f"{call.joins}.annotate({arguments})", note=READ_INSTEAD(names=f".{', .'.join(names)}"))


def _aggregates(call: Call, correlation: Correlation, rows: str) -> dict[str, str]:
    """Return a column for each aggregate of the call, grouped in a subquery of its own."""
    final = next((node for node in calls_at(call.fetch.trigger, "aggregate")), None)
    final = final or next((node for node in calls_at(call.fetch.trigger, "aaggregate")), None)
    if final is None:
        return {}
    named = {keyword.arg: keyword.value for keyword in final.keywords if keyword.arg}
    named |= {_default_name(node): node for node in final.args}
    step = Step("aggregate", tuple(named.values()))
    if "" in named or not call.chain.is_same_for_all([step]):
        return {}
    group = ", ".join(f'"{name}"' for name in grouping_names(correlation))
    return {
        f"{call.relation}_{name}": _aggregate(
            f"{rows}.order_by().values({group})", name, quoted(ast.unparse(node))
        )
        for name, node in named.items()
    }


def _aggregate(rows: str, name: str, expression: str) -> str:
    found = f'Subquery({rows}.annotate({name}={expression}).values("{name}"))'
    # Of no rows there is no group, while aggregate() counts them as 0.
    return _ZERO.format(found) if expression.startswith(("Count(", "models.Count(")) else found


def _default_name(node: ast.expr) -> str:
    """Return a name for an aggregate that has none: the field, and what is computed."""
    match node:
        case ast.Call(
            func=ast.Name(id=function) | ast.Attribute(attr=function), args=[ast.Constant(value=str(field))]
        ):
            return f"{field}_{function.lower()}"
    return ""
