"""Counts and existence of related rows, as subqueries that leave the rows of the queryset alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import CharField, Exists, F, Func, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast

from quell.exceptions import UsageError
from quell.introspection.relations import Relation, RelationField, source_of, walk

SubqueryKind = Literal["count", "exists"]

_NUMBERS = frozenset({"SmallIntegerField", "IntegerField", "BigIntegerField"})
_TEXTS = frozenset({"CharField", "TextField", "SlugField"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """
    How the rows of a to-many relation are found from a row outside of a subquery.

    Each of ``conditions`` is a lookup on ``target`` and the field of ``owner`` that it equals; ``prefix``
    leads from the row outside to its owner. ``is_text`` tells that the key is a number there and a text here.
    ``content_type`` is set for a generic relation: the field, and the model that it has to name.
    """

    relation: Relation
    owner: type[Model]
    target: type[Model]
    prefix: str
    conditions: tuple[tuple[str, str], ...]
    is_text: bool = False
    content_type: tuple[str, type[Model]] | None = None

    @property
    def counted(self) -> str:
        """Return the column to count: the key, or its first column where it has several."""
        columns: Sequence[RelationField] = self.target._meta.pk_fields
        return "pk" if len(columns) == 1 else str(columns[0].attname)

    @property
    def is_counted_a_number(self) -> bool:
        """Tell whether the counted column is a number as its count is, so that Django need not be told."""
        return _kind_of_key(self.target._meta.pk_fields[0]) == "number"


def correlate(model: type[Model], path: str, name: str) -> Correlation:
    """
    Find how the to-many relation at the end of a path hangs on a row of the model.

    Args:
        model: The model of the rows outside.
        path: Any to-one hops, then one to-many hop.
        name: What the result is called, for messages.

    Raises:
        UsageError: If the path is another one, or SQL cannot compare the keys.
    """
    *way, last = walk(model, path)
    owner = (way[-1].target if way else None) or model
    problem = _problem(way, last) or (_key_problem(owner, last.field) if _is_generic(last) else "")
    if problem or last.target is None:
        msg = f'"{name}" over "{path}" on {model._meta.label}: {problem}'
        raise UsageError(msg)
    return Correlation(
        relation=last,
        owner=owner,
        target=last.target,
        prefix="".join(f"{step.hop.query_name}__" for step in way),
        conditions=_conditions(last),
        is_text=_is_generic(last) and _kind_of_key(owner._meta.pk) != _object_id_kind(last.field),
        content_type=_content_type(owner, last.field) if _is_generic(last) else None,
    )


def subquery(correlation: Correlation, kind: SubqueryKind) -> Subquery | Exists:
    """
    Build the annotation.

    The rows are those of the default manager, as in ``.all()`` of the relation. A count without related rows
    is 0, as nothing is grouped.
    """
    rows = _rows(correlation)
    if kind == "exists":
        return Exists(rows)
    if is_folding(rows):
        folded = _rows(correlation, is_nested=True)
        rows = correlation.target._base_manager.filter(pk__in=folded.values("pk"))
    number = Func(F(correlation.counted), function="COUNT", output_field=IntegerField())
    return Subquery(rows.order_by().values(n=number), output_field=IntegerField())


def is_folding(rows: QuerySet[Any, Any]) -> bool:
    """Tell whether a queryset folds rows itself, so that what it returns is not what it reads."""
    return bool(rows.query.distinct) or rows.query.group_by is not None


def _rows(correlation: Correlation, *, is_nested: bool = False) -> QuerySet[Any, Any]:
    conditions: dict[str, Any] = {}
    for lookup, outer in correlation.conditions:
        value: Any = OuterRef(f"{correlation.prefix}{outer}")
        value = OuterRef(value) if is_nested else value
        conditions[lookup] = Cast(value, CharField()) if correlation.is_text else value
    if correlation.content_type is not None:
        name, owner = correlation.content_type
        conditions[name] = _content_type_key(owner)
    return correlation.target._default_manager.filter(**conditions)


def _content_type_key(owner: type[Model]) -> Subquery:
    """Look the content type up in the same statement: ``apply()`` never queries."""
    from django.contrib.contenttypes.models import ContentType

    found = ContentType._base_manager.filter(app_label=owner._meta.app_label, model=owner._meta.model_name)
    return Subquery(found.values("pk")[:1])


def _problem(way: Sequence[Relation], last: Relation) -> str:
    for step in way:
        if not step.hop.is_single or step.hop.kind == "generic":
            return f'"{step.hop.name}" on the way is not to-one; make a plan for the model behind it'
        if not step.hop.can_join:
            return f'joining "{step.hop.name}" would change the rows; make a plan for the model behind it'
    if last.hop.is_single:
        return f'"{last.hop.name}" is to-one, and only rows of a to-many relation can be counted'
    if is_other_side(last):
        return f'"{last.hop.name}" is the other side of a generic relation; prefetch it instead'
    if last.hop.kind == "many_to_many" and source_of(last.field) is None:
        return f'"{last.hop.name}" is no many-to-many relation of Django; prefetch it instead'
    return ""


def is_other_side(relation: Relation) -> bool:
    """Tell whether a relation leads from a generic row to one kind of those that it may belong to."""
    field = getattr(relation.field, "field", None)
    return relation.hop.kind == "reverse_many" and hasattr(field, "object_id_field_name")


def _conditions(relation: Relation) -> tuple[tuple[str, str], ...]:
    """Mirror ``core_filters`` of Django's related managers."""
    field = relation.field
    if _is_generic(relation):
        return ((field.object_id_field_name, "pk"),)
    if relation.hop.kind == "reverse_many":
        return tuple((local.attname, remote.attname) for local, remote in field.field.related_fields)
    if not hasattr(field, "m2m_field_name"):
        lookup = field.field.name
    elif field.remote_field.symmetrical:
        # There is a row for either direction, and only the forward name is one that code can spell.
        lookup = field.name
    else:
        lookup = field.related_query_name()
    return tuple(
        (f"{lookup}__{remote.name}", remote.attname) for _, remote in source_of(field).related_fields
    )


def _is_generic(relation: Relation) -> bool:
    return relation.hop.kind == "generic_relation"


def _content_type(owner: type[Model], field: RelationField) -> tuple[str, type[Model]]:
    named = owner._meta.concrete_model if field.for_concrete_model else owner
    return field.content_type_field_name, named or owner


def _key_problem(owner: type[Model], field: RelationField) -> str:
    key, object_id = _kind_of_key(owner._meta.pk), _object_id_kind(field)
    if key == object_id or (key, object_id) == ("number", "text"):
        return ""
    column = f"{field.related_model._meta.label}.{field.object_id_field_name}"
    return (
        f"{column} is {object_id} and the key of {owner._meta.label} is {key}, which SQL does not compare "
        "alike on every database; prefetch the relation and use len()"
    )


def _object_id_kind(field: RelationField) -> str:
    return _kind_of_key(field.related_model._meta.get_field(field.object_id_field_name))


def _kind_of_key(field: RelationField) -> str:
    while getattr(field, "remote_field", None):
        field = field.target_field
    kind = str(field.get_internal_type())
    if kind.endswith("AutoField") or kind.startswith("Positive") or kind in _NUMBERS:
        return "number"
    return "text" if kind in _TEXTS else kind
