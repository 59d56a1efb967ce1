"""A column of a row compared in Python, where that means what it means in the database."""

import ast
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connections
from django.db.models import Model

_TEXT = frozenset({"CharField", "TextField", "SlugField", "EmailField", "URLField", "FilePathField"})
ORDERED = frozenset(
    {"AutoField", "BigAutoField", "SmallAutoField", "IntegerField", "BigIntegerField", "SmallIntegerField"}
    | {"PositiveIntegerField", "PositiveBigIntegerField", "PositiveSmallIntegerField", "BooleanField"}
    | {"DateField", "DateTimeField", "TimeField", "DurationField", "DecimalField", "FloatField"}
)
_EQUAL = ORDERED | _TEXT | {"UUIDField"}
_COMPARISONS = {"exact": "==", "in": "in", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Untranslatable(Exception):
    """A call that Python cannot answer as the database does."""


def condition(model: type[Model], name: str, lookup: str, value: ast.expr) -> str:
    """
    Return a keyword of ``filter()`` as a comparison of the row that ``name`` stands for.

    Raises:
        Untranslatable: If the two need not agree.
    """
    column, _, kind = lookup.partition("__")
    field, kind = column_of(model, column), kind or "exact"
    own = f"{name}.{field.attname}"
    if kind == "isnull" and isinstance(value, ast.Constant):
        return f"{own} is {'' if value.value else 'not '}None"
    if (
        kind == "exact"
        and isinstance(value, ast.Constant)
        and (value.value is None or field.get_internal_type() == "BooleanField")
    ):
        return _flag(own, value, is_nullable=field.null)
    _check_comparison(field, kind, value)
    code = ast.unparse(value).replace("'", '"')
    is_row = field.is_relation and column != field.attname and kind == "exact"
    if is_row and not isinstance(value, ast.Constant) and not code.endswith(("id", "pk")):
        code = f"{code}.pk"
    return f"{own} {_COMPARISONS[kind]} {code}"


def _flag(own: str, value: ast.Constant, *, is_nullable: bool) -> str:
    if value.value is None:
        return f"{own} is None"
    if value.value:
        return own
    return f"{own} is False" if is_nullable else f"not {own}"


def _check_comparison(field: Any, kind: str, value: ast.expr) -> None:  # noqa: ANN401 -- any kind of field
    target = field.target_field if field.is_relation else field
    name = target.get_internal_type()
    allowed = _EQUAL if kind in {"exact", "in"} else ORDERED
    is_simple = isinstance(
        value, (ast.Constant, ast.Name, ast.Attribute, ast.JoinedStr, ast.Tuple, ast.List, ast.Set)
    )
    is_comparable = kind in {"exact", "in"} or not field.null
    if kind not in _COMPARISONS or name not in allowed or not is_simple or not is_comparable:
        raise Untranslatable
    if name in _TEXT and any(
        connection.vendor == "mysql" for connection in connections.all(initialized_only=True)
    ):
        # Its usual collations ignore case.
        raise Untranslatable
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and name not in _TEXT:
        raise Untranslatable


def column_of(model: type[Model], name: str) -> Any:  # noqa: ANN401 -- any kind of field
    """Return a column of the row itself."""
    if name == "pk":
        field: Any = model._meta.pk
    else:
        by_attribute = {field.attname: field for field in model._meta.concrete_fields}
        try:
            field = by_attribute.get(name) or model._meta.get_field(name)
        except FieldDoesNotExist:
            raise Untranslatable from None
    if not getattr(field, "concrete", False) or getattr(field, "column", None) is None or field.many_to_many:
        raise Untranslatable
    return field


def text_of(value: ast.expr) -> str:
    """Return a text that the source spells."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    raise Untranslatable
