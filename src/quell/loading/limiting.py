"""The first rows of a relation for each parent, in an attribute of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Model, QuerySet, Window
from django.db.models.functions import RowNumber
from django.db.models.lookups import LessThanOrEqual
from django.db.models.query import ModelIterable

from quell.exceptions import UsageError
from quell.introspection.relations import Relation
from quell.loading.correlating import is_folding, is_other_side
from quell.loading.lateral import PerParentIterable
from quell.loading.values import check_path

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan


def is_count(value: object) -> bool:
    """Tell whether a value is a number of rows; True is an int to Python, and is none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Limit:
    """
    The first related rows of each parent.

    Args:
        path: The to-many relation.
        count: How many rows a parent gets at most; at least 1.
        ordering: What decides which rows come first, as ``order_by()`` takes it; else the order of the model's
            Meta. Ties are broken by the primary key, so that every database picks the same rows.
        plan: What to load together with these rows.

    Raises:
        UsageError: If a part is malformed.
    """

    path: str
    count: int
    ordering: tuple[str, ...]
    plan: "FetchPlan | None"

    def __init__(self, path: str, count: int, *ordering: str, plan: "FetchPlan | None" = None) -> None:
        check_path(path, "Limit")
        if not is_count(count):
            msg = f'Limit("{path}", {count!r}): the number of rows has to be a whole number, 1 or more'
            raise UsageError(msg)
        if not all(isinstance(name, str) for name in ordering):
            msg = f'Limit("{path}", {count}): {ordering!r} is no ordering; write names, as in "-created_at"'
            raise UsageError(msg)
        values = {"path": path, "count": count, "ordering": ordering, "plan": plan or None}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        from quell.loading.rendering import limit_code

        return limit_code(self)

    def under(self, prefix: str) -> "Limit":
        """Return it for a model from which ``prefix`` leads here; the attribute stays on the same rows."""
        return Limit(f"{prefix}__{self.path}", self.count, *self.ordering, plan=self.plan)


def read_limits(limits: Mapping[str, Limit]) -> tuple[tuple[str, Limit], ...]:
    """
    Read what ``limits=`` takes, sorted by name.

    Raises:
        UsageError: If a value is no ``Limit``.
    """
    given: Mapping[str, object] = limits
    for name, value in given.items():
        if not isinstance(value, Limit):
            msg = f'limits["{name}"] is {value!r}; write Limit("comments", 3, "-created_at")'
            raise UsageError(msg)
    return tuple(sorted(limits.items(), key=lambda item: item[0]))


def check_relation(model: type[Model], name: str, limit: Limit, last: Relation) -> None:
    """
    Refuse what has no first rows.

    Raises:
        UsageError: If the relation is to-one.
    """
    if is_other_side(last):
        msg = (
            f'limits["{name}"] over "{limit.path}" on {model._meta.label}: "{last.hop.name}" is the other side of a '
            "generic relation, and its rows cannot be told apart by row; name the path as it is"
        )
        raise UsageError(msg)
    if last.hop.is_single or last.target is None:
        msg = (
            f'limits["{name}"] over "{limit.path}" on {model._meta.label}: "{last.hop.name}" is to-one, and only '
            "rows of a to-many relation can be limited; name the path as it is"
        )
        raise UsageError(msg)


def folded(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Return rows without what a manager does to make them distinct, which is done after rows are numbered."""
    if not is_folding(rows):
        return rows
    plain: QuerySet[Any, Any] = QuerySet(rows.model)
    return plain.filter(pk__in=rows.order_by().values("pk"))


def limited(rows: QuerySet[Any, Any], limit: Limit, last: Relation) -> QuerySet[Any, Any]:
    """Return the queryset for a ``Prefetch`` that loads the first rows of each parent."""
    rows = rows.order_by(*total_ordering(rows, limit))
    if last.hop.kind == "generic_relation":
        return rows.filter(_is_among_first(rows, limit, last))
    first = rows[: limit.count]
    if last.hop.kind == "reverse_many" and first._iterable_class is ModelIterable:
        first._iterable_class = PerParentIterable
    return first


def total_ordering(rows: QuerySet[Any, Any], limit: Limit) -> tuple[Any, ...]:
    """Return an ordering without ties: that of the limit, else of the rows, and the primary key."""
    query = rows.query
    ordering: tuple[Any, ...] = limit.ordering or tuple(query.order_by)
    if not ordering and query.default_ordering:
        ordering = tuple(rows.model._meta.ordering)
    key = rows.model._meta.pk
    keys = {"pk", key.name, key.attname}
    is_total = any(isinstance(name, str) and name.lstrip("-") in keys for name in ordering)
    return ordering if is_total or "?" in ordering else (*ordering, "pk")


def _is_among_first(rows: QuerySet[Any, Any], limit: Limit, last: Relation) -> LessThanOrEqual:
    """Tell by a number per row and owner: Django slices the prefetch of no generic relation."""
    owner = (last.field.content_type_field_name, last.field.object_id_field_name)
    compiler: Any = rows.query.get_compiler(using=rows.db)
    ordering = [expression for expression, _ in compiler.get_order_by()]
    window = Window(RowNumber(), partition_by=list(owner), order_by=ordering)
    return LessThanOrEqual(window, limit.count)
