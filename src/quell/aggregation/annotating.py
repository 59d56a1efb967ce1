"""Numbers of each row of a queryset, as annotations that no other relation multiplies."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.core.exceptions import FieldError
from django.db.models import Model, OuterRef, QuerySet

from quell.aggregation.compiling import restrict
from quell.aggregation.declaring import Declaration
from quell.aggregation.numbers import Number, is_among
from quell.aggregation.picking import order_rows
from quell.aggregation.subqueries import NumberOfRow, RowExists
from quell.exceptions import UsageError

# Note [Numbers of a row]
# The number of a row is the aggregate over the queryset of that row alone, in a subquery: joins inside of it multiply
# no row outside, and a row without related ones has the value of an empty set. Each name is an annotation of its own,
# which can be filtered and ordered by. Numbers over the same relation read the same rows, so where the rows come back
# as instances one subquery returns them together; see Note [Packed numbers].


@dataclass(frozen=True, slots=True, eq=False)
class RowNumbers:
    """
    The numbers of a declaration, and the annotation of each.

    ``arrays`` are the subqueries that return several of them, by the database and the names; see Note [Packed numbers].
    """

    numbers: Mapping[str, Number]
    annotations: Mapping[str, Any]
    arrays: dict[tuple[str, ...], Any] = field(default_factory=dict)


def row_numbers(declaration: Declaration) -> RowNumbers:
    """
    Return the numbers of rows; they are made once, unless they hold the key of a content type.

    Raises:
        UsageError: If a name is that of a field, or a number is a ratio.
    """
    is_generic = declaration.asked_of(frozenset()).is_generic
    return _row_numbers(declaration) if is_generic else _kept_row_numbers(declaration)


@lru_cache(maxsize=256)
def _kept_row_numbers(declaration: Declaration) -> RowNumbers:
    return _row_numbers(declaration)


def _row_numbers(declaration: Declaration) -> RowNumbers:
    model = declaration.model
    check_names(model, declaration.expressions)
    numbers = _numbers(declaration)
    try:
        return RowNumbers(numbers, {name: _annotation(model, number) for name, number in numbers.items()})
    except (FieldError, TypeError, ValueError) as error:
        msg = f"{model._meta.label}: {error}"
        raise UsageError(msg) from error


def _numbers(declaration: Declaration) -> dict[str, Number]:
    asked = declaration.asked_of(frozenset())
    found: dict[str, Number] = {}
    for name, source in asked.sources.items():
        if not isinstance(source, str):
            msg = (
                f'"{name}" of {declaration.model._meta.label} is a Ratio, which is divided after the statement; '
                "annotate its operands, or write batched=True"
            )
            raise UsageError(msg)
        number = asked.columns[source]
        if number.is_picked and not number.aggregate.is_single:
            msg = (
                f'"{name}" of {declaration.model._meta.label} is several values, which no annotation holds; write '
                "batched=True, or attach() it to rows that are loaded"
            )
            raise UsageError(msg)
        found[name] = number
    return found


def check_names(model: type[Model], expressions: Mapping[str, Any]) -> None:
    """
    Refuse names that a row has already.

    Raises:
        UsageError: If there is one.
    """
    taken = {
        name for column in model._meta.get_fields() for name in (column.name, getattr(column, "attname", ""))
    }
    for name in expressions:
        if name in taken or name == "pk":
            msg = f'"{name}" is a field of {model._meta.label}; give the number another name'
            raise UsageError(msg)


def together(numbers: Mapping[str, Number]) -> Iterator[tuple[str, ...]]:
    """Yield the names of numbers over the same relations, where there are several."""
    found: dict[frozenset[str], list[str]] = defaultdict(list)
    for name, number in numbers.items():
        if not number.stands_alone:
            found[number.joined].append(name)
    yield from (tuple(names) for names in found.values() if len(names) > 1)


def common_conditions(numbers: Mapping[str, Number]) -> tuple[Any, ...]:
    """Return the conditions that all numbers have."""
    first, *others = numbers.values()
    return tuple(
        item for item in first.conditions if all(is_among(item, other.conditions) for other in others)
    )


def of_one_row(model: type[Model]) -> Any:
    """Return a query of the row that the query outside is at."""
    rows: QuerySet[Any, Any] = QuerySet(model)
    key = {column.attname: OuterRef(column.attname) for column in model._meta.pk_fields}
    query: Any = rows.filter(**key).query
    query.clear_ordering(force=True)
    query.clear_select_clause()
    return query


def select(query: Any, name: str, expression: Any, hoisted: tuple[Any, ...]) -> Any:
    """Let a query of one row select an aggregate; it has one row, whatever is joined."""
    before = frozenset(query.alias_map)
    query.add_annotation(expression, name)
    restrict(query, hoisted, before)
    return query


def _annotation(model: type[Model], number: Number) -> Any:
    query = of_one_row(model)
    if number.asks_existence:
        restrict(query, number.conditions, frozenset(query.alias_map))
        return RowExists(query)
    if number.is_picked:
        order_rows(query, "number_", number, model)
        return NumberOfRow(query, output_field=query.annotations["number_"].output_field)
    query = select(query, "number_", number.expression(number.conditions), number.conditions)
    return NumberOfRow(query, output_field=query.annotations["number_"].output_field)
