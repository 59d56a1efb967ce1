"""One number divided by another."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self, overload


class Ratio:
    """
    Divide one number by another: ``Ratio("late", "total")``, or ``Ratio(Count("pk", is_late=True), Count("pk"))``.

    Args:
        numerator: The name of another number of the same statistics, or an aggregate.
        denominator: The same; where it is 0 or ``None``, the ratio is ``default``.
        default: What it is then.

    A ratio of decimals is a decimal, every other one a float.
    """

    def __init__(self, numerator: Any, denominator: Any, *, default: float | Decimal | None = None) -> None:
        self.operands = (numerator, denominator)
        self.default = default

    def divide(self, numerator: Any, denominator: Any) -> Any:
        """Return the quotient of two values."""
        if numerator is None or not denominator:
            return self.default
        if isinstance(numerator, Decimal) or isinstance(denominator, Decimal):
            return Decimal(numerator) / Decimal(denominator)
        return numerator / denominator

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type) -> Any: ...
        def __get__(self, instance: object | None, owner: type) -> Any: ...
