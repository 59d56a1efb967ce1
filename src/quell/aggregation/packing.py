"""Instances with numbers: one subquery for all numbers over a relation, or one statement for a page."""

import copyreg
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, ClassVar

from django.db import connections
from django.db.models import Func, Model, TextField
from django.db.models.query import ModelIterable
from django.utils.module_loading import import_string

from quell.aggregation.annotating import RowNumbers, common_conditions, of_one_row, select, together
from quell.aggregation.attaching import CHUNK_SIZE, attach
from quell.aggregation.declaring import Declaration
from quell.aggregation.numbers import INTEGERS, Number
from quell.aggregation.references import paths_of
from quell.aggregation.subqueries import NumberOfRow

# Note [Packed numbers]
# Four subqueries over one relation read its rows four times. Where nothing but the instances needs the values, the
# statement selects one subquery instead, which returns all of them as a JSON array, and the instances get the values
# when they are made. That happens when the queryset is iterated, on a copy: whatever else is done with it (filter,
# order, values, count, union) sees an annotation for each number. A number goes into the array only where its text is
# exact: integers everywhere, all numbers on PostgreSQL, decimals on MariaDB. SQLite writes floats with 15 digits.
# Of keys that number themselves Django converts nothing, not even the sum, so they stay as the driver returns them.

_EXACT: dict[str, frozenset[str]] = {
    "sqlite": INTEGERS,
    "mysql": INTEGERS | {"DecimalField"},
    "postgresql": INTEGERS | {"DecimalField", "FloatField"},
}
_ARRAYS = {
    "sqlite": "JSON_ARRAY(%(expressions)s)",
    "mysql": "JSON_ARRAY(%(expressions)s)",
    "postgresql": "(JSONB_BUILD_ARRAY(%(expressions)s))::text",
}


_decode = json.JSONDecoder(parse_float=Decimal).decode


@dataclass(frozen=True, slots=True)
class Pack:
    """A column that returns several numbers, and for each name how its value becomes what Django returns for it."""

    column: str
    names: tuple[tuple[str, Any, tuple[Any, ...]], ...]

    def unpack(self, row: Model, connection: Any) -> None:
        """Replace the column by the numbers."""
        state = row.__dict__
        values = _decode(state.pop(self.column))
        for (name, expression, converters), value in zip(self.names, values, strict=True):
            for convert in converters:
                value = convert(value, expression, connection)  # noqa: PLW2901 -- one step after another
            state[name] = value


class _PickledAsPlain(type):
    """A class that a pickle replaces by Django's own."""


def _plain(_: type) -> tuple[object, tuple[str]]:
    return import_string, ("django.db.models.query.ModelIterable",)


copyreg.pickle(_PickledAsPlain, _plain)  # type: ignore[arg-type]  # the stubs know no reducer of a class


class StatisticsIterable(ModelIterable, metaclass=_PickledAsPlain):  # type: ignore[type-arg]  # in the stubs only
    """Makes instances that have numbers; a subclass knows which."""

    annotated: ClassVar[tuple[RowNumbers, ...]] = ()
    batched: ClassVar[tuple[Declaration, ...]] = ()

    def __iter__(self) -> Iterator[Any]:
        # The stubs leave out most of what an iterable has.
        queryset: Any = self.queryset
        alias = queryset.db
        connection: Any = connections[alias]
        self.queryset, packs = packed(queryset, self.annotated, connection)
        rows = super().__iter__()
        if packs:
            rows = _unpacked(rows, packs, connection)
        if not self.batched:
            yield from rows
            return
        size = min(self.chunk_size, CHUNK_SIZE) if self.chunked_fetch else CHUNK_SIZE
        while chunk := list(islice(rows, size)):
            for declaration in self.batched:
                attach(declaration, chunk, alias)
            yield from chunk


def _unpacked(rows: Iterator[Any], packs: tuple[Pack, ...], connection: Any) -> Iterator[Any]:
    for row in rows:
        for pack in packs:
            pack.unpack(row, connection)
        yield row


def with_numbers(
    queryset: Any, *, annotated: RowNumbers | None = None, batched: Declaration | None = None
) -> Any:
    """Return a queryset whose instances have numbers, beside those that they have already."""
    before: Any = queryset._iterable_class
    namespace = {
        "annotated": (*getattr(before, "annotated", ()), *([annotated] if annotated else ())),
        "batched": (*getattr(before, "batched", ()), *([batched] if batched else ())),
    }
    found = queryset.all()
    found._iterable_class = type("StatisticsIterable", (StatisticsIterable,), namespace)
    return found


def packed(queryset: Any, annotated: tuple[RowNumbers, ...], connection: Any) -> Any:
    """Return the queryset with one column for several numbers where that gives the same rows, and those columns."""
    # See Note [Packed numbers]
    query = queryset.query
    exact = _EXACT.get(connection.vendor, frozenset())
    if query.combinator or query.distinct or query.group_by is not None or not exact:
        return queryset, ()
    ordering = query.order_by or (query.default_ordering and query.get_meta().ordering) or ()
    needed = {path for item in ordering for path in _names(item)}
    packs: list[Pack] = []
    for numbers in annotated:
        for names in together(numbers.numbers):
            free = tuple(
                name
                for name in names
                if name not in needed
                and name in query.annotation_select
                and query.annotations[name].output_field.get_internal_type() in exact
            )
            if len(free) > 1:
                queryset = queryset._chain() if not packs else queryset
                packs.append(_pack(queryset, numbers, free, len(packs), connection))
    return queryset, tuple(packs)


def _names(item: Any) -> list[str]:
    return [item.lstrip("-")] if isinstance(item, str) else list(paths_of(item))


def _pack(queryset: Any, numbers: RowNumbers, names: tuple[str, ...], position: int, connection: Any) -> Pack:
    query = queryset.query
    key = (connection.vendor, *names)
    if key not in numbers.arrays:
        chosen = {name: numbers.numbers[name] for name in names}
        numbers.arrays[key] = _array(queryset.model, chosen, connection.vendor)
    # No field may end with an underscore, so none is taken for a column.
    column = f"numbers_{position}_"
    selected = set(query.annotation_select)
    query.add_annotation(numbers.arrays[key], column)
    query.set_annotation_mask((selected - set(names)) | {column})
    return Pack(column, tuple(_named(name, query.annotations[name], connection) for name in names))


def _array(model: type[Model], numbers: Mapping[str, Number], vendor: str) -> Any:
    hoisted = common_conditions(numbers)
    array = Func(
        *(number.expression(hoisted) for number in numbers.values()),
        template=_ARRAYS[vendor],
        output_field=TextField(),
    )
    return NumberOfRow(select(of_one_row(model), "numbers_", array, hoisted), output_field=TextField())


def _named(name: str, expression: Any, connection: Any) -> tuple[str, Any, tuple[Any, ...]]:
    own, field = connection.ops.get_db_converters(expression), expression.get_db_converters(connection)
    return name, expression, (*own, *field)
