"""The first rows per parent on PostgreSQL: one index scan per parent instead of a number for every row."""

import copyreg
from collections.abc import Iterator
from typing import Any, TypeAlias

from django.db import connections
from django.db.models import Func, OuterRef, QuerySet, Subquery, Window
from django.db.models.fields.related_lookups import RelatedIn
from django.db.models.functions import RowNumber
from django.db.models.lookups import GreaterThan, LessThanOrEqual
from django.db.models.query import ModelIterable
from django.db.models.sql.where import AND, WhereNode
from django.utils.module_loading import import_string

# The stubs leave out most of what a queryset is made of.
Rows: TypeAlias = Any
Condition: TypeAlias = Any


class _PickledAsPlain(type):
    """A class that a pickle replaces by Django's own: pickles hold nothing of quell."""


def _plain(_: type) -> tuple[object, tuple[str]]:
    return import_string, ("django.db.models.query.ModelIterable",)


copyreg.pickle(_PickledAsPlain, _plain)  # type: ignore[arg-type]  # the stubs know no reducer of a class


# Note [Rows per parent]
# A sliced queryset of a Prefetch is turned into a window function by _filter_prefetch_queryset(), which numbers
# all rows of all parents. On PostgreSQL the same rows come from a subquery for each parent, unnest(ARRAY(...)),
# which is planned like LATERAL and stops after the last row wanted. The rewrite happens when the prefetch runs,
# as only then the parents are known; what it does not recognise runs as Django built it.
class PerParentIterable(ModelIterable, metaclass=_PickledAsPlain):  # type: ignore[type-arg]  # in the stubs only
    """Loads the rows of a limited prefetch, by a subquery per parent where the database profits."""

    def __iter__(self) -> Iterator[Any]:
        self.queryset = per_parent(self.queryset)
        return super().__iter__()


def per_parent(queryset: Rows) -> Rows:
    """Return the queryset with its window function replaced, or as it is."""
    # See Note [Rows per parent]
    if connections[queryset.db].vendor != "postgresql" or not _is_plain(queryset.query):
        return queryset
    found = _conditions(queryset.query.where)
    if found is None:
        return queryset
    parents, bounds = found
    source = parents.lhs.target
    if len(source.foreign_related_fields) != 1 or len(queryset.model._meta.pk_fields) != 1:
        return queryset
    count = next(bound.rhs for bound in bounds if isinstance(bound, LessThanOrEqual))
    whole = queryset._chain()
    _remove(whole.query.where, (parents, *bounds))
    key = source.foreign_related_fields[0]
    first = whole.filter(**{source.attname: OuterRef(key.attname)}).select_related(None).values("pk")[:count]
    owners: Rows = QuerySet(key.model, using=queryset.db)
    keys = owners.filter(**{f"{key.attname}__in": list(parents.rhs)}).values(
        first_key=Func(Subquery(first), function="unnest", template="%(function)s(ARRAY%(expressions)s)")
    )
    return whole.filter(pk__in=keys)


def _is_plain(query: Any) -> bool:  # noqa: ANN401 -- Django's Query
    """Tell whether each row of the table is at most one row of the query."""
    tables = [alias for alias, count in query.alias_refcount.items() if count]
    return not (query.is_sliced or query.distinct or query.combinator or query.group_by) and len(tables) == 1


def _conditions(where: WhereNode) -> tuple[Condition, tuple[Condition, ...]] | None:
    """Return the condition that names the parents, and the bounds of the row number."""
    found = list(_required(where))
    parents = [item for item in found if isinstance(item, RelatedIn) and isinstance(item.rhs, (list, tuple))]
    bounds = [
        item
        for item in found
        if isinstance(item, (GreaterThan, LessThanOrEqual)) and _is_row_number(item.lhs)
    ]
    if len(parents) != 1 or [type(item) for item in bounds] != [GreaterThan, LessThanOrEqual]:
        return None
    return parents[0], tuple(bounds)


def _is_row_number(expression: Condition) -> bool:
    return isinstance(expression, Window) and isinstance(expression.get_source_expressions()[0], RowNumber)


def _required(node: WhereNode) -> Iterator[Condition]:
    if node.connector != AND or node.negated:
        return
    for child in node.children:
        if isinstance(child, WhereNode):
            yield from _required(child)
        else:
            yield child


def _remove(node: WhereNode, conditions: tuple[Condition, ...]) -> None:
    kept = [child for child in node.children if not any(child is item for item in conditions)]
    node.children[:] = kept
    for child in kept:
        if isinstance(child, WhereNode):
            _remove(child, conditions)
