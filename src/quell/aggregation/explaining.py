"""Why numbers are computed as they are, for people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Q
from django.db.models.constants import LOOKUP_SEP

from quell.aggregation.declaring import Asked
from quell.aggregation.estimates import Costs
from quell.aggregation.numbers import Number
from quell.aggregation.parts import Part
from quell.aggregation.rows import Rows
from quell.introspection.indexes import leading_columns

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """
    Numbers that one pass computes, by name, and why.

    Costs compare with each other alone; they are ``None`` for numbers over the rows of a relation, of which no other
    way is known.
    """

    names: tuple[str, ...]
    reason: str
    cost: float | None
    cost_apart: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """
    How a statement computes its numbers.

    Attributes:
        passes: What is read, in the order of the statement.
        hints: Indexes that would let a number be found without a pass, where few rows satisfy its condition.
        is_asked: The costs come from the database, and are not guessed from the declared indexes.
        sql: The statement, without parameters.
    """

    passes: tuple[Pass, ...]
    hints: tuple[str, ...]
    is_asked: bool
    sql: str

    def __str__(self) -> str:
        """Return lines for a terminal."""
        source = "asked of the database" if self.is_asked else "guessed from declared indexes"
        passes = "1 pass" if len(self.passes) == 1 else f"{len(self.passes)} passes"
        lines = [f"one statement, {passes}; costs {source}"]
        for item in self.passes:
            cost = "" if item.cost is None else f"; cost {item.cost:,.2f}"
            if item.cost != item.cost_apart:
                cost += f" instead of {item.cost_apart:,.2f}"
            lines.append(f"  {', '.join(item.names)}: {item.reason}{cost}")
        return "\n".join([*lines, *(f"  hint: {hint}" for hint in self.hints)])


def explain(asked: Asked, parts: tuple[Part, ...], rows: Rows, costs: Costs, sql: str) -> Explanation:
    """Describe the parts of a statement."""
    names = _names(asked)
    return Explanation(
        passes=tuple(_pass(part, names, costs) for part in parts),
        hints=tuple(dict.fromkeys(hint for part in parts for hint in _hints(part, names, rows))),
        is_asked=costs.is_asked,
        sql=sql,
    )


def subclasses_of(base: type[_T]) -> Iterator[type[_T]]:
    """Yield all classes below one, in the order of their names."""
    for found in sorted(base.__subclasses__(), key=lambda item: (item.__module__, item.__qualname__)):
        yield found
        yield from subclasses_of(found)


def _names(asked: Asked) -> dict[str, str]:
    """Return the name that a column is known by; the operand of a ratio is known by that of the ratio."""
    found: dict[str, str] = {}
    for name, source in asked.sources.items():
        for column in (source,) if isinstance(source, str) else source[1:]:
            found.setdefault(column, name)
    return found


def _pass(part: Part, names: Mapping[str, str], costs: Costs) -> Pass:
    shown = tuple(dict.fromkeys(names[column] for column in part.numbers))
    if not part.numbers.keys() <= costs.alone.keys():
        return Pass(names=shown, reason=part.reason, cost=None, cost_apart=None)
    apart = sum(costs.alone[column] for column in part.numbers)
    is_own = len(part.hoisted) == len(next(iter(part.numbers.values())).conditions)
    start = max(costs.alone[column] for column in part.numbers) if is_own else costs.start
    cost = start + costs.each * (len(part.numbers) - is_own)
    return Pass(names=shown, reason=part.reason, cost=cost, cost_apart=apart)


def _hints(part: Part, names: Mapping[str, str], rows: Rows) -> Iterator[str]:
    if len(part.numbers) < 2:
        return
    leading = leading_columns(rows.model)
    for column, number in part.numbers.items():
        fields = [name for name in _compared(number) if name not in leading]
        if fields and len(fields) == len(number.conditions) and not number.joined:
            yield f'an index on {", ".join(fields)} would find "{names[column]}" by itself'


def _compared(number: Number) -> Iterator[str]:
    for item in number.conditions:
        condition = item.children[0] if isinstance(item, Q) and len(item.children) == 1 else item
        if isinstance(condition, tuple) and condition[0].count(LOOKUP_SEP) == 0:
            yield condition[0]
