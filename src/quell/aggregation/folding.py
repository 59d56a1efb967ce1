"""Numbers of a coarse grouping out of those of a finer one."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from django.db.models import Count, F, Max, Min, Model, Sum

from quell.aggregation.functions import Exists, RowCount
from quell.aggregation.keys import KeySet
from quell.aggregation.numbers import INTEGERS, Number
from quell.aggregation.references import paths_of, resolve
from quell.exceptions import UsageError

# Note [Folded totals]
# Each row is in one group of a grouping. So the count of all rows is the sum of the counts of the groups, and nobody
# has to read the table again for it; the same holds for sums, for the smallest and the largest value, and for numbers
# over relations, whose rows belong to the rows. It is done where the result is what the database would say: not for
# floats, whose sum depends on the order, not for texts, whose order Python does not know, and not for what has no such
# rule: averages, distinct values, percentiles.

Fold: TypeAlias = Callable[[Any, Any], Any]
_ORDERED = INTEGERS | {"DecimalField", "DateField", "DateTimeField"}


def folds(model: type[Model], numbers: Mapping[str, Number], vendor: str) -> dict[str, Fold] | None:
    """Return how two values of each number become one, or nothing where that is not known of all of them."""
    found: dict[str, Fold] = {}
    for name, number in numbers.items():
        fold = _fold_of(model, number.aggregate, vendor)
        if fold is None:
            return None
        found[name] = fold
    return found


def _fold_of(model: type[Model], aggregate: Any, vendor: str) -> Fold | None:
    if getattr(aggregate, "distinct", False):
        return None
    if isinstance(aggregate, Exists):
        return _either
    if isinstance(aggregate, RowCount | Count):
        return _sum
    # A count knows no default.
    default = getattr(aggregate, "default", None)
    column = _column_of(model, aggregate) if isinstance(aggregate, Sum | Min | Max) else ""
    if isinstance(aggregate, Sum):
        # SQLite adds decimals as floats.
        is_exact = column in INTEGERS or (column == "DecimalField" and vendor != "sqlite")
        return _sum if is_exact and (default is None or default == 0) else None
    if column in _ORDERED and default is None:
        return _smaller if isinstance(aggregate, Min) else _larger
    return None


def _column_of(model: type[Model], aggregate: Any) -> str:
    """Return the type of the column that is aggregated, or nothing where it is no column."""
    source = aggregate.get_source_expressions()[0]
    if not isinstance(source, F):
        return ""
    try:
        reference = resolve(model, *paths_of(source))
    except UsageError:
        # An annotation of the queryset.
        return ""
    return "" if reference.rest else str(reference.field.get_internal_type())


def fold_groups(
    finer: Mapping[tuple[Any, ...], Mapping[str, Any]],
    fine: KeySet,
    coarse: KeySet,
    how: Mapping[str, Fold],
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """
    Return the groups of a grouping whose keys are some of those of a finer one.

    Args:
        finer: The values of each group by name.
        fine: Its keys.
        coarse: Some of them.
        how: How two values become one.
    """
    places = [fine.index(key) for key in coarse]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for key, values in finer.items():
        group = found.setdefault(tuple(key[place] for place in places), {})
        for name, fold in how.items():
            group[name] = fold(group[name], values[name]) if name in group else values[name]
    return found


def finest(sets: Iterable[KeySet]) -> tuple[KeySet, ...]:
    """Return the groupings that no other one is finer than."""
    every = tuple(sets)
    return tuple(item for item in every if not any(set(item) < set(other) for other in every))


def _sum(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _either(one: bool, other: bool) -> bool:  # noqa: FBT001 -- two values
    return one or other


def _smaller(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _larger(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
