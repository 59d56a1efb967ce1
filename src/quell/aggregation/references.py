"""Which relations an expression or a condition goes through, and which of them have several rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Model, OuterRef, Q
from django.db.models.constants import LOOKUP_SEP

from quell.exceptions import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """
    Where a path leads.

    ``to_many`` are the prefixes, each from the start of the path, that end in a relation with several rows;
    ``field`` is the last field that the path names, and ``rest`` the transforms and the lookup behind it.
    ``is_generic`` tells that the key of a content type is part of the SQL.
    """

    to_many: tuple[str, ...]
    field: Any
    rest: str
    is_generic: bool = False


def paths_of(node: Any) -> Iterator[str]:
    """Yield each path that a condition or an unresolved expression names; those of subqueries are their own."""
    if isinstance(node, Q):
        for child in node.children:
            if isinstance(child, tuple):
                yield child[0]
                yield from _paths_of_value(child[1])
            else:
                yield from paths_of(child)
    elif isinstance(node, F):
        column: Any = node
        if not isinstance(node, OuterRef):
            yield column.name
    elif hasattr(node, "get_source_expressions") and not hasattr(node, "query"):
        for source in node.get_source_expressions():
            yield from paths_of(source)


def _paths_of_value(value: object) -> Iterator[str]:
    # Of a text nobody may think that it is a path.
    for item in value if isinstance(value, list | tuple) else (value,):
        yield from paths_of(item)


def relations_of(model: type[Model], node: object, known: frozenset[str] = frozenset()) -> frozenset[str]:
    """
    Return the to-many relations that a node goes through, as prefixes from the model.

    Args:
        model: The model of the rows.
        node: A condition, or an unresolved expression.
        known: Names of annotations, which are no fields.

    Raises:
        UsageError: If a path names no field.
    """
    return frozenset(
        prefix
        for path in paths_of(node)
        if path.split(LOOKUP_SEP)[0] not in known
        for prefix in resolve(model, path).to_many
    )


def resolve(model: type[Model], path: str) -> Reference:
    """
    Follow a path.

    Raises:
        UsageError: If its first name is no field of the model, or a relation is followed by no field of the other.
    """
    return _resolve(model, path, apps.ready)


@lru_cache(maxsize=4096)
def _resolve(
    model: type[Model],
    path: str,
    ready: bool,  # noqa: FBT001 -- a new answer once all models are loaded
) -> Reference:
    names = path.split(LOOKUP_SEP)
    current, field, is_generic = model, None, False
    to_many: list[str] = []
    for position, name in enumerate(names):
        found = _field(current, name)
        if found is None:
            if field is not None and not _is_misspelt(field, name):
                return Reference(
                    to_many=tuple(to_many),
                    field=field,
                    rest=LOOKUP_SEP.join(names[position:]),
                    is_generic=is_generic,
                )
            raise UsageError(_no_field(current, name, path))
        field = found
        is_generic |= _is_generic(found)
        if not hasattr(found, "path_infos"):
            rest = LOOKUP_SEP.join(names[position + 1 :])
            return Reference(to_many=tuple(to_many), field=field, rest=rest, is_generic=is_generic)
        if any(info.m2m for info in found.path_infos):
            to_many.append(LOOKUP_SEP.join(names[: position + 1]))
        current = found.path_infos[-1].to_opts.model
    return Reference(to_many=tuple(to_many), field=field, rest="", is_generic=is_generic)


def _field(model: type[Model], name: str) -> Any:
    if name == "pk":
        return model._meta.pk
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _is_misspelt(relation: Any, name: str) -> bool:
    """Tell whether what follows a relation is neither a field of the other model nor a lookup or transform."""
    return (
        hasattr(relation, "path_infos")
        and relation.get_lookup(name) is None
        and not _transforms(relation, name)
    )


def _transforms(relation: Any, name: str) -> bool:
    target = relation.path_infos[-1].target_fields[0]
    return target.get_transform(name) is not None or target.get_lookup(name) is not None


def _is_generic(field: Any) -> bool:
    return any(hasattr(found, "object_id_field_name") for found in (field, getattr(field, "field", None)))


def _no_field(model: type[Model], name: str, path: str) -> str:
    names = sorted({found.name for found in model._meta.get_fields()} | {"pk"})
    within = "" if path == name else f' (in "{path}")'
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f'did you mean "{close[0]}"?' if close else f"its fields are {', '.join(names)}"
    return f'{model._meta.label} has no field "{name}"{within}; {hint}'
