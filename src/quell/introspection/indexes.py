"""Which columns of a model start an index, and what a condition on one of them probably keeps."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Model, UniqueConstraint


@dataclass(frozen=True, slots=True, kw_only=True)
class Leading:
    """
    A column that an index starts with.

    ``share`` is a guess, from the declaration alone, of the rows that have one and the same value: next to none where
    values are unique, one of the choices, half of a truth value, and a hundredth of anything else.
    """

    name: str
    is_unique: bool
    share: float


@lru_cache(maxsize=1024)
def leading_columns(model: type[Model]) -> dict[str, Leading]:
    """Return the columns that start an index over all rows, by the name of their fields and of their columns."""
    found: dict[str, Leading] = {}
    for name, is_unique in _starts(model):
        field: Any = model._meta.get_field(name)
        if is_unique or name not in found:
            leading = Leading(name=field.name, is_unique=is_unique, share=0.0 if is_unique else _share(field))
            found[field.name] = found[field.attname] = leading
    if len(model._meta.pk_fields) == 1:
        found["pk"] = found[model._meta.pk.name]
    return found


def _share(field: Any) -> float:
    if field.get_internal_type() == "BooleanField":
        return 0.5
    return 1 / len(field.flatchoices) if field.choices else 0.01


def _starts(model: type[Model]) -> Iterator[tuple[str, bool]]:
    # A proxy declares nothing, and the indexes of a parent's table serve its children.
    meta = (model._meta.concrete_model or model)._meta
    field: Any
    for field in meta.concrete_fields:
        if field.unique or field.db_index:
            yield field.name, field.unique
    if len(meta.pk_fields) > 1:
        yield meta.pk_fields[0].name, False
    yield from ((names[0], len(names) == 1) for names in meta.unique_together)
    for constraint in meta.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.condition is None and constraint.fields:
            yield constraint.fields[0], len(constraint.fields) == 1
    yield from (
        (index.fields[0], False) for index in meta.indexes if index.fields and index.condition is None
    )
