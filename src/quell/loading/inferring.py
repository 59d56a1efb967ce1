"""The plan that a serializer implies."""

from collections.abc import Iterable, Mapping
from inspect import getattr_static
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from django.db.models import Manager, Model
from django.db.models.manager import BaseManager

from quell.exceptions import UsageError
from quell.introspection.relations import Relation, walk
from quell.loading.gathering import Gathered
from quell.loading.needs import Needs, needs_of
from quell.loading.plan import FetchPlan

# Serializers and fields of REST framework, which is imported only where a serializer is given.
Serializer: TypeAlias = Any
Field: TypeAlias = Any
Context: TypeAlias = Mapping[str, object]

_DEPTH = 5
_cache: WeakKeyDictionary[type, dict[type[Model] | None, FetchPlan]] = WeakKeyDictionary()


def infer(
    serializer_class: type, model: type[Model] | None = None, context: Context | None = None
) -> FetchPlan:
    """See ``FetchPlan.from_serializer()``."""
    known = _cache.get(serializer_class)
    if known is not None and model in known:
        return known[model]
    serializer = _instance(serializer_class, context)
    root = model or getattr(getattr(serializer, "Meta", None), "model", None)
    if root is None:
        msg = f"{serializer_class.__qualname__} names no model; write from_serializer(..., model=Ticket)"
        raise UsageError(msg)
    reader = _Reader(serializer_class)
    reader.read(serializer, root, "")
    plan = reader.found.plan()
    # Fields that depend on the context are another plan in another request.
    if not reader.is_dynamic or context is None:
        _cache.setdefault(serializer_class, {})[model] = plan
    return plan


def _instance(serializer_class: object, context: Context | None) -> Serializer:
    from rest_framework.serializers import BaseSerializer

    if not (isinstance(serializer_class, type) and issubclass(serializer_class, BaseSerializer)):
        msg = f"from_serializer() takes a serializer class, not {serializer_class!r}"
        raise UsageError(msg)
    try:
        found = serializer_class(context=dict(context or {}))
        # A ListSerializer has a child of its own.
        return getattr(found, "child", found)
    except TypeError as error:
        msg = f"{serializer_class.__qualname__} cannot be made without arguments: {error}; write the plan by hand"
        raise UsageError(msg) from error


class _Reader:
    """Reads what serializers take from the rows that they are given."""

    def __init__(self, serializer_class: type) -> None:
        self._class = serializer_class
        self._open: list[tuple[type, type[Model]]] = []
        self.found = Gathered()
        self.is_dynamic = False

    def read(self, serializer: Serializer, model: type[Model], way: str) -> None:
        """Note what a serializer reads of the rows at the end of a way."""
        serializer = getattr(serializer, "child", serializer)
        key = (type(serializer), model)
        if self._open.count(key) >= _DEPTH:
            # As deep as hierarchies are expected to be; whatever is deeper is loaded on demand.
            self.found.keep_all(way)
            return
        self._open.append(key)
        try:
            self.found.reach(way)
            self._read_code(serializer, model, way)
            for field in self._fields(serializer):
                self._read_field(field, serializer, model, way)
        finally:
            self._open.pop()

    def _fields(self, serializer: Serializer) -> list[Field]:
        # Not of the instance, whose fields are read at the first look.
        if not hasattr(type(serializer), "fields"):
            return []
        self.is_dynamic |= any(
            not _is_of_framework(type(serializer), name) for name in ("__init__", "get_fields")
        )
        try:
            return [field for field in serializer.fields.values() if not field.write_only]
        except (KeyError, AttributeError, TypeError) as error:
            msg = (
                f"the fields of {type(serializer).__qualname__} depend on its context ({error!r}); "
                "write from_serializer(..., context={...})"
            )
            raise UsageError(msg) from error

    def _read_code(self, serializer: Serializer, model: type[Model], way: str) -> None:
        """Note what ``to_representation()`` reads by itself, such as one that picks another serializer."""
        mapping: Mapping[object, Serializer] = getattr(serializer, "model_serializer_mapping", {})
        for other in mapping.values():
            self.read(other(context=serializer.context) if isinstance(other, type) else other, model, way)
            # The rows are of other models as well, whose columns nobody knows here.
            self.found.keep_all(way)
        many = getattr(getattr(serializer, "Meta", None), "list_serializer_class", None)
        for owner in (type(serializer), many):
            if owner is not None and not mapping and not _is_of_framework(owner, "to_representation"):
                self._declared(needs_of(owner.to_representation), model, way)

    def _declared(self, declared: Needs | None, model: type[Model], way: str) -> None:
        if declared is None:
            self.found.keep_all(way)
            return
        for path in declared.paths:
            self._read_path(path.split("__"), model, way)
        for plan in declared.plans:
            self.found.add_plan(plan, way)
        for other in declared.serializers:
            self.read(_instance(other, None), model, way)

    def _read_field(self, field: Field, serializer: Serializer, model: type[Model], way: str) -> None:
        from rest_framework.serializers import BaseSerializer, HyperlinkedIdentityField, SerializerMethodField

        if not _is_of_framework(type(field), "get_attribute"):
            self._declared(needs_of(type(field).get_attribute), model, way)
        elif isinstance(field, SerializerMethodField):
            self._declared(needs_of(getattr(serializer, field.method_name, None)), model, way)
        elif isinstance(field, HyperlinkedIdentityField):
            self._read_path([field.lookup_field], model, way)
        elif field.source_attrs:
            self._read_source(field, model, way)
        elif isinstance(field, BaseSerializer):
            self.read(field, model, way)
        else:
            self._declared(needs_of(type(field).to_representation), model, way)

    def _read_source(self, field: Field, model: type[Model], way: str) -> None:
        *attributes, last = field.source_attrs
        child = getattr(field, "child_relation", field)
        holder, way = self._follow(attributes, model, way)
        if holder is None:
            return
        relation = _relation(holder, last)
        if relation is None:
            self._read_attribute(last, holder, way)
        elif relation.hop.kind == "forward" and child is field and _reads_key(child):
            self.found.add_column(way, last)
        elif relation.target is None:
            self.found.add_path(way, relation)
        else:
            self._read_related(child, relation, self.found.add_path(way, relation))

    def _read_related(self, field: Field, relation: Relation, way: str) -> None:
        from rest_framework.relations import PrimaryKeyRelatedField, RelatedField, SlugRelatedField
        from rest_framework.serializers import BaseSerializer

        target: type[Model] = relation.target  # type: ignore[assignment]  # the caller has looked
        if isinstance(field, BaseSerializer):
            self.read(field, target, way)
        elif isinstance(field, SlugRelatedField):
            self._read_path(str(field.slug_field).split("__"), target, way)
        elif isinstance(field, PrimaryKeyRelatedField) and _is_of_framework(type(field), "to_representation"):
            self.found.add_column(way, "pk")
        elif isinstance(field, RelatedField) and hasattr(field, "lookup_field"):
            self._read_path([field.lookup_field], target, way)
        elif _is_of_framework(type(field), "to_representation"):
            # Whatever else is of REST framework shows the text of the row.
            self._declared(needs_of(target.__str__), target, way)
        else:
            self._declared(needs_of(type(field).to_representation), target, way)

    def _read_path(self, names: list[str], model: type[Model], way: str) -> None:
        """Note a declared path: a relation at its end is loaded in full, a column alone."""
        *before, last = names
        holder, way = self._follow(before, model, way)
        relation = _relation(holder, last) if holder is not None else None
        if relation is not None:
            self.found.keep_all(self.found.add_path(way, relation))
        elif holder is not None:
            self._read_attribute(last, holder, way)

    def _follow(self, names: Iterable[str], model: type[Model], way: str) -> tuple[type[Model] | None, str]:
        """Go along relations; what is behind an attribute that is none cannot be seen."""
        current: type[Model] | None = model
        for name in names:
            relation = _relation(current, name) if current is not None else None
            if current is None or relation is None:
                if current is not None:
                    self._read_attribute(name, current, way)
                return None, way
            way = self.found.add_path(way, relation)
            current = relation.target
        return current, way

    def _read_attribute(self, name: str, model: type[Model], way: str) -> None:
        column = _column(model, name)
        if column:
            self.found.add_column(way, column)
            return
        attribute = getattr_static(model, name, None)
        if attribute is not None and not isinstance(attribute, (Manager, BaseManager)):
            self._declared(needs_of(attribute), model, way)


def _reads_key(field: Field) -> bool:
    return bool(getattr(field, "use_pk_only_optimization", bool)())


def _relation(model: type[Model] | None, name: str) -> Relation | None:
    if model is None:
        return None
    try:
        return walk(model, name)[0]
    except UsageError:
        return None


def _column(model: type[Model], name: str) -> str:
    """Return the column behind an attribute, or behind the text of a choice."""
    if name == "pk":
        return name
    choice = name.removeprefix("get_").removesuffix("_display")
    names = {name, choice} if name == f"get_{choice}_display" else {name}
    fields = model._meta.concrete_fields
    return next((field.name for field in fields if field.name in names or field.attname == name), "")


def _is_of_framework(owner: type, name: str) -> bool:
    function: object = getattr(owner, name)
    return str(getattr(function, "__module__", "")).startswith("rest_framework.")
