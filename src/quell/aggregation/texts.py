"""Texts put together: Django's aggregate, where the version has one."""

from typing import TYPE_CHECKING, Any

import django
from django.db import models
from django.db.models import Q

from quell.aggregation.functions import Conditional, Source, Value
from quell.exceptions import UsageError

if TYPE_CHECKING:
    from typing import Self, overload

_HAS_STRING_AGG = django.VERSION >= (6, 0)
# Before Django 6.0 there is one for PostgreSQL alone.
_Aggregate: Any = models.StringAgg if _HAS_STRING_AGG else models.Aggregate


class StringAgg(Conditional, _Aggregate):  # type: ignore[misc]  # it differs between versions
    """
    The texts of a column with something between them: ``StringAgg("subject", "; ", order_by="created_at")``.

    Args:
        expression: A column of texts; NULL is none.
        delimiter: What stands between two texts.
        filter: Which rows count; lookups do as well. ``distinct``, ``order_by`` and ``default`` are Django's.

    Raises:
        UsageError: Before Django 6.0, which has none; the first fetch raises it where the database orders no texts in
            an aggregate, as SQLite before 3.44. ``Values`` works everywhere.
    """

    def __init__(
        self,
        expression: Source,
        delimiter: str = ", ",
        *,
        filter: Q | None = None,  # noqa: A002 -- the name is Django's
        **lookups: Value,
    ) -> None:
        if not _HAS_STRING_AGG:
            msg = (
                f"StringAgg needs Django 6.0 or later; write Values({expression!r}), and join the texts, or on "
                "PostgreSQL take that of django.contrib.postgres.aggregates"
            )
            raise UsageError(msg)
        super().__init__(expression, delimiter=models.Value(delimiter), filter=filter, **lookups)

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type) -> str | None: ...
        def __get__(self, instance: object | None, owner: type) -> Self | str | None: ...
