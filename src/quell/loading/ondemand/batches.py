"""The answers of one query to what all peers ask, and when they still hold."""

import copy
from collections.abc import Iterable, Sequence
from contextlib import closing
from time import monotonic
from typing import Any, TypeAlias

from django.db.models.sql.constants import CURSOR, SINGLE

from quell.lineage.ondemand import UNANSWERED
from quell.loading.batching import CannotBatch
from quell.loading.ondemand.compiling import Statement, is_aggregate, is_existence, owner_column
from quell.loading.ondemand.groups import Group
from quell.loading.ondemand.members import RawRow, RawRows, converters
from quell.loading.ondemand.questions import Key, Question

Compiler: TypeAlias = Any
Signature: TypeAlias = tuple[Any, ...]

# Who asks the same question again and again, may be waiting for another answer.
REPEAT_SECONDS = 1.0
# Drivers return these for columns of arrays and documents; what an application changes in place is its own.
_MUTABLE = frozenset({list, dict, set, bytearray})


class Batch:
    """The rows that one query loaded for some owners, each of which gets its own."""

    def __init__(self, question: Question, keys: Iterable[Key], *, generation: int, connection: Any) -> None:
        self.first = frozenset(question.keys)
        self.is_used = False
        self.children: RawRows | None = None
        self.group: Group | None = None
        self._asked = frozenset(keys)
        self._generation = generation
        self._connection = connection
        self._rows: dict[Key, list[RawRow]] = {}
        self._answered: dict[Key, float] = {}

    def run(self, statement: Statement, compiler: Compiler, run: Any) -> list[RawRow]:
        """Run the statement for all owners, as Django runs its own."""
        made = compiler.query.get_compiler(using=compiler.using)
        made.connection = compiler.connection
        made.as_sql = lambda: statement
        with closing(run(made, CURSOR)) as cursor:
            return list(cursor.fetchall())

    def keep(self, rows: Sequence[RawRow], question: Question, compiler: Compiler) -> None:
        """
        Give each owner its rows.

        Raises:
            CannotBatch: If the database finds two keys equal that are not: only it can tell then.
        """
        tie = question.tie
        column = owner_column(tie)
        convert = converters(compiler, [column]).get(0)
        prepare = tie.lhs.output_field.get_prep_value
        width = compiler.col_count
        known: dict[Any, list[RawRow]] = {}
        kept = []
        for row in rows:
            raw = row[-1]
            if raw not in known:
                key = prepare(convert(raw) if convert is not None else raw)
                if key not in self._asked:
                    msg = f"the key {key!r} of an owner is not spelled as in its row"
                    raise CannotBatch(msg)
                known[raw] = self._rows.setdefault(key, [])
            known[raw].append(row[:width])
            kept.append(row)
        if compiler.klass_info:
            self.children = RawRows(compiler, kept)

    def is_current(self, *, generation: int, connection: Any) -> bool:
        """Tell whether nothing has been written since, and the same connection asks."""
        return generation == self._generation and connection is self._connection

    def holds(self, question: Question) -> bool:
        """Tell whether the answers to these rows are known, and none of them waits for another answer."""
        if not self._asked.issuperset(question.keys):
            return False
        if question.is_to_one:
            return True
        now = monotonic()
        return all(now - self._answered.get(key, now) < REPEAT_SECONDS for key in question.keys)

    def answer(self, question: Question, compiler: Compiler, result_type: str) -> object:
        """Return what ``execute_sql()`` would."""
        rows: list[RawRow] = []
        for key in question.keys:
            rows += self._rows.get(key, ())
            self._answered.setdefault(key, monotonic())
        if not self._is_whole(question, compiler):
            return UNANSWERED
        if not self.first.issuperset(question.keys):
            self.is_used = True
        query = compiler.query
        if query.is_sliced and not is_existence(query):
            rows = rows[: query.high_mark - query.low_mark] if query.high_mark is not None else rows
        rows = [_own(row) for row in rows]
        if result_type == SINGLE:
            return rows[0] if rows else None
        return [rows] if rows else []

    def _is_whole(self, question: Question, compiler: Compiler) -> bool:
        """Tell whether a missing row means that there is none."""
        if all(key in self._rows for key in question.keys):
            return True
        if question.kind in {"forward", "generic", "column"}:
            # A key that leads nowhere is rare; one that the database spells in another way has to be looked up.
            return False
        # Where Django knows the value of an aggregate over no rows, it needs no row to tell.
        return not is_aggregate(compiler.query) or bool(compiler.elide_empty)


def _own(row: RawRow) -> RawRow:
    return copy.deepcopy(row) if any(type(value) in _MUTABLE for value in row) else row


def signature_of(
    statement: Statement, question: Question, compiler: Compiler, result_type: str
) -> Signature | None:
    """Return what the queries of peers have in common, ``None`` where parameters cannot be compared."""
    sql, params = statement
    relation = question.kind, question.name, result_type
    found = (relation, sql, tuple(params), tuple(map(type, params)), id(compiler.connection))
    try:
        hash(found)
    except TypeError:
        return None
    return found
