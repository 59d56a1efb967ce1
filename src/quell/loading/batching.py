"""One query for a call that a loop makes on the related manager of each of many rows."""

import copy
from collections.abc import Hashable, Sequence
from typing import Any, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, router
from django.db.models import Count, Model, Prefetch
from django.db.models.lookups import In
from django.db.models.query import ModelIterable
from django.db.models.sql.where import AND, WhereNode

from quell.exceptions import QuellError
from quell.introspection.relations import RelationField, walk
from quell.lineage.alias import plain_alias

OWNER = "batch_owner"
# The stubs leave out most of what a queryset is made of.
Rows: TypeAlias = Any
Condition: TypeAlias = Any


class CannotBatch(QuellError):
    """A call that one query cannot answer for all rows; the text says why."""


class Batch:
    """
    The answers to one call on a related manager, for all rows that make it.

    Args:
        model: The class of the rows that make the call.
        accessor: The name of their related manager.
        owner_pks: The keys of these rows.
        is_checked: Whether an earlier run has shown that the calls of all rows are alike.
    """

    def __init__(
        self, model: type[Model], accessor: str, owner_pks: Sequence[Hashable], *, is_checked: bool = False
    ) -> None:
        self._model = model
        self._accessor = accessor
        self._owner_pks = tuple(dict.fromkeys(owner_pks))
        # As text, because the column of a generic relation may hold the keys as text.
        self._known = {str(pk) for pk in self._owner_pks}
        self._is_checked = is_checked
        self._signature: object = None
        self._rows: dict[str, dict[str, list[Any]]] = {}
        self._counts: dict[str, dict[str, int]] = {}
        self._given: set[tuple[str, str]] = set()

    def rows(self, queryset: Rows, instance: Model) -> list[Any]:
        """
        Return what the queryset of one row would load; the first call loads it for all rows.

        Raises:
            CannotBatch: If the call cannot be answered from one query.
        """
        alias = _alias_of(queryset)
        self._check(queryset, instance, alias)
        if alias not in self._rows:
            self._rows[alias] = self._load(self._shared(queryset, instance, alias))
        query, owner = queryset.query, str(instance.pk)
        found = self._rows[alias].get(owner, [])[query.low_mark : query.high_mark]
        if (alias, owner) in self._given:
            # Each evaluation has instances of its own.
            found = [copy.copy(row) for row in found]
        self._given.add((alias, owner))
        _tell_owner(found, queryset, instance)
        return found

    def count(self, queryset: Rows, instance: Model) -> int:
        """
        Return how many rows the queryset of one row has; the first call counts them for all rows.

        Raises:
            CannotBatch: If the call cannot be answered from one query.
        """
        query = queryset.query
        if query.is_sliced or query.distinct or query.group_by is not None:
            msg = "a count of sliced, distinct or grouped rows has no batch"
            raise CannotBatch(msg)
        alias = _alias_of(queryset)
        self._check(queryset, instance, alias)
        if alias not in self._counts:
            grouped = (
                self._shared(queryset, instance, alias)
                .order_by()
                .values_list(OWNER)
                .annotate(batch_count=Count("*"))
            )
            self._counts[alias] = {self._owner(pk): count for pk, count in grouped}
        return self._counts[alias].get(str(instance.pk), 0)

    def _check(self, queryset: Rows, instance: Model, alias: str) -> None:
        """Make sure that the query for all rows stands for this row too."""
        if str(instance.pk) not in self._known:
            msg = "the call was made by a row that did not make it before"
            raise CannotBatch(msg)
        if self._is_checked:
            return
        _refuse(queryset)
        column = tie_field(self._model, self._accessor)
        signature = _signature(queryset, column, instance, self._owner_pks[0], alias)
        if self._signature is None:
            self._signature = signature
        elif signature != self._signature:
            msg = f"the call depends on the row: .{self._accessor} is not filtered alike for all of them"
            raise CannotBatch(msg)

    def _shared(self, queryset: Rows, instance: Model, alias: str) -> Rows:
        """Return the queryset for all rows."""
        column = tie_field(self._model, self._accessor)
        whole = _with_owners(_detached(queryset, alias), column, instance, self._owner_pks)
        whole.query.clear_limits()
        return whole

    def _load(self, queryset: Rows) -> dict[str, list[Any]]:
        rows: dict[str, list[Any]] = {}
        for row in queryset:
            rows.setdefault(self._owner(row.__dict__.pop(OWNER)), []).append(row)
        return rows

    def _owner(self, value: object) -> str:
        key = str(value)
        if key not in self._known:
            # Such as a key that a collation calls equal, but that is spelled in another way.
            msg = f"the key {key} of an owner is not spelled as in its row"
            raise CannotBatch(msg)
        return key


def tie_field(model: type[Model], accessor: str) -> RelationField:
    """
    Return the field that ties the rows of a related manager to the row that it belongs to.

    Raises:
        CannotBatch: If the tie is no primary key.
        UsageError: If the accessor is no relation of the model.
    """
    relation = walk(model, accessor)[0]
    field = relation.field
    if relation.hop.kind == "generic_relation":
        return field.related_model._meta.get_field(field.object_id_field_name)
    if relation.hop.kind == "many_to_many":
        is_forward = hasattr(field, "m2m_field_name")
        source = field if is_forward else field.field
        name = source.m2m_field_name() if is_forward else source.m2m_reverse_field_name()
        found = source.remote_field.through._meta.get_field(name)
    else:
        found = field.field
    if len(found.foreign_related_fields) != 1 or not found.foreign_related_fields[0].primary_key:
        msg = f"{found.model._meta.label}.{found.name} leads to a column that is no primary key"
        raise CannotBatch(msg)
    return found


def _refuse(queryset: Rows) -> None:
    """Refuse what means another thing for many owners than for one."""
    query = queryset.query
    if query.combinator:
        msg = f"{query.combinator}() has no batch"
    elif queryset._fields is not None or queryset._iterable_class is not ModelIterable:
        msg = "values() and values_list() have no batch"
    elif query.distinct_fields or query.extra_tables:
        msg = "distinct() on columns and extra() tables have no batch"
    elif any(annotation.contains_over_clause for annotation in query.annotations.values()):
        msg = "a window function has no batch"
    else:
        return
    raise CannotBatch(msg)


def _alias_of(queryset: Rows) -> str:
    """Return the database of the queryset of one row, which a router may choose by that row."""
    chosen = queryset._db or (
        router.db_for_write(queryset.model, **queryset._hints)
        if queryset._for_write
        else router.db_for_read(queryset.model, **queryset._hints)
    )
    return plain_alias(chosen)


def _detached(queryset: Rows, alias: str) -> Rows:
    """Return a copy that belongs to no single row."""
    whole: Rows = queryset._chain().using(alias)
    # Each row's manager shares its hints with its clones.
    whole._hints = {}
    whole._known_related_objects = {}
    return whole


def _with_owners(queryset: Rows, column: RelationField, instance: Model, pks: Sequence[Hashable]) -> Rows:
    lookup, parent = _tie(queryset.query.where, column, instance)
    position = next(at for at, child in enumerate(parent.children) if child is lookup)
    parent.children[position] = In(lookup.lhs, list(pks))
    # Not the condition's own column: only this one knows the converters of the key that it refers to.
    queryset.query.add_annotation(column.get_col(lookup.lhs.alias), OWNER)
    return queryset


def _signature(queryset: Rows, column: RelationField, instance: Model, pk: Hashable, alias: str) -> object:
    """Return what the calls of all rows must have in common: everything but the row."""
    query = queryset.query
    alone = _with_owners(_detached(queryset, alias), column, instance, (pk,))
    prefetches = [_prefetch_signature(lookup) for lookup in alone._prefetch_related_lookups]
    return _compiled(alone, alias), prefetches, query.low_mark, query.high_mark


def _prefetch_signature(lookup: "str | Prefetch[Any]") -> object:
    if isinstance(lookup, str) or lookup.queryset is None:
        return lookup
    rows: Rows = lookup.queryset
    return lookup.prefetch_to, _compiled(rows, rows._db)


def _compiled(queryset: Rows, alias: str | None) -> object:
    try:
        return queryset.query.get_compiler(using=alias or DEFAULT_DB_ALIAS).as_sql()
    except EmptyResultSet:
        return "nothing"


def _tie(where: WhereNode, column: RelationField, instance: Model) -> tuple[Condition, Condition]:
    """Return the condition that a related manager added first, and the node that holds it."""
    for node in required_nodes(where):
        children: list[Condition] = node.children
        for child in children:
            if _is_tie(child, column) and str(child.rhs) == str(instance.pk):
                return child, node
    msg = "the condition that ties the rows to their owner was not found"
    raise CannotBatch(msg)


def _is_tie(condition: Condition, column: RelationField) -> bool:
    is_exact = getattr(condition, "lookup_name", "") == "exact"
    return is_exact and getattr(condition.lhs, "target", None) == column


def required_nodes(where: WhereNode) -> list[WhereNode]:
    """Return the nodes whose conditions hold for every row."""
    found = [where]
    for node in found:
        if node.connector == AND and not node.negated:
            found.extend(child for child in node.children if isinstance(child, WhereNode))
    return [node for node in found if node.connector == AND and not node.negated]


def _tell_owner(rows: Sequence[Model], queryset: Rows, instance: Model) -> None:
    """Set the way back from each row to its owner, as a related manager of a foreign key does."""
    for field in queryset._known_related_objects:
        for row in rows:
            if not field.is_cached(row):
                setattr(row, field.name, instance)
