"""One query for a call that a loop makes on the related manager of each of many rows."""

from collections.abc import Hashable, Sequence
from typing import Any

from django.db.models import Count, Model, QuerySet
from django.db.models.lookups import In
from django.db.models.sql.where import AND, WhereNode

from quell.exceptions import QuellError

OWNER = "batch_owner"


class CannotBatch(QuellError):
    """A call that one query cannot answer for all rows; the text says why."""


class Batch:
    """
    The answers to one call on a related manager, for all rows that make it.

    Args:
        owner_pks: The keys of the rows that make the call, as the loop's own parameters.
    """

    def __init__(self, owner_pks: Sequence[Hashable]) -> None:
        self._owner_pks = tuple(dict.fromkeys(owner_pks))
        self._rows: dict[Hashable, list[Any]] | None = None
        self._counts: dict[Hashable, int] | None = None

    def rows(self, queryset: "QuerySet[Any, Any]", instance: Model) -> list[Any]:
        """
        Return what the queryset of one row would load; the first call loads it for all rows.

        Raises:
            CannotBatch: If the call cannot be answered from one query.
        """
        if self._rows is None:
            self._rows = self._load(_without_slice(queryset))
        query = queryset.query
        return self._rows.get(str(instance.pk), [])[query.low_mark : query.high_mark]

    def count(self, queryset: "QuerySet[Any, Any]", instance: Model) -> int:
        """
        Return how many rows the queryset of one row has; the first call counts them for all rows.

        Raises:
            CannotBatch: If the call cannot be answered from one query.
        """
        if queryset.query.is_sliced or queryset.query.distinct:
            msg = "a sliced or distinct count has no batch"
            raise CannotBatch(msg)
        if self._counts is None:
            grouped = _with_owners(_without_slice(queryset), self._owner_pks)
            found = grouped.order_by().values_list(OWNER).annotate(batch_count=Count("*"))
            self._counts = {str(owner): count for owner, count in found}
        return self._counts.get(str(instance.pk), 0)

    def _load(self, queryset: "QuerySet[Any, Any]") -> dict[Hashable, list[Any]]:
        if queryset.query.values_select or queryset.query.combinator:
            msg = "values() and union() have no batch"
            raise CannotBatch(msg)
        rows: dict[Hashable, list[Any]] = {}
        for row in _with_owners(queryset, self._owner_pks):
            rows.setdefault(str(row.__dict__.pop(OWNER)), []).append(row)
        return rows


def _without_slice(queryset: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
    whole = queryset._chain()  # type: ignore[attr-defined]  # the queryset itself stays as it is
    whole.query.clear_limits()
    # Each row's manager shares its hints with its clones; the batch belongs to no single row.
    whole._hints = dict(queryset._hints)
    return whole


def _with_owners(queryset: "QuerySet[Any, Any]", pks: Sequence[Hashable]) -> "QuerySet[Any, Any]":
    lookup, parent = _tie(queryset)
    owner_column = lookup.lhs
    position = parent.children.index(lookup)
    parent.children[position] = In(owner_column, list(pks))
    queryset.query.add_annotation(owner_column, OWNER)
    # The rows belong to many owners now, so none of them is known.
    queryset._known_related_objects = {}
    queryset._hints.pop("instance", None)
    return queryset


def _tie(queryset: "QuerySet[Any, Any]") -> tuple[Any, WhereNode]:
    """Return the condition that a related manager added first, and the node that holds it."""
    instance = queryset._hints.get("instance")
    where = queryset.query.where
    for node in _nodes(where):
        for child in node.children:
            if (
                getattr(child, "lookup_name", "") == "exact"
                and child.rhs in _keys(instance)
                and _is_tie(child)
            ):
                return child, node
    msg = "the condition that ties the rows to their owner was not found"
    raise CannotBatch(msg)


def _nodes(where: WhereNode) -> list[WhereNode]:
    found = [where]
    for node in found:
        if node.connector == AND and not node.negated:
            found.extend(child for child in node.children if isinstance(child, WhereNode))
    return found


def _keys(instance: Any) -> tuple[Any, ...]:
    return (instance.pk, instance, str(instance.pk)) if instance is not None else ()


def _is_tie(lookup: Any) -> bool:
    """Tell whether a condition compares a foreign key, or the key of a generic relation."""
    target = getattr(lookup.lhs, "target", None)
    if target is None:
        return False
    if target.remote_field is None:
        return not target.primary_key
    # A generic relation compares the content type too.
    is_content_type = target.remote_field.model._meta.label == "contenttypes.ContentType"
    return bool(target.target_field.primary_key) and not is_content_type
