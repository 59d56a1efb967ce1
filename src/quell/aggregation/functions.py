"""Django's aggregates, which also take conditions as keywords, and what they are worth on a result."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models
from django.db.models import F, Q

if TYPE_CHECKING:
    from typing import Self, overload

# What an aggregate of a column returns has the type of the column, which no signature knows.
Value: TypeAlias = Any
# What Django takes where an expression is meant: the name of a field, or an expression.
Source: TypeAlias = "str | models.expressions.Combinable | models.expressions.BaseExpression"

OPTIONS = frozenset({"default", "delimiter", "distinct", "order_by", "output_field", "sample"})


class Conditional(models.Aggregate):
    """
    An aggregate whose keywords are lookups: ``Count("pk", status="open")`` counts the open rows.

    The keywords that Django's own aggregates know keep their meaning; a field that is called like one of them, such
    as ``distinct``, goes into ``filter=Q(...)``. Lookups start at the model of the statistics.
    """

    def __init__(self, *expressions: Source, filter: Q | None = None, **lookups: Value) -> None:  # noqa: A002
        options = {name: lookups.pop(name) for name in OPTIONS & lookups.keys()}
        if lookups:
            filter = Q(**lookups) if filter is None else Q(filter, **lookups)  # noqa: A001
        super().__init__(*expressions, filter=filter, **options)


class Count(Conditional, models.Count):
    """Count rows (``"pk"``), values of a column that are not NULL, or related rows (``"comments"``)."""

    def __init__(self, expression: Source = "pk", *, filter: Q | None = None, **lookups: Value) -> None:  # noqa: A002
        # Django refuses a filter beside "*".
        super().__init__("pk" if expression == "*" else expression, filter=filter, **lookups)

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type) -> int: ...
        def __get__(self, instance: object | None, owner: type) -> Self | int: ...


class Exists(Conditional, models.Count):
    """Tell whether there is a row (``"pk"``), or a related row (``"comments"``); the search stops at the first one."""

    empty_result_set_value = False

    def __init__(self, expression: Source = "pk", *, filter: Q | None = None, **lookups: Value) -> None:  # noqa: A002
        super().__init__(expression, filter=filter, **lookups)

    @property
    def convert_value(self) -> Any:
        """Turn the count of a group into an answer."""
        return _is_some

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type) -> bool: ...
        def __get__(self, instance: object | None, owner: type) -> Self | bool: ...


def _is_some(value: Any, expression: Any, connection: Any) -> bool:
    return bool(value)


class OfColumn(Conditional):
    """An aggregate whose value has the type of a column."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type) -> Value: ...
        def __get__(self, instance: object | None, owner: type) -> Value: ...


class Sum(OfColumn, models.Sum):
    """Add up a column; ``None`` without rows, unless ``default=`` says otherwise."""


class Avg(OfColumn, models.Avg):
    """Average a column."""


class Min(OfColumn, models.Min):
    """Find the smallest value of a column."""


class Max(OfColumn, models.Max):
    """Find the largest value of a column."""


class StdDev(OfColumn, models.StdDev):
    """Compute the standard deviation of a column, of the whole population unless ``sample=True``."""


class Variance(OfColumn, models.Variance):
    """Compute the variance of a column, of the whole population unless ``sample=True``."""


class RowCount(models.Aggregate):
    """
    Count rows by no column, so that an index without the key will do.

    It is what ``Count("pk")`` means; ``COUNT(*)`` takes a FILTER clause, and where there is none it counts a constant.
    """

    function = "COUNT"
    name = "Count"
    output_field = models.IntegerField()
    empty_result_set_value = 0

    # The signature in the stubs has arguments that Django passes by keyword only.
    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **extra_context: Any
    ) -> tuple[str, Any]:
        """Write ``COUNT(*)``, or ``COUNT(CASE WHEN ... THEN 1 END)``."""
        is_case = not isinstance(self.get_source_expressions()[0], models.Value)
        has_clause = condition_of(self) is None or connection.features.supports_aggregate_filter_clause
        if has_clause and not is_case:
            copy = self.copy()
            copy.set_source_expressions([models.expressions.Star(), *self.get_source_expressions()[1:]])
            return super(RowCount, copy).as_sql(compiler, connection, **extra_context)
        return super().as_sql(compiler, connection, **extra_context)


def condition_of(aggregate: models.Aggregate) -> Any:
    """Return the condition of an aggregate; Django 6.0 keeps it in an expression of its own."""
    found: Any = aggregate.filter
    return getattr(found, "condition", found)


def without_condition(aggregate: models.Aggregate) -> models.Aggregate:
    """Return an aggregate over all rows."""
    copy = aggregate.copy()
    copy.filter = None
    return copy


def with_condition(aggregate: models.Aggregate, condition: Any) -> models.Aggregate:
    """Return an aggregate over the rows that satisfy a condition."""
    copy = aggregate.copy()
    # Only the constructor knows in what a version of Django wraps a condition.
    copy.filter = models.Aggregate(F("pk"), filter=condition).filter
    return copy
