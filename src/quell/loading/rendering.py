"""A plan as Python: the value itself, and the calls that a developer appends to a queryset."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import F, Model, Q

from quell.introspection.relations import is_plain, walk
from quell.loading.correlating import Correlation, correlate
from quell.loading.splitting import split
from quell.loading.values import Filter

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan


def plan_code(plan: "FetchPlan") -> str:
    """Return the call that builds an equal plan."""
    parts = [_text(path) for path in plan.paths]
    parts += [f"{name}={_tuple(paths)}" for name, paths in (("join", plan.join), ("separate", plan.separate)) if paths]
    for name, mapping in (("counts", plan.counts), ("exists", plan.exists)):
        if mapping:
            parts.append(f"{name}={_mapping((key, _text(path)) for key, path in mapping.items())}")
    if plan.filters:
        parts.append(f"filters={_mapping((name, _spec(Filter.of(name, *spec))) for name, spec in plan.filters.items())}")
    return f"FetchPlan({', '.join(parts)})"


def queryset_code(plan: "FetchPlan", model: type[Model]) -> str:
    """See ``FetchPlan.as_code()``."""
    parts = split(plan, model)
    lookups = [_nested(model, path, joins) for path, joins in parts.nested]
    lookups += [_filtered(model, Filter.of(name, *spec)) for name, spec in plan.filters.items()]
    lookups += [_text(path) for path in parts.prefetches]
    annotations = [f"{name}={_count(model, path, plan)}" for name, path in plan.counts.items()]
    annotations += [f"{name}=Exists({_rows(correlate(model, path, name))})" for name, path in plan.exists.items()]
    calls = (
        ("select_related", [_text(path) for path in parts.joins]),
        ("prefetch_related", lookups),
        ("annotate", annotations),
    )
    return "".join(f".{method}({', '.join(arguments)})" for method, arguments in calls if arguments)


def condition_code(condition: Q) -> str:
    """Return a ``Q`` as Python."""
    parts = [_child(child) for child in condition.children]
    if len(parts) > 1 and condition.connector == Q.AND and not any(isinstance(child, Q) for child in condition.children):
        text = f"Q({', '.join(part[2:-1] for part in parts)})"
    else:
        text = {Q.AND: " & ", Q.OR: " | ", Q.XOR: " ^ "}[condition.connector].join(parts) or "Q()"
    if condition.negated:
        return f"~({text})" if len(parts) > 1 and not text.startswith("Q(") else f"~{text}"
    return text


def _child(child: Any) -> str:
    if isinstance(child, Q):
        text = condition_code(child)
        return f"({text})" if len(child.children) > 1 and not child.negated else text
    if isinstance(child, tuple):
        return f"Q({child[0]}={_value(child[1])})"
    return f"Q({child!r})"


def _value(value: object) -> str:
    return f"F({_text(value.name)})" if isinstance(value, F) else _text(value) if isinstance(value, str) else repr(value)


def _nested(model: type[Model], path: str, joins: Iterable[str]) -> str:
    rows = f"{_manager(model, path)}.select_related({', '.join(map(_text, joins))})"
    return f"Prefetch({_text(path)}, queryset={rows})"


def _filtered(model: type[Model], item: Filter) -> str:
    condition = condition_code(item.condition)
    arguments = condition[2:-1] if _is_one_call(item.condition) else condition
    rows = f"{_manager(model, item.path)}.filter({arguments})"
    if item.ordering:
        rows += f".order_by({', '.join(map(_text, item.ordering))})"
    return f"Prefetch({_text(item.path)}, queryset={rows}, to_attr={_text(item.name)})"


def _is_one_call(condition: Q) -> bool:
    simple = all(isinstance(child, tuple) for child in condition.children)
    return simple and bool(condition.children) and not condition.negated and condition.connector == Q.AND


def _manager(model: type[Model], path: str) -> str:
    last = walk(model, path)[-1]
    target: Any = last.target
    return f"{target.__name__}.{'_base_manager' if last.hop.is_single else target._default_manager.name}"


def _count(model: type[Model], path: str, plan: "FetchPlan") -> str:
    correlation = correlate(model, path, "counts")
    is_alone = len(plan.counts) + len(plan.exists) == 1
    # A joined Count is right only beside no other join to many rows, and it sees rows that a manager hides.
    if is_alone and is_plain(correlation.target._default_manager):
        return f"Count({_text(correlation.prefix + correlation.relation.hop.query_name)})"
    return f'Subquery({_rows(correlation)}.order_by().values(n=Func("pk", function="COUNT")))'


def _rows(correlation: Correlation) -> str:
    """Return the queryset of the counted rows, as a developer writes it."""
    target = correlation.target
    conditions: dict[str, str] = {}
    for lookup, outer in correlation.conditions:
        name, key = _shortest(correlation, lookup, outer)
        value = f"OuterRef({_text(correlation.prefix + key)})"
        conditions[name] = f"Cast({value}, CharField())" if lookup in correlation.casts else value
    if correlation.content_type is not None:
        name, owner = correlation.content_type
        conditions[f"{name}__app_label"] = _text(owner._meta.app_label)
        conditions[f"{name}__model"] = _text(owner._meta.model_name or "")
    arguments = ", ".join(
        f"{name}={value}" if name.isidentifier() else f"**{{{_text(name)}: {value}}}" for name, value in conditions.items()
    )
    return f"{target.__name__}.{target._default_manager.name}.filter({arguments})"


def _shortest(correlation: Correlation, lookup: str, outer: str) -> tuple[str, str]:
    """Leave the key out of a condition where Django takes the primary key by itself."""
    owner = correlation.owner
    if len(correlation.conditions) > 1 or owner._meta.pk is None or outer not in {"pk", owner._meta.pk.attname}:
        return lookup, outer
    hop = correlation.relation.hop
    if hop.kind == "many_to_many":
        return lookup.rsplit("__", 1)[0], "pk"
    return (correlation.relation.field.field.name if hop.kind == "reverse_many" else lookup), "pk"


def _spec(item: Filter) -> str:
    ordering = f", {_tuple(item.ordering)}" if item.ordering else ""
    return f"({_text(item.path)}, {condition_code(item.condition)}{ordering})"


def _mapping(items: Iterable[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{_text(key)}: {value}" for key, value in items) + "}"


def _tuple(items: Iterable[str]) -> str:
    texts = [_text(item) for item in items]
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


def _text(value: str) -> str:
    """Quote as ruff and black do, which is what a project's code looks like."""
    quoted = repr(value)
    return f'"{quoted[1:-1]}"' if quoted.startswith("'") and '"' not in quoted else quoted
