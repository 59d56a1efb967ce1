"""Values that are picked from rows rather than computed: the first, the last, all in order, the most frequent."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

from django.db.models import F, Q
from django.db.models.expressions import OrderBy

from quell.aggregation.functions import Source, Value
from quell.exceptions import UsageError

if TYPE_CHECKING:
    from typing import Self, overload

PLACE, COUNT = "place_", "count_"
# What rows are ordered by, as order_by() takes it: one, or several.
Order: TypeAlias = "str | Source | OrderBy | Sequence[str | Source | OrderBy]"


class Frequent(NamedTuple):
    """A value, and how many rows have it."""

    value: Any
    row_count: int


class Pick:
    """
    Values of certain rows; a subclass says which.

    Attributes:
        source: What is picked, as an expression.
        order: What the rows are ordered by, each with whether the largest one comes first.
        filter: Which rows count.
        limit: How many values there are at most.
    """

    is_single: ClassVar[bool] = False
    is_backwards: ClassVar[bool] = False

    def __init__(
        self,
        expression: Source,
        *,
        order_by: Order = (),
        limit: int | None = None,
        filter: Q | None = None,  # noqa: A002 -- the name is Django's
        **lookups: Value,
    ) -> None:
        self.source: Any = F(expression) if isinstance(expression, str) else expression
        items = [order_by] if isinstance(order_by, str) or not isinstance(order_by, Sequence) else order_by
        self.order = tuple(map(self._ordered, items))
        self.limit = limit
        if lookups:
            filter = Q(**lookups) if filter is None else Q(filter, **lookups)  # noqa: A001
        self.filter = filter
        if limit is not None and limit < 1:
            msg = f"{type(self).__name__}() takes how many values there are at most, 1 or more, not {limit!r}"
            raise UsageError(msg)

    def _ordered(self, item: Any) -> tuple[Any, bool]:
        if isinstance(item, str):
            return F(item.removeprefix("-")), item.startswith("-") != self.is_backwards
        if isinstance(item, OrderBy):
            return item.expression, item.descending != self.is_backwards
        return item, self.is_backwards

    @property
    def identity(self) -> object:
        """Return what equal picks have in common."""
        return type(self), self.source, self.order, self.limit, self.filter

    def read(self, rows: Sequence[dict[str, Any]], name: str) -> Any:
        """
        Return the value of a result.

        Args:
            rows: What was picked, each with its place, in any order.
            name: The column of the values.
        """
        values = tuple(row[name] for row in in_order(rows))
        if not self.is_single:
            return values
        return values[0] if values else None


def in_order(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return rows by their places; a single one needs none."""
    return iter(sorted(rows, key=lambda row: row[PLACE]) if len(rows) > 1 else rows)


class First(Pick):
    """
    The value of the first row: ``First("subject", order_by="created_at")``.

    Args:
        expression: What is picked; ``None`` where there is no row.
        order_by: As ``order_by()`` takes it. Rows without a value to order by come last, and the primary key decides
            between equal ones.
        filter: Which rows count; lookups do as well.
    """

    is_single = True

    def __init__(
        self,
        expression: Source,
        *,
        order_by: Order,
        filter: Q | None = None,  # noqa: A002
        **lookups: Value,
    ) -> None:
        super().__init__(expression, order_by=order_by, limit=1, filter=filter, **lookups)
        if not self.order:
            msg = f'{type(self).__name__}() takes what comes first, as in order_by="created_at"'
            raise UsageError(msg)

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type) -> Value: ...
        def __get__(self, instance: object | None, owner: type) -> Value: ...


class Last(First):
    """The value of the last row: ``Last("subject", order_by="created_at")``."""

    is_backwards = True


class Values(Pick):
    """
    The values of all rows in order: ``Values("subject", order_by="-created_at", limit=5)``.

    Args:
        expression: What is picked; NULL is no value.
        order_by: As ``order_by()`` takes it; by the primary key where it is left out.
        limit: How many there are at most.
        filter: Which rows count; lookups do as well.
    """

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type) -> tuple[Value, ...]: ...
        def __get__(self, instance: object | None, owner: type) -> Self | tuple[Value, ...]: ...


class Top(Pick):
    """
    The most frequent values, each with its count: ``Top("category", 3)``.

    Args:
        expression: Whose values are counted; NULL is no value. Of two as frequent ones the smaller comes first.
        limit: How many there are at most.
        filter: Which rows count; lookups do as well.
    """

    def __init__(
        self,
        expression: Source,
        limit: int,
        *,
        filter: Q | None = None,  # noqa: A002
        **lookups: Value,
    ) -> None:
        super().__init__(expression, limit=limit, filter=filter, **lookups)

    def read(self, rows: Sequence[dict[str, Any]], name: str) -> tuple[Frequent, ...]:
        """Return the values with their counts."""
        return tuple(Frequent(row[name], row[COUNT]) for row in in_order(rows))

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type) -> tuple[Frequent, ...]: ...
        def __get__(self, instance: object | None, owner: type) -> Self | tuple[Frequent, ...]: ...
