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
    """

    start: float
    each: float
    covered: float
    visited: float


# Measured by benchmarks/aggregation.py.
WEIGHTS = {
    "postgresql": Weights(start=0.9, each=0.08, covered=0.5, visited=8.0),
    "sqlite": Weights(start=0.45, each=0.4, covered=0.6, visited=4.0),
    "mysql": Weights(start=0.7, each=0.15, covered=1.0, visited=6.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The cost of each number by itself, by name, and of a shared pass: at the start and for each number."""

    alone: dict[str, float]
    start: float
    each: float
    is_known: bool = False


def guess_costs(rows: Rows, numbers: dict[str, Number], vendor: str) -> Costs:
    """Guess from declared indexes; no query."""
    weights = WEIGHTS.get(vendor, WEIGHTS["postgresql"])
    whole = _cost_of_rows(rows, weights)
    alone = {name: min(whole, cost_alone(rows, number, weights)) for name, number in numbers.items()}
    return Costs(alone=alone, start=whole * weights.start, each=whole * weights.each)


def cost_alone(rows: Rows, number: Number, weights: Weights) -> float:
    """Return the cost of a number that an index finds, or 1 where each row of the table is read."""
    found = [share for item in number.conditions if (share := indexed_share(rows.model, item)) is not None]
    if not found:
        return 1.0
    is_covered = number.counts_rows and len(number.conditions) == 1 and rows.is_all
    return min(1.0, min(found) * (weights.covered if is_covered else weights.visited))


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
    for child in where.children:
        target = getattr(getattr(child, "lhs", None), "target", None)
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
