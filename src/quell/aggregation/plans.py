"""Numbers to a plan, by what they cost."""

from typing import Any

from quell.aggregation.estimates import Costs
from quell.aggregation.numbers import Number
from quell.aggregation.picking import compile_any
from quell.aggregation.planning import plan_parts
from quell.aggregation.rows import Rows
from quell.aggregation.statements import Plan


def make_plan(rows: Rows, numbers: dict[str, Number], costs: Costs, connection: Any) -> Plan:
    """Divide numbers over rows into parts, and compile these."""
    parts = plan_parts(numbers, costs, connection.vendor)
    return Plan(tuple(compile_any(part, rows, connection) for part in parts), is_union=costs.is_union)
