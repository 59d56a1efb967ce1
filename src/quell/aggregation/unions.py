"""Results of several rows each, in one statement: UNION ALL, in which each result has columns of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quell.aggregation.compiling import Column, Piece
from quell.aggregation.keys import KeySet
from quell.aggregation.picks import Pick
from quell.aggregation.rows import Mark
from quell.aggregation.statements import Plan, assemble

_MAX_WRITTEN = 512
_written: dict[tuple[Plan, ...], str] = {}


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
        pick: Of values: what they are, and in which column.
        family: Of groups: which numbers of the declaration it has.
    """

    sql: str
    params: tuple[Any, ...]
    row_params: tuple[Any, ...]
    columns: tuple[Column, ...]
    sets: tuple[KeySet, ...] = ()
    pick: tuple[str, Pick] | None = None
    family: int = 0

    def filled(self) -> list[Any]:
        """Return the parameters."""
        return [self.row_params[item.position] if isinstance(item, Mark) else item for item in self.params]


def branch_of(
    piece: Piece, row_params: Sequence[Any], sets: tuple[KeySet, ...] = (), family: int = 0
) -> Branch:
    """Return the branch of a piece, over rows with certain parameters."""
    return Branch(piece.sql, piece.params, tuple(row_params), piece.columns, sets, piece.pick, family)


def read_single(branches: Sequence[Branch], found: Sequence[list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the values of results that are not grouped, by the names of their columns."""
    values: dict[str, Any] = {}
    for branch, result in zip(branches, found, strict=True):
        if branch.pick is None:
            values |= result[0]
        else:
            name, pick = branch.pick
            values[name] = pick.read(result, name)
    return values


def run_plans(
    connection: Any, plans: tuple[Plan, ...], row_params: Sequence[Sequence[Any]]
) -> tuple[dict[str, Any], ...]:
    """Run plans of which some have lists, and return the values of each by the names of their columns."""
    branches = [
        [branch_of(piece, params) for piece in plan.pieces]
        for plan, params in zip(plans, row_params, strict=True)
    ]
    flat = [branch for own in branches for branch in own]
    sql = _written.get(plans)
    if sql is None:
        if len(_written) >= _MAX_WRITTEN:
            _written.clear()
        sql = _written[plans] = _sql(connection, flat)
    found = iter(run_union(connection, flat, sql))
    return tuple(read_single(own, [next(found) for _ in own]) for own in branches)


def statement_of(plan: Plan, connection: Any, row_params: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the statement for a plan, and its parameters."""
    if not (plan.has_lists or plan.is_union):
        statement = assemble((plan,), connection)
        return statement.sql, statement.filled([row_params])
    branches = [branch_of(piece, row_params) for piece in plan.pieces]
    return _sql(connection, branches), [param for branch in branches for param in branch.filled()]


def run_union(connection: Any, branches: Sequence[Branch], sql: str = "") -> list[list[dict[str, Any]]]:
    """
    Run one statement for all branches, and return the rows of each, by the names of their columns.

    Args:
        connection: Where.
        branches: What to select.
        sql: The statement, where it was written before.
    """
    found: list[list[dict[str, Any]]] = [[] for _ in branches]
    offsets = _offsets(branches)
    with connection.cursor() as cursor:
        cursor.execute(
            sql or _sql(connection, branches), [param for branch in branches for param in branch.filled()]
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
    # To Django it is an integer. Branches of different types would not be run side by side.
    is_count = getattr(column.expression, "function", "") == "COUNT"
    kind = "bigint" if is_count else column.expression.output_field.cast_db_type(connection)
    return f"CAST(NULL AS {kind})"
