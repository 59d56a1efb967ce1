"""What a database says about the cost of each number, asked on a connection of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db import connections
from django.db.models import Value

from quell.aggregation.compiling import compile_part
from quell.aggregation.estimates import WEIGHTS, Costs, Weights
from quell.aggregation.functions import RowCount
from quell.aggregation.numbers import Number
from quell.aggregation.parts import Part
from quell.aggregation.plans import make_plan
from quell.aggregation.rows import Mark, Rows
from quell.aggregation.unions import statement_of

# Note [Asking a database]
# PostgreSQL estimates the cost of a statement, which is compared as it is. MariaDB estimates how many rows it reads,
# and SQLite only says by which index; there the rows that an index finds are counted, up to a share of the table beyond
# which a pass is faster anyway. Nothing is asked while a statement is fetched, and never on the connection of the
# application, whose transaction a failed statement would end.

# Note [Workers side by side]
# PostgreSQL gives the branches of a UNION ALL to parallel workers. Where an index finds a large share of the rows for
# each of a few numbers, that is faster than one pass for all of them. So the two statements are compared as they would
# be sent. To start workers took 20 to 30 ms where it was measured, in which an index finds 150,000 rows: far more than
# the server counts for it (parallel_setup_cost), which alone would have tiny statements run by workers.

_COUNTED_SHARE = 0.5
_WORKERS_COST = 15_000.0


def ask_costs(rows: Rows, numbers: dict[str, Number]) -> Costs:
    """Ask for the cost of each number by itself, and of a pass for all of them; a few short statements."""
    own = {name: item for name, item in numbers.items() if not item.joined and not item.stands_alone}
    if not own:
        return Costs(alone={}, start=1.0, each=0.0, is_asked=True)
    with _own_connection(rows.alias) as connection:
        ask = {"postgresql": _by_cost, "mysql": _by_rows, "sqlite": _by_counts}[connection.vendor]
        costs = ask(connection, rows, own)
        if connection.vendor != "postgresql" or len(own) < 2:
            return costs
        # See Note [Workers side by side]
        ways = (costs, replace(costs, is_union=True))
        return min(ways, key=lambda way: _cost_of_all(connection, rows, numbers, way))


@contextmanager
def _own_connection(alias: str) -> Iterator[Any]:
    connection = connections.create_connection(alias)
    try:
        yield connection
    finally:
        connection.close()


def _alone(connection: Any, rows: Rows, number: Number) -> tuple[str, list[Any]]:
    return _shared(connection, rows, {"number_": number}, number.conditions)


def _shared(
    connection: Any, rows: Rows, numbers: dict[str, Number], hoisted: tuple[Any, ...] = ()
) -> tuple[str, list[Any]]:
    piece = compile_part(Part(numbers=numbers, hoisted=hoisted), rows, connection)
    return piece.sql, [
        rows.params[item.position] if isinstance(item, Mark) else item for item in piece.params
    ]


def _rows_of(connection: Any, sql: str, params: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _by_cost(connection: Any, rows: Rows, numbers: dict[str, Number]) -> Costs:
    def cost(sql: str, params: list[Any]) -> float:
        return float(_explained_by_postgres(connection, sql, params)["Total Cost"])

    alone = {name: cost(*_alone(connection, rows, number)) for name, number in numbers.items()}
    own = {name: number for name, number in numbers.items() if not number.asks_tables}
    if not own:
        return Costs(alone=alone, start=max(alone.values()), each=0.0, is_asked=True)
    first = dict(list(own.items())[:1])
    one, every = cost(*_shared(connection, rows, first)), cost(*_shared(connection, rows, own))
    each = (every - one) / (len(own) - 1) if len(own) > 1 else 0.0
    return Costs(alone=alone, start=one - each, each=each, is_asked=True)


def _cost_of_all(connection: Any, rows: Rows, numbers: dict[str, Number], costs: Costs) -> float:
    plan = make_plan(rows, numbers, costs, connection)
    found = _explained_by_postgres(connection, *statement_of(plan, connection, rows.params))
    return float(found["Total Cost"]) + _WORKERS_COST * _count_starts(found)


def _count_starts(node: dict[str, Any]) -> int:
    """Return how often a plan starts workers."""
    own = node["Node Type"] in {"Gather", "Gather Merge"}
    return own + sum(_count_starts(child) for child in node.get("Plans", ()))


def _explained_by_postgres(connection: Any, sql: str, params: list[Any]) -> dict[str, Any]:
    found = _rows_of(connection, f"EXPLAIN (FORMAT JSON) {sql}", params)[0][0]
    plans = json.loads(found) if isinstance(found, str) else found
    plan: dict[str, Any] = plans[0]["Plan"]
    return plan


def _by_rows(connection: Any, rows: Rows, numbers: dict[str, Number]) -> Costs:
    weights = WEIGHTS["mysql"]

    def read(sql: str, params: list[Any]) -> tuple[float, bool]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}", params)
            names = [column[0].lower() for column in cursor.description]
            lines = [dict(zip(names, line, strict=True)) for line in cursor.fetchall()]
        is_covered = all("Using index" in (line.get("extra") or "") for line in lines)
        return max(float(line.get("rows") or 0) for line in lines), is_covered

    total = max(read(*_shared(connection, rows, numbers))[0], 1.0)
    found = {name: read(*_alone(connection, rows, number)) for name, number in numbers.items()}
    alone = {
        name: _weighted(count / total, weights, is_covered=is_covered)
        for name, (count, is_covered) in found.items()
    }
    return Costs(alone=alone, start=weights.start, each=weights.each, is_asked=True)


def _by_counts(connection: Any, rows: Rows, numbers: dict[str, Number]) -> Costs:
    weights = WEIGHTS["sqlite"]
    table = connection.ops.quote_name(rows.model._meta.db_table)
    total = max(_rows_of(connection, f"SELECT COUNT(*) FROM {table}", [])[0][0], 1)
    most = int(total * _COUNTED_SHARE) + 1

    def cost(number: Number) -> float:
        plan = _rows_of(connection, *_explained(_alone(connection, rows, number)))
        if not all(line[3].startswith("SEARCH") for line in plan):
            return 1.0
        # The rows are counted by themselves, whatever is computed of them.
        counted = replace(number, aggregate=RowCount(Value(1)))
        sql, params = _alone(connection, rows, counted)
        _, found = sql.split(" FROM ", 1)
        count = _rows_of(connection, f"SELECT COUNT(*) FROM (SELECT 1 FROM {found} LIMIT {most})", params)[0][
            0
        ]
        is_covered = all("COVERING" in line[3] for line in plan)
        return _weighted(max(count, 1) / total, weights, is_covered=is_covered)

    whole = cost(Number(RowCount(Value(1)), (), frozenset(), None)) if rows.sql else 1.0
    alone = {name: cost(number) for name, number in numbers.items()}
    return Costs(alone=alone, start=whole * weights.start, each=whole * weights.each, is_asked=True)


def _explained(statement: tuple[str, list[Any]]) -> tuple[str, list[Any]]:
    return f"EXPLAIN QUERY PLAN {statement[0]}", statement[1]


def _weighted(share: float, weights: Weights, *, is_covered: bool) -> float:
    return share * weights.covered if is_covered else min(weights.most, share * weights.visited)
