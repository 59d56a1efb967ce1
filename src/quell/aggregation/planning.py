"""Which numbers share a pass, and which are better found by an index."""

from collections import defaultdict
from typing import Any

from quell.aggregation.estimates import Costs
from quell.aggregation.numbers import Number, is_among
from quell.aggregation.parts import Form, Part

# Note [Shared passes]
# A pass over all rows costs its start and a little for each number; a number by itself costs what its index finds, or
# another pass. A number belongs to the shared pass where the little is less than what it costs by itself, and there is
# one where that saves more than it costs to start. Numbers over the rows of a relation share a pass with those over the
# same relations, and with no others: further joins would repeat rows.


def plan_parts(numbers: dict[str, Number], costs: Costs, vendor: str) -> tuple[Part, ...]:
    """
    Divide numbers into parts.

    Args:
        numbers: By column; no two are equal.
        costs: Of those that need no further join.
        vendor: ``connection.vendor``.
    """
    by_relations: dict[frozenset[str], dict[str, Number]] = defaultdict(dict)
    for name, number in numbers.items():
        by_relations[number.joined].setdefault(name, number)
    found: list[Part] = []
    for joined, members in by_relations.items():
        if joined:
            reason = f"all over {', '.join(sorted(joined))}"
            found.append(_pass(members, reason))
        else:
            found.extend(_divided(members, costs, vendor))
    return tuple(found)


def _divided(numbers: dict[str, Number], costs: Costs, vendor: str) -> list[Part]:
    shared = {name: number for name, number in numbers.items() if costs.alone[name] > costs.each}
    saved = sum(costs.alone[name] - costs.each for name in shared)
    if len(shared) < 2 or saved <= costs.start:
        shared = {}
    found = [_pass(shared, f"one pass instead of {len(shared)}")] if shared else []
    for name, number in numbers.items():
        if name not in shared:
            found.append(_alone(name, number, costs, vendor))
    return found


def _pass(numbers: dict[str, Number], reason: str) -> Part:
    first, *others = numbers.values()
    common: tuple[Any, ...] = tuple(
        item for item in first.conditions if all(is_among(item, number.conditions) for number in others)
    )
    return Part(numbers=numbers, hoisted=common, reason=reason)


def _alone(name: str, number: Number, costs: Costs, vendor: str) -> Part:
    is_indexed = costs.alone[name] < costs.start
    # Only PostgreSQL has parallel workers, which pay where each row is read.
    form = Form.TABLE if vendor == "postgresql" and not is_indexed else Form.SCALAR
    reason = "by an index" if is_indexed else "the only pass over the rows"
    return Part(numbers={name: number}, hoisted=number.conditions, form=form, reason=reason)
