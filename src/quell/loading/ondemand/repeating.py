"""
Statements that say nothing of a row, but run for each row of a fetch: a method that reads a table of options.

# Note [Repeated statements]
Where a function is given one row of a fetch after the other, and runs the same statement with the same parameters for
each of them, what it gave the second row is kept for those that follow. What a row asks for the second time is another
question: it may be waiting for a change, and gets what another row was given for its second time. A statement that may
give other rows each time, or that does something, is never kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from weakref import ref

from django.core.exceptions import EmptyResultSet
from django.db.models import Model

from quell.lineage.alias import FetchAlias
from quell.lineage.askers import Asker
from quell.loading.ondemand.batches import Signature, as_result
from quell.loading.ondemand.compiling import Statement
from quell.loading.ondemand.groups import Group, State
from quell.loading.ondemand.members import RawRow, RawRows
from quell.sqltext import is_repeatable

Compiler: TypeAlias = Any


@dataclass(slots=True)
class Repeat:
    """What one function has asked for the rows of a fetch, and what it gave, by how often a row had asked before."""

    generation: int
    results: "list[Result | None]" = field(default_factory=list)
    _asked: dict[int, tuple[ref[Model], int]] = field(default_factory=dict)

    def next_of(self, row: Model) -> int:
        """Return how often a row has asked before, and note that it asks again."""
        known, count = self._asked.get(id(row), (None, 0))
        # An object that is gone may have had the same address.
        count = count if known is not None and known() is row else 0
        self._asked[id(row)] = ref(row), count + 1
        return count


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a statement; instances of them are peers, whoever of those who asked holds them."""

    rows: Sequence[RawRow]
    group: Group | None

    def answer(self, compiler: Compiler, result_type: str, state: State) -> object:
        """Return what ``execute_sql()`` would."""
        alias = compiler.using
        if self.group is not None and type(alias) is FetchAlias:
            state.groups[alias.fetch] = self.group
        return as_result(self.rows, result_type)


@dataclass(frozen=True, slots=True)
class Rerun:
    """A statement that a second row asks for, whose rows are to be kept."""

    repeat: Repeat
    number: int
    statement: Statement

    def keep(self, rows: Sequence[RawRow], compiler: Compiler) -> Result:
        """Keep what the statement gave."""
        width = compiler.col_count
        group = Group(RawRows(compiler, rows), is_shared=True) if compiler.klass_info else None
        found = self.repeat.results[self.number] = Result([row[:width] for row in rows], group)
        return found


def find_repeat(asker: Asker, state: State, compiler: Compiler, result_type: str) -> Result | Rerun | None:
    """
    Return what another row was given for the same statement, or how to run it for all that follow.

    Returns:
        ``None`` where the statement has to run as ever.
    """
    group = state.group_of(state.origin_of(asker.row._state.db))
    signature = _signature_of(asker, compiler, result_type) if group is not None else None
    if group is None or signature is None:
        return None
    repeat = group.repeats.get(signature)
    if repeat is None or repeat.generation != state.generation:
        repeat = group.repeats[signature] = Repeat(state.generation)
    number = repeat.next_of(asker.row)
    if number >= len(repeat.results):
        repeat.results.append(None)
        return None
    return repeat.results[number] or Rerun(repeat, number, compiler.as_sql())


def _signature_of(asker: Asker, compiler: Compiler, result_type: str) -> Signature | None:
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    found = (asker.code, result_type, sql, tuple(params), tuple(map(type, params)))
    try:
        hash(found)
    except TypeError:
        return None
    return (*found, id(compiler.connection)) if is_repeatable(sql) else None
