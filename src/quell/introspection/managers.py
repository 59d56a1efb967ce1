"""Which relation a related manager's query reads, and what the call added to it."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db.models import Field, Model
from django.db.models.sql.where import WhereNode

_ORDERING = ("first", "last", "earliest", "latest", "count", "exists", "aggregate")


def relation_name(model: type[Model], related: type[Model], known: Iterable[Any], query: Any) -> str:
    """
    Return the accessor on ``model`` whose manager built a query for ``related``, or an empty string.

    Args:
        model: The class of the instance that the manager belongs to.
        related: The model of the query.
        known: Fields of the queryset's known related objects: a reverse foreign key names itself there.
        query: The ``Query``, whose conditions tell one many-to-many relation from another.
    """
    for field in known:
        if issubclass(model, field.remote_field.model):
            return str(field.remote_field.get_accessor_name() or "")
    targets = set(map(id, _filtered_fields(query)))
    for name, fields in _candidates(model, related):
        if any(id(field) in targets for field in fields):
            return name
    return ""


def condition_count(model: type[Model], name: str) -> int:
    """Return how many conditions a related manager needs: a generic relation also names the content type."""
    return 2 if any(field.name == name for field in model._meta.private_fields) else 1


@lru_cache(maxsize=2048)
def cache_name(model: type[Model], name: str) -> str:
    """Return the name by which a related manager finds its prefetched rows; it need not be that of the accessor."""
    for rel in model._meta.related_objects:
        if rel.many_to_many and rel.get_accessor_name() == name:
            return str(rel.field.related_query_name())
    return name


def variant_of(
    query: Any, method: str, related: type[Model], relation_conditions: int = 1
) -> tuple[str, ...]:
    """
    Return what a call added to a related manager.

    Returns:
        Some of ``filter``, ``order``, ``slice``, ``values``, ``distinct``, ``columns``, ``join``, ``union`` (of any
        kind) and ``lock``.

    What the default manager does itself is not added by the call: its related managers do it, too.
    """
    inner, own = getattr(query, "inner_query", query), _own_query(related)
    is_listed = not method
    asked = relation_conditions + (method == "contains")
    added = {
        "filter": _count_conditions(inner.where) > _count_conditions(own.where) + asked,
        "order": method not in _ORDERING
        and (inner.order_by, inner.extra_order_by) != (own.order_by, own.extra_order_by),
        "slice": inner.is_sliced and method not in {"first", "last", "exists", "get", "contains"},
        "values": bool(inner.values_select) and is_listed,
        "distinct": inner.distinct != own.distinct,
        "columns": is_listed and _columns(inner) != _columns(own),
        "join": is_listed and inner.select_related != own.select_related,
        "union": bool(inner.combinator),
        "lock": inner.select_for_update and not own.select_for_update,
    }
    return tuple(name for name, is_added in added.items() if is_added)


def _columns(query: Any) -> tuple[Any, ...]:
    return query.deferred_loading, tuple(query.annotations), tuple(query.extra)


def _filtered_fields(query: Any) -> Iterator["Field[Any, Any]"]:
    """Yield the fields that the conditions of a query compare."""
    query = getattr(query, "inner_query", query)
    pending = [query.where]
    while pending:
        node = pending.pop()
        pending.extend(child for child in getattr(node, "children", ()) if isinstance(child, WhereNode))
        for child in getattr(node, "children", ()):
            yield from _targets(getattr(child, "lhs", None))


def _targets(lhs: Any) -> Iterator["Field[Any, Any]"]:
    target = getattr(lhs, "target", None)
    if target is not None:
        yield target
    yield from getattr(lhs, "targets", ())


def _candidates(model: type[Model], related: type[Model]) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    return _cached_candidates(model, related, apps.ready)


@lru_cache(maxsize=2048)
def _cached_candidates(
    model: type[Model],
    related: type[Model],
    ready: bool,  # noqa: FBT001 -- a new answer once all models are loaded
) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    return tuple(_find_candidates(model, related))


def _find_candidates(model: type[Model], related: type[Model]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    # A count or an existence test over many-to-many may read the table between alone.
    wanted: Any = related._meta.concrete_model
    for field in model._meta.many_to_many:
        target: Any = field.remote_field.model
        through: Any = field.remote_field.through
        if wanted in {target._meta.concrete_model, through}:
            yield field.name, (through._meta.get_field(field.m2m_field_name()),)
    rel: Any
    for rel in model._meta.related_objects:
        leads_to = {rel.related_model._meta.concrete_model, getattr(rel, "through", None)}
        if wanted not in leads_to or not rel.get_accessor_name():
            continue
        if rel.many_to_many:
            through = rel.through
            name = rel.field.m2m_reverse_field_name()
            yield str(rel.get_accessor_name()), (through._meta.get_field(name),)
        else:
            yield str(rel.get_accessor_name()), (rel.field,)
    private: Any
    for private in model._meta.private_fields:
        name = getattr(private, "object_id_field_name", "")
        if name and private.related_model._meta.concrete_model is wanted:
            yield private.name, (private.related_model._meta.get_field(name),)


def _count_conditions(node: Any) -> int:
    return sum(_count_conditions(child) if isinstance(child, WhereNode) else 1 for child in node.children)


@lru_cache(maxsize=2048)
def _own_rows(model: type[Model]) -> Any:
    return model._default_manager.get_queryset()


def _own_query(model: type[Model]) -> Any:
    """Return the query that the default manager begins with, such as one with the condition of a soft delete."""
    return _own_rows(model).query


def own_lookups(model: type[Model]) -> tuple[Any, ...]:
    """Return what the default manager prefetches with every queryset."""
    lookups: tuple[Any, ...] = _own_rows(model)._prefetch_related_lookups
    return lookups
