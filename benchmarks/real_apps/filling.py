"""Fill the models of any application: n rows of each with parents of their own, and a hub row with n children."""

from __future__ import annotations

import datetime
import io
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import models

HUB = "hub"
# The hub, the n-th row, or the n-th row whose one relation leads to the hub.
Key = str | int | tuple[str, int]
Values = dict[str, Any]
# A row of any model, and a column of any type.
Row: TypeAlias = Any
Column: TypeAlias = Any

_DAY = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


@dataclass(slots=True)
class Filler:
    """
    Rows of every model of some applications.

    Attributes:
        labels: Application labels whose models are filled; a model is created before what refers to it.
        values: Fields by model label where a made-up value would not do, from the row's key.
        makers: How to create the row of a model that a plain `save()` does not create, from its values.
        skip: Labels of models to leave out, relations to them stay empty.
        fewer: How many rows stand for n, by model label, where a page shows fewer than the smaller size.
    """

    labels: tuple[str, ...]
    values: Mapping[str, Callable[[Key], Values]] = field(default_factory=dict)
    makers: Mapping[str, Callable[[Values], models.Model]] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()
    fewer: Mapping[str, Callable[[int], int]] = field(default_factory=dict)
    rows: dict[tuple[type[models.Model], Key], models.Model | None] = field(default_factory=dict)

    def fill(self, n: int) -> None:
        """Grow what is there to n rows per model and n children per relation of each hub."""
        chosen = list(self._models())
        for model in chosen:
            self.row(model, HUB)
        for index in range(n):
            for model in (model for model in chosen if index < self._size(model, n)):
                self.row(model, index)
                for relation in _shared_relations(model):
                    if self._is_filled(relation.related_model):
                        self.row(model, (relation.name, index))
        for model in chosen:
            self._connect(model, n)

    def row(self, model: type[models.Model], key: Key) -> models.Model | None:
        """Return the row of a model, created where it is missing; `None` where it is being created."""
        model = model._meta.concrete_model or model
        if (model, key) not in self.rows:
            self.rows[model, key] = None
            self.rows[model, key] = self._create(model, key)
        return self.rows[model, key]

    def hub(self, label: str) -> Row:
        """Return the hub row of a model by its label."""
        return self.row(apps.get_model(label), HUB)

    def _size(self, model: type[models.Model], n: int) -> int:
        fewer = self.fewer.get(model._meta.label)
        return fewer(n) if fewer is not None else n

    def _models(self) -> Iterable[type[models.Model]]:
        for label in self.labels:
            for model in apps.get_app_config(label).get_models():
                if self._is_filled(model) and not model._meta.proxy:
                    yield model

    def _is_filled(self, model: type[models.Model]) -> bool:
        options = model._meta
        return options.managed and not options.swapped and options.label not in self.skip

    def _create(self, model: type[models.Model], key: Key) -> models.Model | None:
        label = model._meta.label
        values: Values = {}
        for item in model._meta.concrete_fields:
            if not (item.primary_key and (isinstance(item, models.AutoField) or item.remote_field)):
                value = self._value(item, key)
                if value is not None:
                    values[item.name] = value
        _point_generic_keys(model, values, self._number(key))
        if label in self.values:
            values |= self.values[label](key)
        if label in self.makers:
            return self.makers[label](values)
        row = model(**values)
        if isinstance(key, tuple) and _is_taken(row):
            return None
        row.save()
        return row

    def _value(self, item: Column, key: Key) -> object:
        if item.remote_field:
            return self._related(item, key)
        if item.choices and not item.has_default():
            return next(value for value, _ in item.flatchoices if value not in {"", None})
        return made_up(item, self._number(key), is_hub=key == HUB)

    def _related(self, item: Column, key: Key) -> models.Model | None:
        target = item.related_model
        if not isinstance(target, type) or not self._is_filled(target):
            return _any_row(target) if isinstance(target, type) and not item.null else None
        if target is item.model:
            # A tree: what hangs on the hub, and pairs of a row and its own parent.
            if not isinstance(key, tuple):
                return None
            return self.row(target, HUB if key[0] == item.name else key[1])
        name = key[0] if isinstance(key, tuple) else ""
        if key == HUB or name == item.name:
            return self.row(target, HUB)
        if isinstance(key, tuple) and item.unique:
            return self.row(target, key) if (target, key) in self.rows or not item.null else None
        return self.row(target, key[1] if isinstance(key, tuple) else key)

    def _number(self, key: Key) -> int:
        """Return a number that no other key of a model has."""
        if key == HUB:
            return 0
        if isinstance(key, int):
            return key + 1
        return 1000 * (1 + sum(map(ord, str(key[0]))) % 997) + int(key[1]) + 1

    def _connect(self, model: type[models.Model], n: int) -> None:
        """Give each row of a many-to-many relation a partner of its own, and the hub n of them."""
        for relation in model._meta.many_to_many:
            through, target = relation.remote_field.through, relation.related_model
            if through is None or not through._meta.auto_created or not self._is_filled(target):
                continue
            hub, other_hub = self.row(model, HUB), self.row(target, HUB)
            for index in range(n):
                row, partner = self.row(model, index), self.row(target, index)
                for one, other in ((hub, partner), (row, partner), (row, other_hub)):
                    if one is not None and other is not None and one != other:
                        getattr(one, relation.name).add(other)


def _any_row(model: type[models.Model]) -> models.Model | None:
    return model._default_manager.first()


def made_up(item: Column, number: int, *, is_hub: bool = False) -> object:
    """Return a value for a column; different for each number where the column is a text or unique."""
    if item.has_default() and not item.unique:
        return item.get_default()
    for kind, make in _MAKERS:
        if isinstance(item, kind):
            return make(item, HUB if is_hub and not isinstance(item, models.EmailField) else "", number)
    return None


def _picture() -> bytes:
    # Only an environment whose application has pictures needs the library.
    from PIL import Image  # type: ignore[import-not-found]

    data = io.BytesIO()
    Image.new("RGB", (8, 8)).save(data, "PNG")
    return data.getvalue()


def _text(item: Column, prefix: str, number: int) -> str:
    text = prefix or f"{item.name.replace('_', '-')[:8]}{number}"
    size = item.max_length or len(text)
    return text if len(text) <= size else str(number)[-size:].rjust(min(size, 2), "a")


_MAKERS: tuple[tuple[type[Any], Callable[[Any, str, int], Any]], ...] = (
    (models.EmailField, lambda item, prefix, number: f"mail{number}@example.com"),
    (models.URLField, lambda item, prefix, number: f"https://example.com/{number}/"),
    (models.ImageField, lambda item, prefix, number: ContentFile(_picture(), f"{number}.png")),
    (models.FileField, lambda item, prefix, number: ContentFile(b"text", f"{number}.txt")),
    (models.CharField, _text),
    (models.TextField, _text),
    (models.BooleanField, lambda item, prefix, number: True),
    (models.DecimalField, lambda item, prefix, number: Decimal(number % 9 + 1)),
    (models.FloatField, lambda item, prefix, number: float(number)),
    (models.IntegerField, lambda item, prefix, number: number % 30_000),
    (models.DateTimeField, lambda item, prefix, number: _DAY + datetime.timedelta(days=number)),
    (models.DateField, lambda item, prefix, number: (_DAY + datetime.timedelta(days=number)).date()),
    (models.TimeField, lambda item, prefix, number: datetime.time(number % 24)),
    (models.DurationField, lambda item, prefix, number: datetime.timedelta(hours=number)),
    (models.UUIDField, lambda item, prefix, number: uuid.UUID(int=number)),
    (models.GenericIPAddressField, lambda item, prefix, number: f"10.0.{number // 250 % 250}.{number % 250}"),
    (models.JSONField, lambda item, prefix, number: {}),
    (models.BinaryField, lambda item, prefix, number: b"x"),
)


def _is_taken(row: models.Model) -> bool:
    """Tell whether another row has the same values where only one may have them."""
    try:
        row.validate_unique()
        row.validate_constraints()
    except ValidationError:
        return True
    return False


def _shared_relations(model: type[models.Model]) -> list[Any]:
    """Return the foreign keys of a model behind which many rows may lead to one."""
    return [
        item
        for item in model._meta.concrete_fields
        if item.remote_field and not item.unique and isinstance(item.related_model, type)
    ]


def _point_generic_keys(model: type[models.Model], values: Values, number: int) -> None:
    """Let each generic key lead to a content type row, which every project has."""
    for key in model._meta.private_fields:
        if hasattr(key, "ct_field") and hasattr(key, "fk_field"):
            values[key.ct_field] = ContentType.objects.get_for_model(ContentType)
            pks = list(ContentType.objects.order_by("pk").values_list("pk", flat=True))
            values[key.fk_field] = pks[number % len(pks)]
