"""A plan as plain data that JSON holds, and back."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from django.db.models import F, Q

from quell.exceptions import UsageError
from quell.loading.limiting import Limit
from quell.loading.values import FilterSpec

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan

Data: TypeAlias = Mapping[str, object]

# The kinds of values that JSON has no form for, by name; a name stands in the data.
_KINDS: dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "decimal": (Decimal, str, Decimal),
    "uuid": (UUID, str, UUID),
}


def plan_data(plan: "FetchPlan") -> dict[str, object]:
    """
    Return the parts of a plan that are not empty.

    Raises:
        UsageError: If a condition holds a value that has no plain form, such as a subquery.
    """
    parts: dict[str, object] = {
        "paths": list(plan.paths),
        "join": list(plan.join),
        "separate": list(plan.separate),
        "only": list(plan.only or ()),
        "counts": dict(plan.counts),
        "exists": dict(plan.exists),
        "filters": {name: _filter(spec) for name, spec in plan.filters.items()},
        "limits": {name: _limit(limit) for name, limit in plan.limits.items()},
        "defer": list(plan.defer),
    }
    return {name: value for name, value in parts.items() if value}


def read_plan(data: Data) -> "FetchPlan":
    """
    Build the plan that gave this data.

    Raises:
        UsageError: If the data has another form.
    """
    from quell.loading.plan import FetchPlan

    try:
        parts: dict[str, Any] = dict(data)
        paths = parts.pop("paths", ())
        if "filters" in parts:
            parts["filters"] = {name: _read_filter(spec) for name, spec in parts["filters"].items()}
        if "limits" in parts:
            parts["limits"] = {name: _read_limit(limit) for name, limit in parts["limits"].items()}
        return FetchPlan(*paths, **parts)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        msg = f"{data!r} is no plan as as_data() returns it: {error}"
        raise UsageError(msg) from error


def _filter(spec: FilterSpec) -> dict[str, object]:
    path, condition, *ordering = spec
    return {
        "path": path,
        "condition": _value(condition),
        **({"ordering": list(ordering[0])} if ordering else {}),
    }


def _read_filter(data: Mapping[str, Any]) -> FilterSpec:
    condition = _read_value(data["condition"])
    if "ordering" in data:
        return data["path"], condition, tuple(data["ordering"])
    return data["path"], condition


def _limit(limit: Limit) -> dict[str, object]:
    parts: dict[str, object] = {"path": limit.path, "count": limit.count}
    parts |= {"ordering": list(limit.ordering)} if limit.ordering else {}
    return parts | ({"plan": plan_data(limit.plan)} if limit.plan is not None else {})


def _read_limit(data: Mapping[str, Any]) -> Limit:
    plan = read_plan(data["plan"]) if "plan" in data else None
    return Limit(data["path"], data["count"], *data.get("ordering", ()), plan=plan)


def _value(value: Any) -> object:  # noqa: ANN401 -- whatever a lookup compares with
    if isinstance(value, Q):
        return {
            "q": value.connector,
            "negated": value.negated,
            "children": [_value(item) for item in value.children],
        }
    if isinstance(value, F):
        return {"f": value.name}  # type: ignore[attr-defined]  # missing in the stubs
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_value(item) for item in value]}
    for kind, (cls, write, _) in _KINDS.items():
        if isinstance(value, cls):
            return {kind: write(value)}
    msg = f"{value!r} in a condition has no form as data; only values, dates, lists, F() and Q() have"
    raise UsageError(msg)


def _read_value(data: Any) -> Any:  # noqa: ANN401 -- whatever a lookup compares with
    if not isinstance(data, dict):
        return data
    if "q" in data:
        children = [_read_value(child) for child in data["children"]]
        return Q.create(children, connector=data["q"], negated=data["negated"])
    [(kind, value)] = data.items()
    if kind in {"list", "tuple"}:
        items = [_read_value(item) for item in value]
        return tuple(items) if kind == "tuple" else items
    return F(value) if kind == "f" else _KINDS[kind][2](value)
