"""Which columns the database keeps unique, and whether a row is one row of one table."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Model, UniqueConstraint


def is_unique(model: type[Model], names: Iterable[str]) -> bool:
    """Tell whether no two rows may have the same values in these fields, and in no fewer or more of them."""
    return frozenset(names) in set(_unique_sets(model))


def is_in_one_table(model: type[Model]) -> bool:
    """Tell whether no parent holds a part of the row, which ``bulk_create()`` refuses."""
    concrete = model._meta.concrete_model
    return all(parent._meta.concrete_model is concrete for parent in model._meta.get_parent_list())


def is_between(model: type[Model]) -> bool:
    """Tell whether a model is the table between two others, made by Django or declared with ``through``."""
    targets = {field.related_model for field in model._meta.concrete_fields if field.is_relation}
    found: Any
    for target in targets:
        for found in target._meta.many_to_many if isinstance(target, type) else ():
            if found.remote_field.through is model:
                return True
    return bool(model._meta.auto_created)


def _unique_sets(model: type[Model]) -> Iterator[frozenset[str]]:
    yield frozenset(field.name for field in model._meta.pk_fields)
    yield from (frozenset([field.name]) for field in model._meta.concrete_fields if field.unique)
    yield from map(frozenset, model._meta.unique_together)
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.condition is None and constraint.fields:
            yield frozenset(constraint.fields)
