"""What two plans are together."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from quell.exceptions import PlanConflict
from quell.loading.limiting import Limit
from quell.loading.values import FilterSpec

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan

_SpecT = TypeVar("_SpecT", str, FilterSpec, Limit)


def merge_named(one: Mapping[str, _SpecT], other: Mapping[str, _SpecT]) -> dict[str, _SpecT]:
    """
    Return the results of two plans by name.

    Raises:
        PlanConflict: If one name means two things.
    """
    for name in sorted(one.keys() & other.keys()):
        if one[name] != other[name]:
            msg = f'"{name}" is {one[name]!r} in one plan and {other[name]!r} in the other: rename one'
            raise PlanConflict(msg)
    return {**one, **other}


# Note [Columns of merged plans]
# A merge loads what either plan loads. A plan with paths and without only= loads all columns, so a merge with it
# does as well. A plan with neither, such as one of counts, says nothing about columns. Else the columns of both
# are loaded; a relation that a plan lists by itself, without a column, is "relation__*" there, so that it is not
# narrowed by the other plan. What lies on the way to something else is, which is what makes under() compose.
def merge_columns(one: "FetchPlan", other: "FetchPlan") -> tuple[str, ...] | None:
    """Return the columns that a merge names, or ``None`` for all."""
    # See Note [Columns of merged plans]
    if any(plan.only is None and (plan.paths or plan.join or plan.separate) for plan in (one, other)):
        return None
    return (*(one.only or ()), *(other.only or ())) or None
