"""What a Statistics class declares: its model, its numbers, and the plans that were made for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from keyword import iskeyword
from typing import Any

from django.db.models import Model
from django.utils import timezone

from quell.aggregation.estimates import Costs, guess_costs
from quell.aggregation.numbers import Number, distinct_numbers, read_number
from quell.aggregation.parts import Part
from quell.aggregation.picking import read_pick
from quell.aggregation.picks import Pick
from quell.aggregation.planning import plan_parts
from quell.aggregation.plans import make_plan
from quell.aggregation.ratios import Ratio
from quell.aggregation.rows import Rows
from quell.aggregation.statements import Plan
from quell.exceptions import UsageError

_MAX_PLANS = 256
_RESERVED = frozenset(
    {
        "afetch",
        "annotate",
        "attach",
        "by",
        "declaration",
        "explain",
        "fetch",
        "keys",
        "of",
        "over",
        "queryset",
    }
    | {"with_values"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    The numbers of a declaration, and where each result is found.

    ``columns`` are the numbers to compute, no two of them equal; ``sources`` has for each name its column, or for a
    ratio the ratio and the columns of its operands.
    """

    columns: dict[str, Number]
    sources: dict[str, str | tuple[Ratio, str, str]]

    @property
    def is_generic(self) -> bool:
        """Tell whether a statement holds the key of a content type, and can be used once only."""
        return any(number.is_generic for number in self.columns.values())

    def results(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value of each name, from the values of the columns."""
        return {
            name: values[source]
            if isinstance(source, str)
            else source[0].divide(values[source[1]], values[source[2]])
            for name, source in self.sources.items()
        }


@dataclass(slots=True, eq=False)
class Declaration:
    """
    Numbers over a model, by name.

    ``plans`` and ``costs`` are kept for each shape of a queryset: what its SQL is without its parameters.
    """

    model: type[Model]
    expressions: dict[str, Any]
    _asked: dict[frozenset[str], Asked] = field(default_factory=dict)
    _plans: dict[tuple[Any, ...], Plan] = field(default_factory=dict)
    _costs: dict[tuple[Any, ...], Costs] = field(default_factory=dict)

    def asked(self, rows: Rows) -> Asked:
        """
        Return the numbers for a queryset, whose annotations they may name.

        Raises:
            UsageError: If one of them is wrong.
        """
        return self.asked_of(rows.annotations)

    def asked_of(self, known: frozenset[str]) -> Asked:
        """Do as ``asked()`` where ``known`` are the names of annotations."""
        if known not in self._asked:
            self._asked[known] = _ask(self.model, self.expressions, known)
        return self._asked[known]

    def plan(self, rows: Rows, connection: Any, *, is_alone: bool = True) -> Plan:
        """
        Return the plan for rows; it is made once for each shape.

        Args:
            rows: Of which rows.
            connection: Where.
            is_alone: No other plan belongs to the statement.
        """
        # The name of the time zone is part of what truncates a time to a day.
        key = (rows.alias, rows.signature, timezone.get_current_timezone_name(), is_alone)
        found = self._plans.get(key)
        if found is None:
            found = self._make(rows, connection, is_alone=is_alone)
            if not self.asked(rows).is_generic:
                if len(self._plans) >= _MAX_PLANS:
                    self._plans.clear()
                self._plans[key] = found
        return found

    def costs(self, rows: Rows, connection: Any) -> Costs:
        """Return what is known about the cost of each number; a guess, where nothing was asked for before."""
        known = self._costs.get((rows.alias, rows.signature))
        return known or guess_costs(rows, self.asked(rows).columns, connection.vendor)

    def learn(self, rows: Rows, costs: Costs) -> None:
        """Plan the next statements by other costs."""
        self._costs[rows.alias, rows.signature] = costs
        self._plans.clear()

    def parts(self, rows: Rows, connection: Any) -> tuple[Part, ...]:
        """Return what is computed together."""
        return plan_parts(self.asked(rows).columns, self.costs(rows, connection), connection.vendor)

    def _make(self, rows: Rows, connection: Any, *, is_alone: bool) -> Plan:
        costs = self.costs(rows, connection)
        # What was compared were statements for these numbers and no others.
        costs = replace(costs, is_union=costs.is_union and is_alone)
        return make_plan(rows, self.asked(rows).columns, costs, connection)


def _ask(model: type[Model], expressions: Mapping[str, Any], known: frozenset[str]) -> Asked:
    numbers = {
        name: (read_pick if isinstance(expression, Pick) else read_number)(model, name, expression, known)
        for name, expression in _flattened(model, expressions)
    }
    first = distinct_numbers(numbers)
    order = list(dict.fromkeys(first.values()))
    # No field may end with an underscore, so none is taken for a column.
    columns = {name: f"number_{position}_" for position, name in enumerate(order)}
    sources: dict[str, str | tuple[Ratio, str, str]] = {}
    for name, expression in expressions.items():
        if isinstance(expression, Ratio):
            upper, lower = (columns[first[operand]] for operand in _operand_names(name, expression))
            sources[name] = (expression, upper, lower)
        else:
            sources[name] = columns[first[name]]
    return Asked(columns={columns[name]: numbers[name] for name in order}, sources=sources)


def _flattened(model: type[Model], expressions: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, expression in expressions.items():
        if not isinstance(expression, Ratio):
            yield name, expression
            continue
        for key, operand in zip(_operand_names(name, expression), expression.operands, strict=True):
            if not isinstance(operand, str):
                yield key, operand
            elif isinstance(expressions.get(operand), Ratio) or operand not in expressions:
                msg = (
                    f'"{name}" of {model._meta.label} divides by name, and "{operand}" is no number beside it; write '
                    "the aggregate itself"
                )
                raise UsageError(msg)


def _operand_names(name: str, ratio: Ratio) -> tuple[str, str]:
    """Return the name of each operand; an aggregate gets one that no attribute can have."""
    upper, lower = ratio.operands
    return (
        upper if isinstance(upper, str) else f"{name} / 1",
        lower if isinstance(lower, str) else f"{name} / 2",
    )


def is_number_name(name: str) -> bool:
    """Tell whether a name can be that of a number: an attribute that no Statistics class has yet."""
    return name.isidentifier() and not iskeyword(name) and name not in _RESERVED and not name.startswith("_")


def check_number_name(owner: str, name: str) -> None:
    """
    Refuse a name that is a method of every Statistics class.

    Raises:
        UsageError: If it is one, or begins with an underscore.
    """
    if not is_number_name(name):
        msg = f'"{name}" of {owner} cannot be the name of a number; choose another one'
        raise UsageError(msg)
