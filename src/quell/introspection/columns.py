"""What ``Model._meta`` says about columns: which vary in size, and which a queryset may leave out."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from inspect import getattr_static
from typing import Any, TypeAlias

from django.db.models import BinaryField, Field, JSONField, Model, TextField
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query_utils import DeferredAttribute

# The stubs know none of the private attributes of a field.
_AnyField: TypeAlias = Any

_WIDE = (TextField, JSONField, BinaryField)
_FIXED = frozenset(
    {"AutoField", "BigAutoField", "BigIntegerField", "BooleanField", "DateField", "DateTimeField"}
    | {"DecimalField", "DurationField", "FloatField", "GenericIPAddressField", "IntegerField"}
    | {"PositiveBigIntegerField", "PositiveIntegerField", "PositiveSmallIntegerField", "SmallAutoField"}
    | {"SmallIntegerField", "TimeField", "UUIDField"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """
    One concrete field.

    ``is_wide`` is true by type: text, JSON and binary. ``owner`` is the class whose attribute stands for the column,
    where that is the one that Django itself makes: reads of no other can be seen. ``key_owner`` is the same for a
    foreign key, which is noted apart, as Django reads it on its way. ``can_defer`` is false for whatever
    identifies or connects rows, for columns of a parent's table, and for every column of a proxy.
    """

    name: str
    is_sized: bool
    is_wide: bool
    can_defer: bool
    owner: type[Model] | None
    key_owner: type[Model] | None = None


@lru_cache(maxsize=2048)
def columns_of(model: type[Model]) -> tuple[Column, ...]:
    """Return the facts about each concrete field of a model, in order."""
    connecting = frozenset(_connecting(model))
    return tuple(_describe(model, field, connecting) for field in model._meta.concrete_fields)


def _describe(model: type[Model], field: _AnyField, connecting: frozenset[str]) -> Column:
    owner = _owner(model, field.attname) if not field.primary_key and not field.is_relation else None
    is_key = field.is_relation and not field.primary_key
    is_own = field.model is model and not model._meta.proxy
    return Column(
        name=field.attname,
        is_sized=field.get_internal_type() not in _FIXED and not field.is_relation,
        is_wide=isinstance(field, _WIDE),
        can_defer=owner is not None and is_own and field.attname not in connecting,
        owner=owner,
        key_owner=_owner(model, field.attname, ForeignKeyDeferredAttribute) if is_key else None,
    )


def _owner(
    model: type[Model], attname: str, kind: type[DeferredAttribute] = DeferredAttribute
) -> type[Model] | None:
    for cls in model.__mro__:
        attribute = cls.__dict__.get(attname)
        if attribute is not None:
            return cls if is_plain_column(attribute, kind) else None
    return None


def is_plain_column(attribute: object, kind: type[DeferredAttribute] = DeferredAttribute) -> bool:
    """Tell whether a class attribute is the one that Django makes for such columns, or quell's in its place."""
    is_recording = getattr_static(attribute, "is_recording", None) is True
    return type(attribute) is kind or is_recording


def _connecting(model: type[Model]) -> Iterator[str]:
    """Yield the columns by which rows are found: keys, what foreign keys point to, and what generic ones hold."""
    yield from (field.attname for field in model._meta.pk_fields)
    field: _AnyField
    for field in (*model._meta.get_fields(include_hidden=True), *model._meta.private_fields):
        yield from _attnames(model, getattr(field, "local_related_fields", ()))
        inner = getattr(field, "field", None)
        yield from _attnames(model, getattr(inner, "foreign_related_fields", ()))
        for owner in (field, inner):
            # A generic foreign key names its columns; so does a generic relation, those of its target.
            for key in ("ct_field", "fk_field", "object_id_field_name", "content_type_field_name"):
                name = getattr(owner, key, "")
                if isinstance(name, str) and name:
                    yield name


def _attnames(model: type[Model], fields: "tuple[Field[Any, Any], ...]") -> Iterator[str]:
    yield from (field.attname for field in fields)
