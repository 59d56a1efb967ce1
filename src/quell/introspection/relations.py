"""What ``Model._meta`` says about relations: one frozen fact per hop of a lookup path."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from django.apps import apps
from django.db.models import Manager, Model
from django.db.models.constants import LOOKUP_SEP

from quell.exceptions import UsageError

HopKind = Literal[
    "forward",
    "reverse_one",
    "reverse_many",
    "many_to_many",
    "generic",
    "generic_relation",
    "unknown",
]
# Fields, reverse relations and generic relations share no class, only attributes.
RelationField: TypeAlias = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """
    One relation on a lookup path.

    ``name`` is the attribute of an instance, as ``prefetch_related()`` spells it; ``query_name`` is what
    ``select_related()`` and ``filter()`` want, which differs for a reverse relation without ``related_name``.
    ``model`` is the label of the model that the hop leads to; it is empty for a generic foreign key, where
    each row may lead elsewhere, and what is behind that is ``"unknown"``. ``can_join`` promises that a join
    loads what loading on demand loads, and keeps all rows. ``columns`` are the fields of the row itself by
    which the relation is followed.
    """

    name: str
    query_name: str
    kind: HopKind
    model: str
    is_single: bool
    can_join: bool
    is_nullable: bool
    is_parent_link: bool = False
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A hop with Django's own objects: the field or reverse relation, and the model that it leads to."""

    hop: Hop
    field: RelationField
    target: type[Model] | None


def resolve_path(model: type[Model], path: str) -> tuple[Hop, ...]:
    """
    Return the facts about each relation of a path, such as ``"comments__author"``.

    Args:
        model: The model that the path starts from; a proxy or multi-table child has its parent's relations.
        path: Accessor names, joined by two underscores, as ``prefetch_related()`` takes them.

    Raises:
        UsageError: If a name is no relation; the message names the model and the closest match.
    """
    return tuple(relation.hop for relation in walk(model, path))


def walk(model: type[Model], path: str) -> tuple[Relation, ...]:
    """
    Do as ``resolve_path()``, with Django's field and model beside each fact.

    Raises:
        UsageError: If a name is no relation.
    """
    found: list[Relation] = []
    current: type[Model] | None = model
    for name in path.split(LOOKUP_SEP):
        relation = _find(current, name, path) if current is not None else _behind_generic(name)
        found.append(relation)
        current = relation.target
    return tuple(found)


def relation_names(model: type[Model]) -> tuple[str, ...]:
    """Return the accessor names of all relations of a model, sorted; a hidden relation has none."""
    return tuple(sorted(name for name, _ in _accessors(model)))


def is_plain(manager: "Manager[Any]") -> bool:
    """Tell whether a manager returns every row: no class of it has a ``get_queryset()`` that may hide some."""
    found = type(manager).get_queryset
    return found is Manager.get_queryset or hasattr(found, "returns_every_row")


def _find(model: type[Model], name: str, path: str) -> Relation:
    found = _known(model, name, apps.ready)
    if found is not None:
        return found
    names = relation_names(model)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    within = "" if path == name else f' (in "{path}")'
    hint = f'did you mean "{close[0]}"?' if close else f"its relations are {', '.join(names) or 'none'}"
    msg = f'{model._meta.label} has no relation "{name}"{within}; {hint}'
    raise UsageError(msg)


@lru_cache(maxsize=4096)
def _known(
    model: type[Model],
    name: str,
    ready: bool,  # noqa: FBT001 -- a new answer once all models are loaded
) -> Relation | None:
    return next((_describe(name, field) for accessor, field in _accessors(model) if accessor == name), None)


def _accessors(model: type[Model]) -> Iterator[tuple[str, RelationField]]:
    field: RelationField
    for field in model._meta.get_fields():
        if not field.is_relation:
            continue
        is_reverse = field.auto_created and not field.concrete
        name = field.get_accessor_name() if is_reverse else field.name
        if name:
            yield name, field


def _behind_generic(name: str) -> Relation:
    hop = Hop(
        name=name,
        query_name=name,
        kind="unknown",
        model="",
        is_single=False,
        can_join=False,
        is_nullable=True,
    )
    return Relation(hop=hop, field=None, target=None)


def _describe(name: str, field: RelationField) -> Relation:
    kind = _kind(field)
    target: type[Model] | None = field.related_model
    is_single = kind in {"forward", "reverse_one", "generic"}
    is_forward_parent = kind == "forward" and bool(getattr(field.remote_field, "parent_link", False))
    hop = Hop(
        name=name,
        # Of a reverse relation, this is related_query_name(), which need not be its accessor.
        query_name=field.name,
        kind=kind,
        model=target._meta.label if target is not None else "",
        is_single=is_single,
        can_join=not is_forward_parent and _can_join(field, kind),
        is_nullable=is_single and (kind != "forward" or field.null),
        is_parent_link=bool(is_forward_parent or getattr(field, "parent_link", False)),
        columns=_columns(field, kind),
    )
    return Relation(hop=hop, field=field, target=target)


def _kind(field: RelationField) -> HopKind:
    if field.related_model is None:
        return "generic"
    if field.many_to_many:
        return "many_to_many"
    if hasattr(field, "object_id_field_name"):
        return "generic_relation"
    if hasattr(getattr(field, "field", None), "object_id_field_name"):
        # GenericRel calls itself many-to-one, but what Django puts on the model is a manager.
        return "reverse_many"
    if field.many_to_one or (field.one_to_one and field.concrete):
        return "forward"
    return "reverse_one" if field.one_to_one else "reverse_many"


def _can_join(field: RelationField, kind: HopKind) -> bool:
    # A join knows no manager, but a base manager that hides rows hides them from loading on demand.
    if kind not in {"forward", "reverse_one"} or not is_plain(field.related_model._base_manager):
        return False
    # Without a constraint a key may point nowhere, and the INNER JOIN over it would drop the row.
    return kind == "reverse_one" or field.null or getattr(field, "db_constraint", True)


def _columns(field: RelationField, kind: HopKind) -> tuple[str, ...]:
    if kind == "generic":
        return (field.ct_field, field.fk_field)
    if kind == "forward":
        return tuple(local.name for local, _ in field.related_fields)
    if hasattr(getattr(field, "field", None), "object_id_field_name") and kind == "reverse_many":
        return (field.field.content_type_field_name, field.field.object_id_field_name)
    if kind.startswith("reverse"):
        return tuple(remote.name for _, remote in field.field.related_fields)
    source = source_of(field) if kind == "many_to_many" else None
    return tuple(remote.name for _, remote in source.related_fields) if source is not None else ()


def source_of(field: RelationField) -> RelationField:
    """
    Return the foreign key, on the table between, by which a many-to-many relation starts.

    It is ``None`` for a relation that another package built in its own way.
    """
    if hasattr(field, "m2m_field_name"):
        return field.remote_field.through._meta.get_field(field.m2m_field_name())
    if hasattr(field, "through"):
        return field.through._meta.get_field(field.field.m2m_reverse_field_name())
    return None
