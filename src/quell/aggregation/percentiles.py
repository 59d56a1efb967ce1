"""Percentiles: an aggregate of PostgreSQL, and one that SQLite is given."""

from typing import TYPE_CHECKING, Any

import django
from django.db import models
from django.db.backends.signals import connection_created
from django.db.models import Q

from quell.aggregation.functions import OfColumn, Source, Value
from quell.exceptions import UsageError

if TYPE_CHECKING:
    from typing import Self, overload

_SQLITE_NAME = "quell_percentile"
# Django 6.0 writes the FILTER clause where a template says so, and 5.2 behind the template.
_FILTER = "%(filter)s" if django.VERSION >= (6, 0) else ""


class Percentile(OfColumn, models.Aggregate):
    """
    The value below which a share of the values lies: ``Percentile("minutes", 0.95)``.

    Args:
        expression: Numbers; NULL is none of them.
        fraction: The share, from 0 to 1; between two values the result is interpolated, and always a float.

    MariaDB has no such aggregate, and raises a UsageError.
    """

    function = "PERCENTILE_CONT"
    name = "Percentile"
    output_field = models.FloatField()

    def __init__(
        self,
        expression: Source,
        fraction: float,
        *,
        filter: Q | None = None,  # noqa: A002 -- the name is Django's
        **lookups: Value,
    ) -> None:
        if not 0 <= fraction <= 1:
            msg = f"a percentile is a share from 0 to 1, as in Percentile({expression!r}, 0.95), and not {fraction!r}"
            raise UsageError(msg)
        super().__init__(expression, filter=filter, **lookups)
        self.fraction = float(fraction)

    # The signature in the stubs has arguments that Django passes by keyword only.
    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **extra_context: Any
    ) -> tuple[str, Any]:
        """
        Write the aggregate.

        Raises:
            UsageError: If the database has none, or the values are no numbers.
        """
        kind = self.get_source_expressions()[0].output_field.get_internal_type()
        if not kind.endswith(("IntegerField", "AutoField", "DecimalField", "FloatField")):
            msg = f"{self.name} is one of numbers, and these values are of a {kind}"
            raise UsageError(msg)
        if connection.vendor not in _TEMPLATES:
            msg = (
                f"{connection.display_name} has no aggregate for percentiles, only a window function; read the values "
                "with values_list(), and use statistics.quantiles() of Python"
            )
            raise UsageError(msg)
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            _give(connection)
        copy = self.copy()
        # Django 5.2 passes a template of its own where there is a condition.
        copy.template = _TEMPLATES[connection.vendor].replace("FRACTION", repr(self.fraction))
        return super(Percentile, copy).as_sql(compiler, connection, **extra_context)

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type) -> float | None: ...
        def __get__(self, instance: object | None, owner: type) -> Self | float | None: ...


class Median(Percentile):
    """The value in the middle; the mean of two where there are two."""

    name = "Median"

    def __init__(self, expression: Source, *, filter: Q | None = None, **lookups: Value) -> None:  # noqa: A002
        super().__init__(expression, 0.5, filter=filter, **lookups)


_TEMPLATES = {
    "postgresql": f"PERCENTILE_CONT(FRACTION) WITHIN GROUP (ORDER BY %(expressions)s){_FILTER}",
    "sqlite": f"{_SQLITE_NAME}(%(expressions)s, FRACTION){_FILTER}",
}


class _SqlitePercentile:
    """Collects values, and computes as PostgreSQL does."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.fraction = 0.0

    def step(self, value: float | None, fraction: float) -> None:
        """Take a value."""
        if value is not None:
            self.values.append(float(value))
        self.fraction = fraction

    def finalize(self) -> float | None:
        """Return the percentile."""
        values = sorted(self.values)
        if not values:
            return None
        place = self.fraction * (len(values) - 1)
        lower = int(place)
        upper = min(lower + 1, len(values) - 1)
        return values[lower] + (place - lower) * (values[upper] - values[lower])


def _give(connection: Any) -> None:
    connection.connection.create_aggregate(_SQLITE_NAME, 2, _SqlitePercentile)


def _on_connection(*, connection: Any, **_: object) -> None:
    if connection.vendor == "sqlite":
        _give(connection)


# A statement that was compiled earlier may run on any later connection.
connection_created.connect(_on_connection, dispatch_uid="quell.aggregation.percentiles")
