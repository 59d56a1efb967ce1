"""The answers of one query to what all peers ask, and when they still hold."""

import copy
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from time import monotonic
from typing import Any, TypeAlias

from django.db.models.sql.constants import CURSOR, SINGLE

from quell.lineage.ondemand import UNANSWERED
from quell.loading.batching import CannotBatch
from quell.loading.ondemand.compiling import Statement, is_aggregate, is_existence, owner_column
from quell.loading.ondemand.groups import Group
from quell.loading.ondemand.members import RawRow, RawRows, converters
from quell.loading.ondemand.questions import Ask, Key, Question

Compiler: TypeAlias = Any
Signature: TypeAlias = tuple[Any, ...]

# Who asks the same question again and again, may be waiting for another answer.
REPEAT_SECONDS = 1.0
# Drivers return these for columns of arrays and documents; what an application changes in place is its own.
_MUTABLE = frozenset({list, dict, set, bytearray})


class Batch:
    """The rows that one query loaded for some owners, or for pairs of them, each of which gets its own."""

    def __init__(self, ask: Ask, keys: Iterable[Iterable[Key]], *, generation: int, connection: Any) -> None:
        self.first = frozenset(ask.lead.keys)
        self.is_used = False
        self.children: RawRows | None = None
        self.group: Group | None = None
        self._asked = tuple(map(frozenset, keys))
        self._generation = generation
        self._connection = connection
        self._rows: dict[tuple[Key, ...], list[RawRow]] = {}
        self._answered: dict[tuple[Key, ...], float] = {}

    def keep(self, rows: Sequence[RawRow], ask: Ask, compiler: Compiler) -> None:
        """
        Give each owner its rows.

        Raises:
            CannotBatch: If the database finds two keys equal that are not: only it can tell then.
        """
        readers = _readers(ask, compiler)
        width = compiler.col_count
        known: dict[Any, list[RawRow]] = {}
        for row in rows:
            raw = tuple(row[-len(readers) :])
            if raw not in known:
                key = tuple(read(value) for read, value in zip(readers, raw, strict=True))
                if not all(value in asked for value, asked in zip(key, self._asked, strict=True)):
                    msg = f"the key {key!r} of an owner is not spelled as in its row"
                    raise CannotBatch(msg)
                known[raw] = self._rows.setdefault(key, [])
            known[raw].append(row[:width])
        if compiler.klass_info:
            self.children = RawRows(compiler, rows)

    def is_current(self, *, generation: int, connection: Any) -> bool:
        """Tell whether nothing has been written since, and the same connection asks."""
        return generation == self._generation and connection is self._connection

    def holds(self, ask: Ask) -> bool:
        """Tell whether the answers to these rows are known, and none of them waits for another answer."""
        asking = zip(ask.questions, self._asked, strict=True)
        if not all(asked.issuperset(question.keys) for question, asked in asking):
            return False
        if ask.lead.is_to_one:
            return True
        now = monotonic()
        return all(now - self._answered.get(key, now) < REPEAT_SECONDS for key in ask.keys)

    def answer(self, ask: Ask, compiler: Compiler, result_type: str) -> object:
        """Return what ``execute_sql()`` would."""
        rows: list[RawRow] = []
        keys = ask.keys
        for key in keys:
            rows += self._rows.get(key, ())
            self._answered.setdefault(key, monotonic())
        if not self._is_whole(ask.lead, keys, compiler):
            return UNANSWERED
        if not self.first.issuperset(ask.lead.keys):
            self.is_used = True
        query = compiler.query
        if query.is_sliced and not is_existence(query):
            rows = rows[: query.high_mark - query.low_mark] if query.high_mark is not None else rows
        return as_result(rows, result_type)

    def _is_whole(self, question: Question, keys: Sequence[tuple[Key, ...]], compiler: Compiler) -> bool:
        """Tell whether a missing row means that there is none."""
        if all(key in self._rows for key in keys):
            return True
        if question.kind in {"forward", "generic", "column"}:
            # A key that leads nowhere is rare; one that the database spells in another way has to be looked up.
            return False
        # Where Django knows the value of an aggregate over no rows, it needs no row to tell.
        return not is_aggregate(compiler.query) or bool(compiler.elide_empty)


def _readers(ask: Ask, compiler: Compiler) -> list[Callable[[Any], Key]]:
    """Return what makes a key of each column that names an owner."""
    ties = [question.tie for question in ask.questions]
    convert = converters(compiler, map(owner_column, ties))
    prepare = [tie.lhs.output_field.get_prep_value for tie in ties]
    return [_chain(convert.get(at), make) for at, make in enumerate(prepare)]


def _chain(convert: Callable[[Any], Any] | None, prepare: Callable[[Any], Key]) -> Callable[[Any], Key]:
    return prepare if convert is None else lambda value: prepare(convert(value))


def as_result(rows: Sequence[RawRow], result_type: str) -> object:
    """Return rows as ``execute_sql()`` does."""
    found = [_own(row) for row in rows]
    if result_type == SINGLE:
        return found[0] if found else None
    return [found] if found else []


def _own(row: RawRow) -> RawRow:
    return copy.deepcopy(row) if any(type(value) in _MUTABLE for value in row) else row


def run_statement(statement: Statement, compiler: Compiler, run: Any) -> list[RawRow]:
    """Run a statement in the place of a compiler's own, as Django runs that."""
    made = compiler.query.get_compiler(using=compiler.using)
    made.connection = compiler.connection
    made.as_sql = lambda: statement
    with closing(run(made, CURSOR)) as cursor:
        return list(cursor.fetchall())


def signature_of(statement: Statement, ask: Ask, compiler: Compiler, result_type: str) -> Signature | None:
    """Return what the queries of peers have in common, ``None`` where parameters cannot be compared."""
    sql, params = statement
    relation = ask.lead.kind, ask.lead.name, result_type
    found = (relation, sql, tuple(params), tuple(map(type, params)), id(compiler.connection))
    try:
        hash(found)
    except TypeError:
        return None
    return found
