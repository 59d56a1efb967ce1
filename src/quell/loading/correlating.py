"""Counts and existence of related rows, as subqueries that leave the rows of the queryset alone."""

from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import CharField, Exists, F, Field, Func, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast

from quell.exceptions import UsageError
from quell.introspection.relations import Relation, walk

SubqueryKind = Literal["count", "exists"]

_NUMBERS = ("SmallIntegerField", "IntegerField", "BigIntegerField")


@dataclass(frozen=True, slots=True)
class Correlation:
    """
    How the rows of a relation are found from a row outside.

    ``conditions`` maps a lookup on the related model to the field outside that it equals, and ``casts`` names
    those whose types differ. ``content_type`` is set for a generic relation: the field and the owner.
    """

    relation: Relation
    owner: type[Model]
    prefix: str
    conditions: tuple[tuple[str, str], ...]
    casts: tuple[str, ...] = ()
    content_type: tuple[str, type[Model]] | None = None

    @property
    def target(self) -> type[Model]:
        """Return the model whose rows are counted."""
        target: type[Model] = self.relation.field.related_model
        return target


def correlate(model: type[Model], path: str, what: str) -> Correlation:
    """
    Find how the to-many relation at the end of a path hangs on a row of the model.

    Raises:
        UsageError: If the last hop is not to-many, another one is, or the keys cannot be compared in SQL.
    """
    *leading, last = walk(model, path)
    problem = _problem(leading, last)
    if problem:
        msg = f'{what} over "{path}" on {model._meta.label}: {problem}'
        raise UsageError(msg)
    prefix = "".join(f"{step.hop.query_name}__" for step in leading)
    owner = (leading[-1].target if leading else None) or model
    if last.hop.kind == "generic_relation":
        return _generic(owner, last, prefix, f'{what} over "{path}" on {model._meta.label}')
    if last.hop.kind == "many_to_many":
        return Correlation(last, owner, prefix, _many_to_many_keys(last.field))
    keys = tuple((local.attname, remote.attname) for local, remote in last.field.field.related_fields)
    return Correlation(last, owner, prefix, keys)


def subquery(correlation: Correlation, kind: SubqueryKind) -> Subquery | Exists:
    """
    Build the annotation.

    The rows are those of the default manager, as in ``.all()`` of the relation. A count without related rows is
    0, as there is no GROUP BY.
    """
    rows = _rows(correlation, depth=1)
    if kind == "exists":
        return Exists(rows)
    if rows.query.distinct or rows.query.group_by is not None:
        # The manager folds rows itself: count what it returns, not what it reads.
        rows = correlation.target._base_manager.filter(pk__in=_rows(correlation, depth=2).values("pk"))
    counted: QuerySet[Any, Any] = rows.order_by().values(n=Func(F("pk"), function="COUNT", output_field=IntegerField()))
    return Subquery(counted, output_field=IntegerField())


def _rows(correlation: Correlation, *, depth: int) -> QuerySet[Any, Any]:
    conditions: dict[str, Any] = {}
    for lookup, outer in correlation.conditions:
        value: Any = OuterRef(f"{correlation.prefix}{outer}")
        for _ in range(depth - 1):
            value = OuterRef(value)
        conditions[lookup] = Cast(value, CharField()) if lookup in correlation.casts else value
    if correlation.content_type is not None:
        name, owner = correlation.content_type
        conditions[name] = _content_type(owner)
    return correlation.target._default_manager.filter(**conditions)


def _content_type(owner: type[Model]) -> Subquery:
    """Look the content type up in the same statement: building a queryset never queries."""
    from django.contrib.contenttypes.models import ContentType

    found = ContentType._base_manager.filter(app_label=owner._meta.app_label, model=owner._meta.model_name)
    return Subquery(found.values("pk")[:1])


def _problem(leading: list[Relation], last: Relation) -> str:
    for step in leading:
        if step.hop.kind not in {"forward", "reverse_one"}:
            return f'"{step.hop.name}" is not to-one, so one number per row would mix several; start at its model'
        if not step.hop.can_join:
            return f'"{step.hop.name}" cannot be joined without losing rows; start at its model'
    if last.hop.is_single:
        return f'"{last.hop.name}" is to-one; name a to-many relation, or filter by {last.hop.query_name}__isnull'
    if last.hop.kind == "unknown":
        return "behind a generic foreign key each row leads to another table; start at its model"
    return ""


def _many_to_many_keys(field: Any) -> tuple[tuple[str, str], ...]:
    """Mirror ``core_filters`` of Django's ``ManyRelatedManager``."""
    if hasattr(field, "m2m_field_name"):
        through, name = field.remote_field.through, field.m2m_field_name()
        # A symmetrical relation has rows in both directions, and only the forward name can be written in code.
        lookup = field.name if field.remote_field.symmetrical else field.related_query_name()
    else:
        through, name, lookup = field.through, field.field.m2m_reverse_field_name(), field.field.name
    source = through._meta.get_field(name)
    return tuple((f"{lookup}__{remote.name}", remote.attname) for _, remote in source.related_fields)


def _generic(owner: type[Model], relation: Relation, prefix: str, where: str) -> Correlation:
    field = relation.field
    key = owner._meta.pk
    object_id: Field[Any, Any] = field.related_model._meta.get_field(field.object_id_field_name)
    same, must_cast = _comparison(key, object_id)
    if not same and not must_cast:
        msg = (
            f"{where}: {object_id.model._meta.label}.{object_id.name} is a {object_id.get_internal_type()} and the key "
            f"of {owner._meta.label} is not, so SQL cannot compare them; prefetch the relation and use len()"
        )
        raise UsageError(msg)
    named = owner._meta.concrete_model if field.for_concrete_model else owner
    return Correlation(
        relation,
        owner,
        prefix,
        ((object_id.attname, "pk"),),
        casts=(object_id.attname,) if must_cast else (),
        content_type=(field.content_type_field_name, named or owner),
    )


def _comparison(key: Any, object_id: Any) -> tuple[bool, bool]:
    """Tell whether two keys compare as they are, and whether they do as text."""
    types = [_base_type(field) for field in (key, object_id)]
    if types[0] == types[1]:
        return True, False
    return False, types == ["number", "text"]


def _base_type(field: Any) -> str:
    while getattr(field, "remote_field", None):
        field = field.target_field
    kind = field.get_internal_type()
    if kind.endswith("AutoField") or kind.startswith("Positive") or kind in _NUMBERS:
        return "number"
    return "text" if kind in {"CharField", "TextField", "SlugField", "EmailField", "URLField"} else kind
