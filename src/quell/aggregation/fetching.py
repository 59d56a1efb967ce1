"""The numbers of several declarations by one statement."""

from typing import Any

from quell.aggregation.declaring import Declaration
from quell.aggregation.rows import Rows
from quell.aggregation.statements import assemble
from quell.aggregation.unions import run_plans


def fetch_all(connection: Any, asked: list[tuple[Declaration, Rows]]) -> list[dict[str, Any]]:
    """Run one statement for several declarations over rows of one database; return the values of each by name."""
    is_alone = len(asked) == 1
    plans = tuple(declaration.plan(rows, connection, is_alone=is_alone) for declaration, rows in asked)
    params = [rows.params for _, rows in asked]
    if any(plan.has_lists or plan.is_union for plan in plans):
        values = run_plans(connection, plans, params)
    else:
        values = assemble(plans, connection).run(connection, params)
    return [
        declaration.asked(rows).results(found)
        for (declaration, rows), found in zip(asked, values, strict=True)
    ]
