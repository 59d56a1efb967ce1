"""Which numbers share a pass, and which are better found by an index."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeAlias

from quell.aggregation.estimates import Costs
from quell.aggregation.numbers import Number, is_among
from quell.aggregation.parts import Form, Part

# Note [Shared passes]
# A pass over all rows costs its start and a little for each number; numbers by themselves cost what an index finds of
# their rows, or another pass. Numbers with the same conditions are never apart: their conditions go to WHERE. They
# belong to the shared pass where the little is less than what they cost by themselves, and there is one where that
# saves more than it costs to start. A condition that asks another table row by row stays out of it: in WHERE the
# database makes a join of it. Numbers over the rows of a relation share a pass with those over the same relations, and
# with no others: further joins would repeat rows.

_Numbers: TypeAlias = dict[str, Number]


def plan_parts(numbers: _Numbers, costs: Costs, vendor: str) -> tuple[Part, ...]:
    """
    Divide numbers into parts.

    Args:
        numbers: By column; no two are equal.
        costs: Of those that need no further join.
        vendor: ``connection.vendor``.
    """
    by_relations: dict[frozenset[str], _Numbers] = defaultdict(dict)
    found: list[Part] = []
    for name, number in numbers.items():
        if number.stands_alone:
            found.append(_by_nature(name, number))
        else:
            by_relations[number.joined][name] = number
    for joined, members in by_relations.items():
        if joined:
            found.append(_part(members, f"all over {', '.join(sorted(joined))}"))
        else:
            found.extend(_divided(members, costs, vendor))
    return tuple(found)


def _by_nature(name: str, number: Number) -> Part:
    """Return the part of a number that shares no pass with others."""
    form, reason = Form.SCALAR, "the search stops at the first row"
    if number.is_picked:
        reason = "picked from rows in order"
        form = Form.SCALAR if number.aggregate.is_single else Form.LIST
    return Part(numbers={name: number}, hoisted=number.conditions, form=form, reason=reason)


def _divided(numbers: _Numbers, costs: Costs, vendor: str) -> Iterator[Part]:
    families = _families(numbers)
    gains = [_cost_apart(family, costs) - costs.each * len(family) for family in families]
    shared = [
        family for family, gain in zip(families, gains, strict=True) if gain > 0 and not _asks_tables(family)
    ]
    saved = sum(gain for family, gain in zip(families, gains, strict=True) if family in shared)
    if costs.is_union or len(shared) < 2 or saved <= costs.start:
        shared = []
    if shared:
        together = {name: number for family in shared for name, number in family.items()}
        yield _part(together, f"one pass instead of {len(shared)}")
    for family in families:
        if family not in shared:
            yield _by_itself(family, costs, vendor)


def _families(numbers: _Numbers) -> list[_Numbers]:
    """Divide numbers by their conditions."""
    found: list[_Numbers] = []
    for name, number in numbers.items():
        for family in found:
            other = next(iter(family.values()))
            if len(other.conditions) == len(number.conditions) and _has_all(number, other.conditions):
                family[name] = number
                break
        else:
            found.append({name: number})
    return found


def _has_all(number: Number, conditions: tuple[Any, ...]) -> bool:
    return all(is_among(item, number.conditions) for item in conditions)


def _cost_apart(family: _Numbers, costs: Costs) -> float:
    return max(costs.alone[name] for name in family) + costs.each * (len(family) - 1)


def _asks_tables(family: _Numbers) -> bool:
    return next(iter(family.values())).asks_tables


def _part(numbers: _Numbers, reason: str) -> Part:
    first, *others = numbers.values()
    common = tuple(
        item for item in first.conditions if all(is_among(item, other.conditions) for other in others)
    )
    return Part(numbers=numbers, hoisted=common, reason=reason)


def _by_itself(family: _Numbers, costs: Costs, vendor: str) -> Part:
    is_indexed = _cost_apart(family, costs) < costs.start / 2
    # Only PostgreSQL has parallel workers, which pay where each row is read.
    is_scalar = len(family) == 1 and (is_indexed or vendor != "postgresql")
    reason = "an index finds the rows" if is_indexed else "a pass of its own, as sharing would save nothing"
    if costs.is_union:
        reason = "found by a parallel worker, beside the others"
    return Part(
        numbers=family,
        hoisted=next(iter(family.values())).conditions,
        form=Form.SCALAR if is_scalar else Form.TABLE,
        reason=reason,
    )
