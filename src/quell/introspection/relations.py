"""What ``Model._meta`` says about relations: one frozen fact per hop of a lookup path."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from django.db.models import Manager, Model
from django.db.models.constants import LOOKUP_SEP
from django.db.models.manager import BaseManager

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """
    One relation on a lookup path.

    ``name`` is the attribute of an instance, as ``prefetch_related()`` spells it; ``query_name`` is what
    ``select_related()`` and ``filter()`` want, which differs for reverse relations without a ``related_name``.
    ``model`` is the label of the model that the hop leads to, and empty behind a generic foreign key, where
    each row may lead elsewhere. ``can_join`` promises the same rows and related objects as loading on demand.
    ``columns`` are the fields of the row itself that the relation is followed by.
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
    """A hop together with Django's own objects: the field or reverse relation, and the model it leads to."""

    hop: Hop
    field: Any
    target: type[Model] | None


def resolve_path(model: type[Model], path: str) -> tuple[Hop, ...]:
    """
    Return the facts about each relation of a path, such as ``"comments__author"``.

    Args:
        model: The model that the path starts from; a proxy or a multi-table child is followed like its parent.
        path: Accessor names, joined by two underscores, as ``prefetch_related()`` takes them.

    Raises:
        UsageError: If a name is no relation; the message names the model and the closest match.
    """
    return tuple(relation.hop for relation in walk(model, path))


def walk(model: type[Model], path: str) -> tuple[Relation, ...]:
    """Do as ``resolve_path()``, with Django's field and model beside each fact."""
    found: list[Relation] = []
    current: type[Model] | None = model
    for name in path.split(LOOKUP_SEP):
        relation = _find(current, name, path) if current is not None else _behind_generic(name)
        found.append(relation)
        current = relation.target
    return tuple(found)


def relation_names(model: type[Model]) -> tuple[str, ...]:
    """Return the accessor names of all relations of a model, sorted; hidden ones have none."""
    return tuple(sorted(name for name, _ in _accessors(model)))


def is_plain(manager: BaseManager[Any]) -> bool:
    """Tell whether a manager returns every row: no class of it has a ``get_queryset()`` of its own."""
    return type(manager).get_queryset is Manager.get_queryset


def _find(model: type[Model], name: str, path: str) -> Relation:
    for accessor, field in _accessors(model):
        if accessor == name:
            return _describe(name, field)
    label = model._meta.label
    names = relation_names(model)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    within = "" if path == name else f' (in "{path}")'
    if close:
        hint = f'did you mean "{close[0]}"?'
    elif names:
        hint = f"its relations are {', '.join(names)}"
    else:
        hint = "it has no relations"
    msg = f'{label} has no relation "{name}"{within}; {hint}'
    raise UsageError(msg)


def _accessors(model: type[Model]) -> Iterator[tuple[str, Any]]:
    field: Any
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


def _describe(name: str, field: Any) -> Relation:
    kind = _kind(field)
    target: type[Model] | None = None if kind == "generic" else field.related_model
    is_single = kind in {"forward", "reverse_one", "generic"}
    is_nullable = is_single and (kind != "forward" or field.null)
    is_forward_parent = kind == "forward" and bool(getattr(field.remote_field, "parent_link", False))
    hop = Hop(
        name=name,
        query_name=_query_name(field, kind),
        kind=kind,
        model=target._meta.label if target is not None else "",
        is_single=is_single,
        can_join=(
            target is not None
            and kind in {"forward", "reverse_one"}
            # Django never descends into the link to a parent: its row is part of the child's own query.
            and not is_forward_parent
            and is_plain(target._base_manager)
            # Without a constraint a row may point nowhere, and the INNER JOIN would drop it.
            and (is_nullable or getattr(field, "db_constraint", True))
        ),
        is_nullable=is_nullable,
        is_parent_link=bool(is_forward_parent or getattr(field, "parent_link", False)),
        columns=_columns(field, kind),
    )
    return Relation(hop=hop, field=field, target=target)


def _kind(field: Any) -> HopKind:
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


def _query_name(field: Any, kind: HopKind) -> str:
    # ForeignObjectRel.name is related_query_name(), which may differ from the accessor.
    return str(field.field.related_query_name() if kind.startswith("reverse") else field.name)


def _columns(field: Any, kind: HopKind) -> tuple[str, ...]:
    if kind == "generic":
        return (field.ct_field, field.fk_field)
    if kind == "forward":
        return tuple(local.name for local, _ in field.related_fields)
    if hasattr(getattr(field, "field", None), "object_id_field_name") and kind == "reverse_many":
        return (field.field.content_type_field_name, field.field.object_id_field_name)
    if kind.startswith("reverse"):
        return tuple(remote.name for _, remote in field.field.related_fields)
    if kind == "many_to_many" and hasattr(field, "through"):
        source = field.through._meta.get_field(field.field.m2m_reverse_field_name())
    elif kind == "many_to_many" and hasattr(field, "m2m_field_name"):
        source = field.remote_field.through._meta.get_field(field.m2m_field_name())
    else:
        return ()
    return tuple(remote.name for _, remote in source.related_fields)
