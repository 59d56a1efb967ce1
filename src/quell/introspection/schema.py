"""Which table belongs to which model, and what the database changes by itself."""

from typing import Any

from django.apps import apps
from django.db import models

from quell.events import Schema

# Django 6.1 leaves these to the database; before, there are none.
_BY_DATABASE = tuple(
    getattr(models, name) for name in ("DB_CASCADE", "DB_SET_NULL", "DB_SET_DEFAULT") if hasattr(models, name)
)
_known: list[tuple[object, Schema]] = []


def schema() -> Schema:
    """Return the tables of all models; made anew only where models came or went."""
    key = tuple(model for models_of_app in apps.all_models.values() for model in models_of_app.values())
    if not _known or _known[0][0] != key:
        _known[:] = [(key, _read(key))]
    return _known[0][1]


def _read(found: tuple[type[models.Model], ...]) -> Schema:
    labels: dict[str, str] = {}
    views: set[str] = set()
    parents: dict[str, tuple[str, ...]] = {}
    cascades: dict[str, set[str]] = {}
    keys: dict[str, str] = {}
    for model in found:
        meta = model._meta
        if meta.proxy or meta.abstract:
            continue
        if meta.managed or meta.db_table not in labels:
            labels[meta.db_table] = meta.label
            # Of a composite key the attribute has no column.
            keys[meta.db_table] = getattr(meta.pk, "column", None) or ""
        if not meta.managed:
            views.add(meta.db_table)
        if meta.parents:
            parents[meta.label] = tuple(parent._meta.label for parent in meta.all_parents)
        for parent in _changed_with(model):
            cascades.setdefault(parent, set()).add(meta.db_table)
    return Schema(
        models=labels,
        views=frozenset(views),
        parents=parents,
        cascades={table: frozenset(others) for table, others in cascades.items()},
        keys=keys,
    )


def _changed_with(model: type[models.Model]) -> set[str]:
    """Return the tables whose deleted rows make the database change this one."""
    field: Any
    found = set()
    for field in model._meta.local_fields:
        if field.remote_field is not None and getattr(field.remote_field, "on_delete", None) in _BY_DATABASE:
            found.add(field.remote_field.model._meta.db_table)
    return found
