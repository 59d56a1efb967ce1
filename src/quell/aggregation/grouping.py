"""Numbers for each group of rows, all groupings in one statement."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.models import F, Model
from django.db.models.constants import LOOKUP_SEP

from quell.aggregation.compiling import compile_part
from quell.aggregation.declaring import Asked, Declaration
from quell.aggregation.groups import Group, Groups
from quell.aggregation.numbers import Number
from quell.aggregation.parts import Part
from quell.aggregation.references import relations_of, resolve
from quell.aggregation.rows import Rows, read_rows
from quell.aggregation.unions import Branch, run_union
from quell.exceptions import UsageError

_MOST_FILLED = 10_000


@dataclass(frozen=True, slots=True)
class Key:
    """What to group by; ``labels`` has the values that may be, in order, each with what people call it."""

    name: str
    expression: Any
    labels: dict[Any, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Numbers to fetch for each group of rows; made by ``Statistics.by()``."""

    declaration: Declaration
    queryset: Any
    keys: tuple[Key, ...]
    totals: bool
    fill: bool

    def fetch(self) -> Groups:
        """Run one statement, and return the groups."""
        connection = connections[self.queryset.db]
        rows = read_rows(self.queryset, connection)
        branches = self.branches(rows, connection)
        return self.read(rows, branches, run_union(connection, branches))

    async def afetch(self) -> Groups:
        """Do as ``fetch()`` in async code."""
        return await sync_to_async(self.fetch)()

    def branches(self, rows: Rows, connection: Any) -> list[Branch]:
        """Return one result for the numbers over each relation, for each prefix of the keys that is wanted."""
        by_relations: dict[frozenset[str], dict[str, Number]] = defaultdict(dict)
        for name, number in self.declaration.asked(rows).columns.items():
            by_relations[number.joined][name] = number
        # Conditions that all numbers have stay at the numbers, as a group without such rows is a group.
        pieces = [
            compile_part(Part(numbers=numbers), rows, connection, self._columns(length))
            for length in self._lengths()
            for numbers in by_relations.values()
        ]
        return [Branch(piece.sql, piece.params, rows.params, piece.columns) for piece in pieces]

    def read(self, rows: Rows, branches: list[Branch], found: list[list[dict[str, Any]]]) -> Groups:
        """Put the rows of all results together."""
        asked = self.declaration.asked(rows)
        lengths, per_length = self._lengths(), len(branches) // len(self._lengths())
        by_length: dict[int, dict[tuple[Any, ...], dict[str, Any]]] = {length: {} for length in lengths}
        for position, result in enumerate(found):
            length = lengths[position // per_length]
            for row in result:
                key = tuple(row[name] for name in self._columns(length))
                by_length[length].setdefault(key, {}).update(row)
        empty = {column.name: column.empty for branch in branches for column in branch.columns}
        groups = self._groups(by_length[len(self.keys)], asked, empty)
        totals = {
            key: self._group(key, values, asked)
            for length in lengths[1:]
            for key, values in by_length[length].items()
        }
        return Groups(groups, totals)

    def _lengths(self) -> list[int]:
        """Return how many keys each grouping has, all of them first."""
        return list(range(len(self.keys), -1, -1)) if self.totals else [len(self.keys)]

    def _columns(self, length: int) -> dict[str, Any]:
        return {f"key_{position}_": key.expression for position, key in enumerate(self.keys[:length])}

    def _groups(
        self, found: dict[tuple[Any, ...], dict[str, Any]], asked: Asked, empty: Mapping[str, Any]
    ) -> dict[tuple[Any, ...], Group]:
        sizes = 1
        for key in self.keys:
            sizes *= len(key.labels)
        if self.fill and 0 < sizes <= _MOST_FILLED:
            for values in product(*(key.labels for key in self.keys)):
                found.setdefault(values, dict(empty))
        return {key: self._group(key, found[key], asked) for key in sorted(found, key=self._place)}

    def _place(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(_place(key, value) for key, value in zip(self.keys, values, strict=True))

    def _group(self, values: tuple[Any, ...], found: Mapping[str, Any], asked: Asked) -> Group:
        named = list(zip(self.keys, values, strict=False))
        label = " / ".join(key.labels.get(value, str(value)) for key, value in named)
        return Group({key.name: value for key, value in named} | asked.results(found), label)


def _place(key: Key, value: Any) -> tuple[Any, ...]:
    """Return where a value stands: choices in their order, then other values in theirs, then NULL."""
    if value in key.labels:
        return (0, list(key.labels).index(value))
    return (2,) if value is None else (1, value)


def read_keys(
    model: type[Model], names: tuple[str, ...], expressions: Mapping[str, Any], known: frozenset[str]
) -> tuple[Key, ...]:
    """
    Read what ``by()`` takes.

    Raises:
        UsageError: If there is none, a name is no field, or it leads through a relation with several rows.
    """
    if not names and not expressions:
        msg = 'by() takes what to group by, as in by("status") or by(month=TruncMonth("created_at"))'
        raise UsageError(msg)
    keys = [_key(model, name, known) for name in names]
    keys += [Key(name, expression, {}) for name, expression in expressions.items()]
    for key in keys:
        if getattr(key.expression, "contains_aggregate", False):
            msg = f"by({key.name}=...) takes what each row has by itself, and not an aggregate"
            raise UsageError(msg)
        if relations_of(model, key.expression, known):
            msg = (
                f'by("{key.name}") groups {model._meta.label} by a relation with several rows, where a row would be in '
                "several groups; make statistics of the model behind it"
            )
            raise UsageError(msg)
    return tuple(keys)


def _key(model: type[Model], name: str, known: frozenset[str]) -> Key:
    if name.split(LOOKUP_SEP, maxsplit=1)[0] in known:
        return Key(name, F(name), {})
    reference = resolve(model, name)
    return Key(name, F(name), {} if reference.rest else _labels(reference.field))


def _labels(field: Any) -> dict[Any, str]:
    if getattr(field, "flatchoices", None):
        return {value: str(label) for value, label in field.flatchoices}
    is_boolean = getattr(field, "get_internal_type", str)() == "BooleanField"
    return {True: "True", False: "False"} if is_boolean else {}
