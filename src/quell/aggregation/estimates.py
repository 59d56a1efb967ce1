"""What it costs to compute a number by itself, guessed from the indexes that a model declares."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q
from django.db.models.constants import LOOKUP_SEP
from django.db.models.sql.where import AND

from quell.aggregation.numbers import Number
from quell.aggregation.rows import Rows
from quell.introspection.indexes import Leading, leading_columns

_RANGES = frozenset({"gt", "gte", "lt", "lte", "range"})
_RANGE_SHARE = 0.1
_NULL_SHARE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """
    Costs of one kind of database, in passes over the whole table that count its rows.

    Attributes:
        start: A pass that computes nothing.
        each: One more number with a condition in such a pass.
        covered: An index entry, where the index has all that the count needs.
        visited: An index entry and its row.
        most: What an index costs at most, as the database reads the table instead.
    """

    start: float
    each: float
    covered: float
    visited: float
    most: float


# Measured by benchmarks/aggregation.py. SQLite takes an index wherever there is one, also where a pass is faster.
WEIGHTS = {
    "postgresql": Weights(start=0.95, each=0.07, covered=0.6, visited=8.0, most=1.0),
    "sqlite": Weights(start=0.85, each=0.15, covered=0.25, visited=14.0, most=14.0),
    "mysql": Weights(start=0.7, each=0.15, covered=1.0, visited=6.0, most=1.5),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """
    What numbers cost.

    Attributes:
        alone: Each number by itself, by name.
        start: A shared pass that computes nothing.
        each: One more number in it.
        is_asked: The database said so.
        is_union: It also said that its workers find all of them one by one, side by side, at less cost.
    """

    alone: dict[str, float]
    start: float
    each: float
    is_asked: bool = False
    is_union: bool = False


def guess_costs(rows: Rows, numbers: dict[str, Number], vendor: str) -> Costs:
    """Guess from declared indexes; no query."""
    weights = WEIGHTS.get(vendor, WEIGHTS["postgresql"])
    whole = _cost_of_rows(rows, weights)
    own = {name: item for name, item in numbers.items() if not item.joined and not item.stands_alone}
    alone = {name: cost_alone(rows, number, weights, whole=whole) for name, number in own.items()}
    return Costs(alone=alone, start=whole * weights.start, each=whole * weights.each)


def cost_alone(rows: Rows, number: Number, weights: Weights, *, whole: float) -> float:
    """Return the cost of a number by the best index, or ``whole`` where every row is read."""
    shares = [share for item in number.conditions if (share := indexed_share(rows.model, item)) is not None]
    if not shares:
        return whole
    is_covered = number.counts_rows and len(number.conditions) == 1 and rows.is_all
    cost = min(weights.most, min(shares) * (weights.covered if is_covered else weights.visited))
    # Rows that an index finds already need no other one.
    return cost if whole >= 1 else min(whole, cost)


def indexed_share(model: type[Model], condition: Any) -> float | None:
    """Return the share of the rows that an index finds for a condition; ``None`` where no index is of use."""
    while isinstance(condition, Q) and len(condition.children) == 1 and not condition.negated:
        condition = condition.children[0]
    if not isinstance(condition, tuple):
        return None
    path, value = condition
    name, _, lookup = path.partition(LOOKUP_SEP)
    leading = leading_columns(model).get(name)
    if leading is None or hasattr(value, "resolve_expression"):
        return None
    return _share(leading, lookup, value)


def _share(leading: Leading, lookup: str, value: Any) -> float | None:
    if lookup in {"", "exact"}:
        return leading.share if value is not None else _NULL_SHARE
    if lookup == "in":
        return (
            min(1.0, leading.share * len(value))
            if isinstance(value, list | tuple | set | frozenset)
            else None
        )
    if lookup == "isnull":
        return _NULL_SHARE
    return _RANGE_SHARE if lookup in _RANGES else None


def _cost_of_rows(rows: Rows, weights: Weights) -> float:
    """Return the cost of reading the rows of the queryset, by its best index."""
    where = rows.query.where
    if where.connector != AND or where.negated:
        return 1.0
    found = []
    child: Any
    for child in where.children:
        target: Any = getattr(getattr(child, "lhs", None), "target", None)
        leading = leading_columns(rows.model).get(target.name) if target is not None else None
        if leading is None or target.model._meta.concrete_model is not rows.model._meta.concrete_model:
            continue
        lookup = child.lookup_name
        if (
            not hasattr(child.rhs, "resolve_expression")
            and (share := _share(leading, lookup, child.rhs)) is not None
        ):
            found.append(share)
    return min([1.0, *(share * weights.visited for share in found)])
