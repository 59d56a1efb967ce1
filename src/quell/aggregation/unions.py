"""Results of several rows each, in one statement: UNION ALL, in which each result has columns of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quell.aggregation.compiling import Column
from quell.aggregation.keys import KeySet
from quell.aggregation.rows import Mark


@dataclass(frozen=True, slots=True)
class Branch:
    """
    One result.

    Attributes:
        sql: Its SELECT, which names its columns as they are called.
        params: Its parameters, with marks for those of its rows.
        row_params: The parameters of its rows.
        columns: Its columns, in their order.
        sets: Of groups: the keys of each grouping that its rows belong to.
    """

    sql: str
    params: tuple[Any, ...]
    row_params: tuple[Any, ...]
    columns: tuple[Column, ...]
    sets: tuple[KeySet, ...] = ()

    def filled(self) -> list[Any]:
        """Return the parameters."""
        return [self.row_params[item.position] if isinstance(item, Mark) else item for item in self.params]


def run_union(connection: Any, branches: Sequence[Branch]) -> list[list[dict[str, Any]]]:
    """Run one statement for all branches, and return the rows of each, by the names of their columns."""
    found: list[list[dict[str, Any]]] = [[] for _ in branches]
    offsets = _offsets(branches)
    with connection.cursor() as cursor:
        cursor.execute(
            _sql(connection, branches), [param for branch in branches for param in branch.filled()]
        )
        for number, *values in cursor.fetchall():
            columns = branches[number].columns
            own = values[offsets[number] : offsets[number] + len(columns)]
            row = {
                column.name: column.read(value, connection)
                for column, value in zip(columns, own, strict=True)
            }
            found[number].append(row)
    return found


def _offsets(branches: Sequence[Branch]) -> list[int]:
    offsets = [0]
    for branch in branches[:-1]:
        offsets.append(offsets[-1] + len(branch.columns))
    return offsets


def _sql(connection: Any, branches: Sequence[Branch]) -> str:
    quote = connection.ops.quote_name
    return " UNION ALL ".join(
        f"SELECT {', '.join([str(number), *_selected(connection, branches, number)])} "
        f"FROM ({_typed(connection, branch)}) {quote('t')}"
        for number, branch in enumerate(branches)
    )


def _typed(connection: Any, branch: Branch) -> str:
    """Give a type to what Django writes for an aggregate of no row; on PostgreSQL it would be a text."""
    sql = branch.sql
    for column in branch.columns:
        name = connection.ops.quote_name(column.name)
        for before in ("SELECT ", ", "):
            sql = sql.replace(
                f"{before}NULL AS {name}", f"{before}{_nothing(connection, column)} AS {name}", 1
            )
    return sql


def _selected(connection: Any, branches: Sequence[Branch], own: int) -> Iterator[str]:
    quote = connection.ops.quote_name
    for number, branch in enumerate(branches):
        for column in branch.columns:
            yield f"{quote('t')}.{quote(column.name)}" if number == own else _nothing(connection, column)


def _nothing(connection: Any, column: Column) -> str:
    """Return a NULL that PostgreSQL does not take for a text."""
    if connection.vendor != "postgresql":
        return "NULL"
    return f"CAST(NULL AS {column.expression.output_field.cast_db_type(connection)})"
