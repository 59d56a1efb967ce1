"""A plan as Python: the value itself, and the calls that a developer appends to a queryset."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import F, Model, Q

from quell.introspection.relations import is_plain, walk
from quell.loading.correlating import Correlation, correlate, is_folding
from quell.loading.deferring import split_columns
from quell.loading.splitting import split
from quell.loading.values import Filter, read_filters

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan

_OPERATORS = {Q.AND: " & ", Q.OR: " | ", Q.XOR: " ^ "}


def plan_code(plan: "FetchPlan") -> str:
    """Return the call that builds an equal plan."""
    keywords = {
        "join": _tuple(plan.join),
        "separate": _tuple(plan.separate),
        "counts": _mapping((name, _text(path)) for name, path in plan.counts.items()),
        "exists": _mapping((name, _text(path)) for name, path in plan.exists.items()),
        "filters": _mapping((item.name, _spec(item)) for item in read_filters(plan.filters)),
        "defer": _tuple(plan.defer),
    }
    arguments = [_text(path) for path in plan.paths]
    arguments += [f"{name}={code}" for name, code in keywords.items() if code not in {"()", "{}"}]
    return f"FetchPlan({', '.join(arguments)})"


def queryset_code(plan: "FetchPlan", model: type[Model], *, may_group: bool = True) -> str:
    """See ``FetchPlan.as_code()``; a queryset with other joins may not be grouped for a count."""
    parts = split(plan, model)
    lookups = [_nested(model, path, [join for _, join in tails]) for path, tails in parts.nested]
    lookups += [_filtered(model, item) for item in read_filters(plan.filters)]
    deferred = split_columns(plan.defer, model, parts)
    lookups += [_narrowed(model, *item) for item in deferred.prefetched]
    narrowed = {path for path, _ in deferred.prefetched}
    lookups += [_text(path) for path in parts.prefetches if path not in narrowed]
    # Django drops the order of Meta from a query with GROUP BY, which a joined Count makes of it.
    is_alone = may_group and len(plan.counts) + len(plan.exists) == 1 and not model._meta.ordering
    columns = [
        f"{name}={_count(correlate(model, path, name), is_alone=is_alone)}"
        for name, path in plan.counts.items()
    ]
    columns += [
        f"{name}=Exists({rows_code(correlate(model, path, name))})" for name, path in plan.exists.items()
    ]
    calls = (
        ("select_related", [_text(path) for path in parts.joins]),
        ("prefetch_related", lookups),
        ("annotate", columns),
        ("defer", [_text(name) for name in deferred.own]),
    )
    return "".join(f".{method}({', '.join(arguments)})" for method, arguments in calls if arguments)


def _nested(model: type[Model], path: str, joins: Iterable[str]) -> str:
    rows = f"{_manager(model, path)}.select_related({', '.join(map(_text, joins))})"
    return f"Prefetch({_text(path)}, queryset={rows})"


def _narrowed(model: type[Model], path: str, columns: Iterable[str]) -> str:
    rows = f"{_manager(model, path)}.defer({', '.join(map(_text, columns))})"
    return f"Prefetch({_text(path)}, queryset={rows})"


def _filtered(model: type[Model], item: Filter) -> str:
    rows = _manager(model, item.path)
    if item.condition:
        rows += f".filter({_arguments(item.condition)})"
    if item.ordering:
        rows += f".order_by({', '.join(map(_text, item.ordering))})"
    elif not item.condition:
        rows += ".all()"
    return f"Prefetch({_text(item.path)}, queryset={rows}, to_attr={_text(item.name)})"


def _manager(model: type[Model], path: str) -> str:
    last = walk(model, path)[-1]
    if last.target is None:
        return path
    name = "_base_manager" if last.hop.is_single else last.target._default_manager.name
    return f"{last.target.__name__}.{name}"


def _count(correlation: Correlation, *, is_alone: bool) -> str:
    # A joined Count is right only beside no other join to many rows, and counts rows that a manager hides.
    if is_alone and is_plain(correlation.target._default_manager):
        return f"Count({_text(correlation.prefix + correlation.relation.hop.query_name)})"
    rows = rows_code(correlation)
    if is_folding(correlation.target._default_manager.all()):
        folded = f'{rows_code(correlation, is_nested=True)}.values("pk")'
        rows = f"{correlation.target.__name__}._base_manager.filter(pk__in={folded})"
    return count_code(correlation, rows)


def count_code(correlation: Correlation, rows: str) -> str:
    """Return a subquery that counts some rows of a relation: 0 where there are none, as nothing is grouped."""
    kind = "" if correlation.is_counted_a_number else ", output_field=IntegerField()"
    number = f'Func({_text(correlation.counted)}, function="COUNT"{kind})'
    return f"Subquery({rows}.order_by().values(n={number}))"


def grouping_names(correlation: Correlation) -> tuple[str, ...]:
    """Return the names by which the rows of a relation are grouped by the row that they belong to."""
    return tuple(lookup for lookup, _ in _conditions(correlation))


def rows_code(correlation: Correlation, *, is_nested: bool = False) -> str:
    """Return the queryset of the related rows, as a developer writes it."""
    conditions: dict[str, str] = {}
    for lookup, outer in _conditions(correlation):
        value = f"OuterRef({_text(correlation.prefix + outer)})"
        value = f"OuterRef({value})" if is_nested else value
        conditions[lookup] = f"Cast({value}, CharField())" if correlation.is_text else value
    if correlation.content_type is not None:
        name, owner = correlation.content_type
        conditions[f"{name}__app_label"] = _text(owner._meta.app_label)
        conditions[f"{name}__model"] = _text(owner._meta.model_name or "")
    arguments = ", ".join(
        f"{name}={value}" if name.isidentifier() else f"**{{{_text(name)}: {value}}}"
        for name, value in conditions.items()
    )
    return f"{correlation.target.__name__}.{correlation.target._default_manager.name}.filter({arguments})"


def _conditions(correlation: Correlation) -> Sequence[tuple[str, str]]:
    """Leave the key out of a condition where Django takes the primary key by itself."""
    (lookup, outer), *others = correlation.conditions
    key = correlation.owner._meta.pk
    if others or outer != key.attname:
        return correlation.conditions
    if correlation.relation.hop.kind == "many_to_many":
        return ((lookup.rpartition("__")[0], "pk"),)
    return ((correlation.relation.field.field.name, "pk"),)


def _spec(item: Filter) -> str:
    ordering = f", {_tuple(item.ordering)}" if item.ordering else ""
    return f"({_text(item.path)}, {_condition(item.condition)}{ordering})"


def _arguments(condition: Q) -> str:
    """Return a condition as the arguments of ``filter()``: keywords where it has no operators."""
    pairs = [child for child in condition.children if isinstance(child, tuple)]
    if condition.negated or condition.connector != Q.AND or len(pairs) != len(condition.children):
        return _condition(condition)
    return ", ".join(f"{name}={_value(value)}" for name, value in pairs)


def _condition(condition: Q) -> str:
    parts = [_operand(child) for child in condition.children]
    is_group = len(parts) > 1
    if (
        is_group
        and condition.connector == Q.AND
        and all(isinstance(child, tuple) for child in condition.children)
    ):
        code, is_group = f"Q({', '.join(part[2:-1] for part in parts)})", False
    else:
        code = _OPERATORS[condition.connector].join(parts) or "Q()"
    if not condition.negated:
        return code
    return f"~({code})" if is_group else f"~{code}"


def _operand(child: object) -> str:
    if isinstance(child, Q):
        code = _condition(child)
        return f"({code})" if len(child.children) > 1 and not child.negated else code
    if isinstance(child, tuple):
        return f"Q({child[0]}={_value(child[1])})"
    return f"Q({child!r})"


def _value(value: Any) -> str:  # noqa: ANN401 -- whatever a lookup compares with
    if isinstance(value, F):
        name: str = value.name  # type: ignore[attr-defined]  # missing in the stubs
        return f"F({_text(name)})"
    return _text(value) if isinstance(value, str) else repr(value)


def _mapping(items: Iterable[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{_text(key)}: {value}" for key, value in items) + "}"


def _tuple(items: Sequence[str]) -> str:
    inner = ", ".join(map(_text, items))
    return f"({inner},)" if len(items) == 1 else f"({inner})"


def _text(value: str) -> str:
    """Quote as formatters do, which is what the code of a project looks like."""
    quoted = repr(value)
    return f'"{quoted[1:-1]}"' if quoted.startswith("'") and '"' not in quoted else quoted
