"""Querysets whose rows have numbers."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.query import ModelIterable

from quell.aggregation.annotating import check_names, row_numbers
from quell.aggregation.declaring import Declaration
from quell.aggregation.packing import StatisticsIterable, with_numbers
from quell.exceptions import UsageError


def annotate(queryset: QuerySet[Any, Any], declaration: Declaration, *, batched: bool) -> QuerySet[Any, Any]:
    """
    Return a queryset whose rows have the numbers of a declaration.

    Raises:
        UsageError: If the queryset returns no instances and the numbers are to be looked up for them, a number has
            the name of a field, or a ratio is not batched.
    """
    kind: Any = queryset._iterable_class
    makes_rows = kind is ModelIterable or issubclass(kind, StatisticsIterable)
    if batched:
        if not makes_rows:
            msg = f"batched numbers are attributes of instances, and {kind.__name__} makes none; leave batched out"
            raise UsageError(msg)
        check_names(declaration.model, declaration.expressions)
        found: QuerySet[Any, Any] = with_numbers(queryset, batched=declaration)
        return found
    numbers = row_numbers(declaration)
    annotated: Any = queryset.annotate(**numbers.annotations)
    return with_numbers(annotated, annotated=numbers) if makes_rows else annotated  # type: ignore[no-any-return]
