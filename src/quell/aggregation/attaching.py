"""Numbers of rows that are loaded, in one statement for all of them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db.models import Model, QuerySet

from quell.aggregation.annotating import check_names
from quell.aggregation.declaring import Declaration
from quell.aggregation.grouping import Grouped
from quell.aggregation.keys import read_keys
from quell.exceptions import UsageError

CHUNK_SIZE = 2000


def attach(declaration: Declaration, rows: Iterable[Model], alias: str) -> None:
    """
    Give rows of one database their numbers as attributes.

    Cost: one statement for 2,000 rows.
    """
    known = iter(rows)
    while chunk := list(islice(known, CHUNK_SIZE)):
        _attach(declaration, chunk, alias)


def _attach(declaration: Declaration, rows: Sequence[Model], alias: str) -> None:
    model = declaration.model
    fields = model._meta.pk_fields
    names = tuple(field.attname for field in fields)
    by_key: dict[tuple[Any, ...], list[Model]] = {}
    for row in rows:
        by_key.setdefault(tuple(getattr(row, name) for name in names), []).append(row)
    wanted: QuerySet[Any, Any] = QuerySet(model, using=alias)
    keys: list[Any] = [key if len(key) > 1 else key[0] for key in by_key]
    grouped = Grouped(
        declaration=declaration,
        queryset=wanted.filter(pk__in=keys),
        keys=read_keys(model, names, {}, frozenset()),
        sets=(tuple(range(len(names))),),
        fill=False,
    )
    groups = grouped.fetch()
    for key, same in by_key.items():
        # A row that was deleted meanwhile has no group.
        values = (
            _values(declaration, groups[key]) if key in groups else dict.fromkeys(declaration.expressions)
        )
        for row in same:
            row.__dict__.update(values)


def _values(declaration: Declaration, group: Any) -> dict[str, Any]:
    return {name: group[name] for name in declaration.expressions}


def attach_by_alias(declaration: Declaration, rows: Iterable[Model]) -> None:
    """
    Give rows their numbers, each from the database that it was loaded from.

    Raises:
        UsageError: If a row is none of the model or was never saved, or a number has the name of a field.
    """
    check_names(declaration.model, declaration.expressions)
    by_alias: dict[str, list[Model]] = {}
    for row, alias in _checked(declaration.model, rows):
        by_alias.setdefault(alias, []).append(row)
    for alias, members in by_alias.items():
        attach(declaration, members, alias)


def _checked(model: type[Model], rows: Iterable[Model]) -> Iterator[tuple[Model, str]]:
    for row in rows:
        alias = row._state.db if isinstance(row, model._meta.concrete_model or model) else None
        if alias is None:
            msg = f"attach() takes saved rows of {model._meta.label}, not {row!r}"
            raise UsageError(msg)
        yield row, alias
