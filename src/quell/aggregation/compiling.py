"""Parts to SQL, with marks where the parameters of the rows belong."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from django.core.exceptions import FieldError
from django.db import NotSupportedError
from django.db.models import BooleanField, Func, IntegerField, Model, Value

from quell.aggregation.conditions import joined_by_and
from quell.aggregation.keys import KeySet
from quell.aggregation.parts import Form, Part
from quell.aggregation.picks import Pick
from quell.aggregation.rows import Rows, start
from quell.exceptions import UsageError

Converter: TypeAlias = Callable[[Any, Any, Any], Any]
NO_KEYS: Mapping[str, Any] = MappingProxyType({})
# No field may end with an underscore, so none is taken for a column.
GROUPING = "grouping_"
_GROUPED = re.compile(r" GROUP BY ([\d, ]+)$")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a part: how its values become those of Django, and its value where there is no row."""

    name: str
    expression: Any
    converters: tuple[Converter, ...]

    @property
    def empty(self) -> Any:
        """What it is for no rows."""
        found = self.expression.empty_result_set_value
        return None if found is NotImplemented else found

    def read(self, value: Any, connection: Any) -> Any:
        """Return a value as ``aggregate()`` does."""
        for convert in self.converters:
            value = convert(value, self.expression, connection)
        return value


@dataclass(frozen=True, slots=True)
class Piece:
    """
    The SQL of a part; ``columns`` are in the order in which it selects them.

    Where it returns a row for each value, ``pick`` says what they are, and in which column.
    """

    sql: str
    params: tuple[Any, ...]
    columns: tuple[Column, ...]
    form: Form
    pick: tuple[str, Pick] | None = None


@contextmanager
def refusing(model: type[Model]) -> Iterator[None]:
    """
    Turn what Django says of an expression that it refuses into an error of the caller.

    Raises:
        UsageError: If it refuses one.
    """
    try:
        yield
    except (FieldError, NotSupportedError, TypeError, ValueError) as error:
        msg = f"{model._meta.label}: {error}"
        raise UsageError(msg) from error


def compile_part(part: Part, rows: Rows, connection: Any, keys: Mapping[str, Any] = NO_KEYS) -> Piece:
    """
    Compile a part.

    Args:
        part: What to compute.
        rows: Of which rows.
        connection: Where.
        keys: Expressions to group by, by the names of their columns, which come first; without any there is one row.

    Raises:
        UsageError: If Django refuses an expression; the message is Django's.
    """
    asks_existence = not keys and all(number.asks_existence for number in part.numbers.values())
    with refusing(rows.model):
        query = _existence(part, rows) if asks_existence else grouped_query(part, rows, keys)
        compiler = query.get_compiler(connection=connection, elide_empty=False)
        sql, params = compiler.as_sql()
    if asks_existence:
        (name,) = part.numbers
        column = Column(name, Value(value=False, output_field=BooleanField()), (_as_bool,))
        return Piece(
            f"SELECT EXISTS({sql}) AS {connection.ops.quote_name(name)}", tuple(params), (column,), part.form
        )
    columns = tuple(columns_of(compiler, query, [*keys, *part.numbers]))
    return Piece(sql, tuple(params), columns, part.form)


def compile_sets(
    part: Part, rows: Rows, connection: Any, keys: Mapping[str, Any], sets: Sequence[KeySet]
) -> Piece | None:
    """
    Compile a part for several groupings of one pass, of which PostgreSQL alone tells the rows apart.

    A column ``GROUPING`` says by its bits which keys a row is not grouped by.

    Returns:
        The piece, or nothing where Django writes the keys in a way that no set can name.
    """
    with refusing(rows.model):
        query = grouped_query(part, rows, keys)
        query.add_annotation(_Grouping(*(query.annotations[name] for name in keys)), GROUPING)
        compiler = query.get_compiler(connection=connection, elide_empty=False)
        sql, params = compiler.as_sql()
    found = _GROUPED.search(sql)
    if found is None or found[1] != ", ".join(str(number + 1) for number in range(len(keys))):
        return None
    named = ", ".join(f"({', '.join(str(key + 1) for key in item)})" for item in sets)
    columns = tuple(columns_of(compiler, query, [*keys, *part.numbers, GROUPING]))
    sql = f"{sql[: found.start()]} GROUP BY GROUPING SETS ({named})"
    return Piece(sql, tuple(params), columns, part.form)


class _Grouping(Func):
    """Which keys a row of several groupings is not grouped by, the last key in the lowest bit."""

    function = "GROUPING"
    output_field = IntegerField()

    def get_group_by_cols(self) -> list[Any]:
        """Return nothing, as it is a property of the group itself."""
        return []


def grouped_query(part: Part, rows: Rows, keys: Mapping[str, Any]) -> Any:
    """Return a query for the numbers of a part in each group; without keys there is one."""
    query = start(rows)
    for name, key in keys.items():
        query.add_annotation(key, name)
    query.group_by = tuple(query.annotations[name] for name in keys) or None
    # annotate() would group by the key of each row; without groups the rows are one.
    for name, number in part.numbers.items():
        query.add_annotation(number.expression(part.hoisted), name)
    restrict(query, part.hoisted, frozenset(rows.query.alias_map))
    return query


def _existence(part: Part, rows: Rows) -> Any:
    query = start(rows)
    restrict(query, part.hoisted, frozenset(rows.query.alias_map))
    return query.exists()


def restrict(query: Any, conditions: tuple[Any, ...], before: frozenset[str]) -> None:
    """
    Let a query return rows alone that satisfy all conditions, whatever else it joined.

    Args:
        query: It has what it computes already.
        conditions: All are true.
        before: The tables that decide which rows there are.
    """
    condition = joined_by_and(conditions)
    if condition is not None:
        # As Aggregate(filter=) resolves its condition, which keeps the joins of the aggregates.
        query.where.add(condition.resolve_expression(query, allow_joins=True, reuse=None), "AND")
    _keep_rows(query, before)


def _as_bool(value: Any, expression: Any, connection: Any) -> bool:
    return bool(value)


def _keep_rows(query: Any, before: frozenset[str]) -> None:
    """
    Let no join drop a row that satisfies a condition, or that another number counts.

    A foreign key without a constraint may point nowhere, and Django joins it by INNER JOIN where it is not null.
    """
    for alias, join in list(query.alias_map.items()):
        field = getattr(join, "join_field", None)
        if field is None or alias in before or getattr(field, "db_constraint", True):
            continue
        query.alias_map[alias] = join.promote()
        query.promote_joins(
            [other for other, found in query.alias_map.items() if found.parent_alias == alias]
        )


def columns_of(compiler: Any, query: Any, names: Sequence[str]) -> Iterator[Column]:
    """Yield some of the columns that a query selects."""
    expressions = [query.annotation_select[name] for name in names]
    converters = compiler.get_converters(expressions)
    for position, (name, expression) in enumerate(zip(names, expressions, strict=True)):
        found = converters.get(position, ((), expression))[0]
        yield Column(name, expression, tuple(found))
