"""Pieces to one statement, and its row to values."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quell.aggregation.compiling import Column, Piece
from quell.aggregation.parts import Form
from quell.aggregation.rows import Mark

_MAX_WRITTEN = 512


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """
    The pieces of one Statistics over rows of one kind.

    Attributes:
        pieces: What computes its numbers.
        is_union: Each of them is a branch of UNION ALL.
    """

    pieces: tuple[Piece, ...]
    is_union: bool = False

    @property
    def has_lists(self) -> bool:
        """Tell whether a piece has several rows, so that no single row holds all values."""
        return any(piece.form is Form.LIST for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Statement:
    """
    One statement for several plans.

    Attributes:
        sql: Its text.
        params: Its parameters, with ``None`` where those of the rows belong.
        slots: The places of those: in ``params``, of which plan, and which parameter of its rows.
        columns: The columns of its row, each with the number of its plan.
    """

    sql: str
    params: tuple[Any, ...]
    slots: tuple[tuple[int, int, int], ...]
    columns: tuple[tuple[int, Column], ...]

    def filled(self, row_params: Sequence[Sequence[Any]]) -> list[Any]:
        """Return the parameters for certain rows."""
        params = list(self.params)
        for place, plan, position in self.slots:
            params[place] = row_params[plan][position]
        return params

    def run(self, connection: Any, row_params: Sequence[Sequence[Any]]) -> tuple[dict[str, Any], ...]:
        """Run it, and return the values of each plan by the names of their columns."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.filled(row_params))
            row = cursor.fetchone()
        values: tuple[dict[str, Any], ...] = tuple({} for _ in row_params)
        for (plan, column), value in zip(self.columns, row, strict=True):
            values[plan][column.name] = column.read(value, connection)
        return values


_written: dict[tuple[Plan, ...], Statement] = {}


def assemble(plans: tuple[Plan, ...], connection: Any) -> Statement:
    """Write one statement for plans of one connection; written once for the same plans."""
    found = _written.get(plans)
    if found is None:
        if len(_written) >= _MAX_WRITTEN:
            _written.clear()
        found = _written[plans] = _write(plans, connection.ops.quote_name)
    return found


def _write(plans: tuple[Plan, ...], quote: Callable[[str], str]) -> Statement:
    pieces = [(number, piece) for number, plan in enumerate(plans) for piece in plan.pieces]
    if len(pieces) == 1:
        return _statement(pieces[0][1].sql, [(0, pieces[0][1].params)], _columns(pieces))
    tables = [item for item in pieces if item[1].form is Form.TABLE]
    scalars = [item for item in pieces if item[1].form is Form.SCALAR]
    selected = [
        f"{quote(f's{number}')}.{quote(column.name)}"
        for number, (_, piece) in enumerate(tables)
        for column in piece.columns
    ]
    selected += [f"({piece.sql})" for _, piece in scalars]
    sources = [f"({piece.sql}) {quote(f's{number}')}" for number, (_, piece) in enumerate(tables)]
    sql = f"SELECT {', '.join(selected)}" + (f" FROM {' CROSS JOIN '.join(sources)}" if sources else "")
    ordered = [*scalars, *tables]
    return _statement(sql, [(plan, piece.params) for plan, piece in ordered], _columns([*tables, *scalars]))


def _columns(pieces: Sequence[tuple[int, Piece]]) -> tuple[tuple[int, Column], ...]:
    return tuple((plan, column) for plan, piece in pieces for column in piece.columns)


def _statement(
    sql: str, params: Sequence[tuple[int, tuple[Any, ...]]], columns: tuple[tuple[int, Column], ...]
) -> Statement:
    flat = [(plan, param) for plan, found in params for param in found]
    return Statement(
        sql=sql,
        params=tuple(None if isinstance(param, Mark) else param for _, param in flat),
        slots=tuple(_slots(flat)),
        columns=columns,
    )


def _slots(flat: Sequence[tuple[int, Any]]) -> Iterator[tuple[int, int, int]]:
    for place, (plan, param) in enumerate(flat):
        if isinstance(param, Mark):
            yield place, plan, param.position
