"""The parts of a statement: which numbers are computed together, and how."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from quell.aggregation.numbers import Number


class Form(Enum):
    """
    Where a part stands in the statement.

    A table in FROM may be read by parallel workers, a scalar among the selected values may not, and starts faster. A
    list has a row for each of its values.
    """

    TABLE = "table"
    SCALAR = "scalar"
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    Numbers that one pass computes.

    Attributes:
        numbers: By the name of their column.
        hoisted: Conditions that all of them have, which go to WHERE.
        form: Where the part stands.
        reason: Why these numbers and no others, as one sentence for people.
    """

    numbers: dict[str, Number]
    hoisted: tuple[Any, ...] = ()
    form: Form = Form.TABLE
    reason: str = ""

    @property
    def is_picked(self) -> bool:
        """Tell whether it is the values of certain rows, and nothing that is computed."""
        return any(number.is_picked for number in self.numbers.values())
