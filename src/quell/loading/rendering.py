"""A plan as Python: the value itself, and the calls that a developer appends to a queryset."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import F, Model, Q

from quell.introspection.relations import is_plain, walk
from quell.loading.correlating import Correlation, correlate, is_folding
from quell.loading.deferring import split_columns
from quell.loading.limiting import Limit, check_relation, total_ordering
from quell.loading.narrowing import Columns, Level, column_names, incoming, read_columns
from quell.loading.prefetching import Rows, join_tree, prefetched_rows
from quell.loading.splitting import Split, split
from quell.loading.values import Filter, is_covered, read_filters, way_of

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan

_OPERATORS = {Q.AND: " & ", Q.OR: " | ", Q.XOR: " ^ "}


def plan_code(plan: "FetchPlan") -> str:
    """Return the call that builds an equal plan."""
    keywords = {
        "join": _tuple(plan.join),
        "separate": _tuple(plan.separate),
        "only": _tuple(plan.only or ()),
        "counts": _mapping((name, _text(path)) for name, path in plan.counts.items()),
        "exists": _mapping((name, _text(path)) for name, path in plan.exists.items()),
        "filters": _mapping((item.name, _spec(item)) for item in read_filters(plan.filters)),
        "limits": _mapping((name, limit_code(limit)) for name, limit in plan.limits.items()),
        "defer": _tuple(plan.defer),
    }
    arguments = [_text(path) for path in plan.paths]
    arguments += [f"{name}={code}" for name, code in keywords.items() if code not in {"()", "{}"}]
    return f"FetchPlan({', '.join(arguments)})"


def limit_code(limit: Limit) -> str:
    """Return the call that builds an equal limit."""
    parts = [_text(limit.path), str(limit.count), *map(_text, limit.ordering)]
    parts += [f"plan={plan_code(limit.plan)}"] if limit.plan is not None else []
    return f"Limit({', '.join(parts)})"


def queryset_code(
    plan: "FetchPlan", model: type[Model], *, may_group: bool = True, keys: tuple[str, ...] = ()
) -> str:
    """See ``FetchPlan.as_code()``; a queryset with other joins may not be grouped for a count."""
    parts = split(plan, model)
    columns = read_columns(model, plan.only or (), plan.defer)
    deferred = split_columns(plan.defer, model, parts)
    rows, plain, followed = _prefetches(
        plan, model, parts, columns, [path for path, _ in deferred.prefetched]
    )
    lookups = [_rows(model, item) for item in rows]
    lookups += [_filtered(model, item) for item in read_filters(plan.filters)]
    lookups += [_limited(model, name, limit) for name, limit in plan.limits.items()]
    lookups += [_text(path) for path in plain]
    level = Level(model=model, joins=join_tree(parts.joins), followed=followed, keys=keys, mask={})
    only = column_names(columns, level)
    calls = (
        ("select_related", [_text(path) for path in parts.joins]),
        ("prefetch_related", lookups),
        ("annotate", _annotations(plan, model, may_group=may_group)),
        ("only", [_text(name) for name in only]),
        ("defer", [_text(name) for name in deferred.own if not only]),
    )
    return "".join(f".{method}({', '.join(arguments)})" for method, arguments in calls if arguments)


def _prefetches(
    plan: "FetchPlan", model: type[Model], parts: Split, columns: Columns, deferred: Sequence[str]
) -> tuple[tuple[Rows, ...], list[str], tuple[str, ...]]:
    """Return the prefetches with a queryset, those without, and all paths that are followed."""
    nested = dict(parts.nested)
    own = [item.path for item in read_filters(plan.filters)] + [limit.path for limit in plan.limits.values()]
    paths = (*parts.prefetches, *nested, *filter(None, map(way_of, own)))
    inner = [f"{path}__{tail}" for path, tails in parts.nested for tail, _ in tails]
    paths = (*paths, *(path for path in deferred if not is_covered(path, inner)))
    followed = (*paths, *own)
    rows = tuple(prefetched_rows(model, paths, followed, parts.joined_paths, nested, columns))
    narrowed = {item.path for item in rows}
    return rows, [path for path in parts.prefetches if path not in narrowed], followed


def _annotations(plan: "FetchPlan", model: type[Model], *, may_group: bool) -> list[str]:
    # Django drops the order of Meta from a query with GROUP BY, which a joined Count makes of it.
    is_alone = may_group and len(plan.counts) + len(plan.exists) == 1 and not model._meta.ordering
    counts = [
        f"{name}={_count(correlate(model, path, name), is_alone=is_alone)}"
        for name, path in plan.counts.items()
    ]
    return counts + [
        f"{name}=Exists({rows_code(correlate(model, path, name))})" for name, path in plan.exists.items()
    ]


def _rows(model: type[Model], item: Rows) -> str:
    calls = (("select_related", item.joins), ("only", item.only), ("defer", () if item.only else item.defer))
    code = "".join(f".{name}({', '.join(map(_text, values))})" for name, values in calls if values)
    return f"Prefetch({_text(item.path)}, queryset={_manager(model, item.path)}{code})"


def _limited(model: type[Model], name: str, limit: Limit) -> str:
    last = walk(model, limit.path)[-1]
    check_relation(model, name, limit, last)
    target: type[Model] = last.target or model
    code = _manager(model, limit.path)
    if is_folding(target._default_manager.all()):
        code = f'{target.__name__}._base_manager.filter(pk__in={code}.values("pk"))'
    code += queryset_code(limit.plan, target, keys=incoming(last)) if limit.plan is not None else ""
    ordering = ", ".join(map(_text, total_ordering(target._default_manager.all(), limit)))
    if last.hop.kind == "generic_relation":
        # Django slices the prefetch of no generic relation.
        owner = ", ".join(map(_text, incoming(last)))
        window = f"Window(RowNumber(), partition_by=[{owner}], order_by=[{ordering}])"
        code += f".alias(row_number={window}).filter(row_number__lte={limit.count}).order_by({ordering})"
    else:
        code += f".order_by({ordering})[:{limit.count}]"
    return f"Prefetch({_text(limit.path)}, queryset={code}, to_attr={_text(name)})"


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
