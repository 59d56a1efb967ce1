"""Numbers for each group of rows, all groupings in one statement."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, product
from math import prod
from typing import Any, TypeAlias

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.models import QuerySet

from quell.aggregation.compiling import GROUPING, compile_sets
from quell.aggregation.declaring import Asked, Declaration
from quell.aggregation.folding import Fold, finest, fold_groups, folds
from quell.aggregation.groups import Group, Groups
from quell.aggregation.keys import Key, KeySet, key_sets, read_keys
from quell.aggregation.numbers import Number
from quell.aggregation.parts import Part
from quell.aggregation.picking import compile_any
from quell.aggregation.rows import Rows, read_rows
from quell.aggregation.unions import Branch, branch_of, read_single, run_union
from quell.exceptions import UsageError

_MOST_FILLED = 10_000
_Groups: TypeAlias = dict[tuple[Any, ...], dict[str, Any]]

# Note [Several groupings]
# What can be folded is asked for by the finest groupings alone; see Note [Folded totals]. What cannot be is computed
# for each grouping: by GROUPING SETS on PostgreSQL, which reads the rows once, and whose GROUPING() tells a group of
# NULL from a total; elsewhere by a branch of UNION ALL for each. ROLLUP of MariaDB would be one, too, but there no
# function tells such rows apart.


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Numbers to fetch for each group of rows; made by ``Statistics.by()``. The first set is the grouping itself."""

    declaration: Declaration
    queryset: Any
    keys: tuple[Key, ...]
    sets: tuple[KeySet, ...]
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
        """Return the results for the numbers over each relation, each with the groupings that its rows belong to."""
        return [
            branch
            for number, family in enumerate(self._families(rows, connection.vendor))
            for branch in self._compiled(number, family, rows, connection)
        ]

    def read(self, rows: Rows, branches: list[Branch], found: list[list[dict[str, Any]]]) -> Groups:
        """Put the rows of all results together."""
        values: dict[KeySet, _Groups] = {item: {} for item in self.sets}
        empty: dict[str, Any] = {}
        for number, family in enumerate(self._families(rows, connections[rows.alias].vendor)):
            own: dict[KeySet, _Groups] = {item: {} for item in family.sets}
            for branch, result in zip(branches, found, strict=True):
                if branch.family == number:
                    self._sort(branch, result, own)
                    empty |= _empty(branch)
            for item in self.sets:
                for key, group in family.groups_of(item, own).items():
                    values[item].setdefault(key, {}).update(group)
        asked = self.declaration.asked(rows)
        first, *others = (
            (self._names(item), self._groups(item, values[item], asked, empty)) for item in self.sets
        )
        return Groups(*first, [Groups(*other) for other in others])

    def _families(self, rows: Rows, vendor: str) -> list["_Family"]:
        """Return the numbers over each relation together, and each picked value by itself."""
        by_relations: dict[frozenset[str], dict[str, Number]] = defaultdict(dict)
        picked = []
        for name, number in self.declaration.asked(rows).columns.items():
            if number.is_picked:
                picked.append(_Family({name: number}, None, self.sets))
            else:
                by_relations[number.joined][name] = number
        # Rows of which nothing is picked are a group as well.
        computed = list(by_relations.values()) or [{}]
        how = [folds(rows.model, numbers, vendor) for numbers in computed]
        return [
            *(
                _Family(numbers, fold, self.sets if fold is None else finest(self.sets))
                for numbers, fold in zip(computed, how, strict=True)
            ),
            *picked,
        ]

    def _compiled(self, number: int, family: "_Family", rows: Rows, connection: Any) -> Iterator[Branch]:
        # Conditions that all numbers have stay at the numbers, as a group without such rows is a group.
        part = Part(numbers=family.numbers)
        if len(family.sets) > 1 and not part.is_picked and _has_sets(connection):
            keys = self._columns(range(len(self.keys)))
            together = compile_sets(part, rows, connection, keys, family.sets)
            if together is not None:
                yield branch_of(together, rows.params, family.sets, number)
                return
        for item in family.sets:
            piece = compile_any(part, rows, connection, self._columns(item))
            yield branch_of(piece, rows.params, (item,), number)

    def _sort(self, branch: Branch, result: list[dict[str, Any]], own: dict[KeySet, _Groups]) -> None:
        """Put each row of a result into its grouping."""
        count = len(self.keys)
        by_bits = {
            sum(1 << (count - 1 - key) for key in range(count) if key not in item): item
            for item in branch.sets
        }
        found: dict[tuple[KeySet, tuple[Any, ...]], list[dict[str, Any]]] = defaultdict(list)
        for row in result:
            item = by_bits[row[GROUPING]] if GROUPING in row else branch.sets[0]
            found[item, tuple(row[name] for name in self._columns(item))].append(row)
        for (item, key), rows in found.items():
            own[item][key] = read_single([branch], [rows])

    def _columns(self, keys: Iterable[int]) -> dict[str, Any]:
        return {f"key_{key}_": self.keys[key].expression for key in keys}

    def _names(self, item: KeySet) -> tuple[str, ...]:
        return tuple(self.keys[key].name for key in item)

    def _groups(
        self, item: KeySet, found: _Groups, asked: Asked, empty: Mapping[str, Any]
    ) -> dict[tuple[Any, ...], Group]:
        keys = [self.keys[position] for position in item]
        size = prod(len(key.labels) for key in keys)
        # All rows are a group also where there are none.
        if not keys or (self.fill and 0 < size <= _MOST_FILLED):
            for values in product(*(key.labels for key in keys)):
                found.setdefault(values, {})

        def place(values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
            return [key.place(value) for key, value in zip(keys, values, strict=True)]

        return {
            values: _group(keys, values, {**empty, **found[values]}, asked)
            for values in sorted(found, key=place)
        }


@dataclass(frozen=True, slots=True)
class _Family:
    """
    Numbers over the same relations.

    ``sets`` are the groupings to ask for; where ``how`` is known, the others are folded.
    """

    numbers: dict[str, Number]
    how: dict[str, Fold] | None
    sets: tuple[KeySet, ...]

    def groups_of(self, item: KeySet, own: Mapping[KeySet, _Groups]) -> _Groups:
        """Return the groups of a grouping, from what was asked for."""
        if item in own or self.how is None:
            return own[item]
        fine = min((other for other in own if set(item) < set(other)), key=len)
        return fold_groups(own[fine], fine, item, self.how)


def _empty(branch: Branch) -> dict[str, Any]:
    """Return the values of a group without rows."""
    if branch.pick is not None:
        return read_single([branch], [[]])
    return {column.name: column.empty for column in branch.columns}


def _has_sets(connection: Any) -> bool:
    """Tell whether the database has GROUPING SETS, and takes a key of parameters for the same one when it is named."""
    return connection.vendor == "postgresql" and not connection.features.uses_server_side_binding


def _group(keys: list[Key], values: tuple[Any, ...], found: Mapping[str, Any], asked: Asked) -> Group:
    named = list(zip(keys, values, strict=True))
    label = " / ".join(key.labels.get(value, str(value)) for key, value in named)
    return Group({key.name: value for key, value in named} | asked.results(found), label)


def grouped(
    declaration: Declaration,
    queryset: QuerySet[Any, Any],
    keys: tuple[tuple[str, ...], Mapping[str, Any]],
    sets: tuple[tuple[str, ...], ...],
    *,
    totals: bool,
    cube: bool,
    fill: bool,
) -> Grouped:
    """
    Return numbers to fetch for each group of rows.

    Args:
        declaration: The numbers.
        queryset: The rows.
        keys: Names, and expressions by name, that rows are grouped by.
        sets: Further groupings; names that are no keys yet are fields.
        totals: Whether each prefix of the names is a grouping.
        cube: Whether each part of them is one.
        fill: Whether groups without rows are there.

    Raises:
        UsageError: If there is nothing to group by, a name is that of a number, or a relation with several rows is on
            the way.
    """
    names, expressions = keys
    own = [*names, *expressions]
    others = [name for name in dict.fromkeys(chain.from_iterable(sets)) if name not in own]
    for name in (*own, *others):
        if name in declaration.expressions:
            msg = f'"{name}" is a number already; give what to group by another name'
            raise UsageError(msg)
    known = frozenset(queryset.query.annotations)
    found = read_keys(declaration.model, names, expressions, known)
    found += read_keys(declaration.model, others, {}, known) if others else ()
    chosen = key_sets([key.name for key in found], len(own), sets, totals=totals, cube=cube)
    return Grouped(declaration=declaration, queryset=queryset, keys=found, sets=chosen, fill=fill)
