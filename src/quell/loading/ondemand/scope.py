"""What knows the peers of a block, and answers their loads."""

from dataclasses import dataclass
from typing import Any, TypeAlias
from weakref import ref

from django.core.exceptions import EmptyResultSet
from django.db import Error
from django.db.models import Model
from django.db.models.sql.constants import MULTI, SINGLE

from quell.guard import guarded
from quell.lineage.alias import FetchAlias
from quell.lineage.ondemand import UNANSWERED, expected
from quell.loading.batching import CannotBatch
from quell.loading.ondemand.batches import Batch, Signature, signature_of
from quell.loading.ondemand.compiling import Statement, Tie, masked, refusal, statement_for
from quell.loading.ondemand.forbidding import Forbid, Forbidden
from quell.loading.ondemand.groups import Group, State
from quell.loading.ondemand.members import Instances
from quell.loading.ondemand.questions import Question, filters_of, question_of

Compiler: TypeAlias = Any

# Peers beyond these get a query of their own when they ask: one statement must not grow without bound.
MAX_OWNERS = 2_000


@dataclass(slots=True)
class Loads:
    """How on-demand loads go in one block: the loader of its context."""

    state: State
    is_batching: bool = False
    forbids: tuple[Forbid, ...] = ()
    is_open: bool = True

    def switch_off(self) -> bool:
        """Load as Django does from now on, because quell failed; tell whether that is news."""
        was_open, self.is_open = self.is_open, False
        return was_open

    def see_change(self) -> None:
        """Forget every answer: a write, a lock, or the end of a transaction."""
        self.state.generation += 1

    def see_rows(self, rows: Any, *, is_chunk: bool = False) -> None:
        """Make the rows of a fetch peers of each other."""
        if self.is_open and rows:
            guarded(self.switch_off, None, self._see_rows, rows, is_chunk)

    def _see_rows(self, rows: Any, is_chunk: bool) -> None:  # noqa: FBT001 -- the guard passes no keywords
        first = rows[0]
        alias = first._state.db if isinstance(first, Model) else None
        if type(alias) is not FetchAlias or (len(rows) < 2 and not is_chunk):
            return
        known = self.state.groups.get(alias.fetch)
        if known is None:
            self.state.groups[alias.fetch] = Group(Instances(list(map(ref, rows))))
        elif is_chunk and isinstance(known.members, Instances):
            self.state.groups[alias.fetch] = Group(known.members.followed_by(list(map(ref, rows))))

    def read(self, compiler: Compiler, result_type: Any, run: Any) -> object:
        """Answer a query that is about to run, if a peer's batch can; raise where loading is forbidden."""
        announced = expected.get()
        if announced is not None:
            expected.set(None)
        if not self.is_open or result_type not in {MULTI, SINGLE}:
            return UNANSWERED
        found = guarded(self.switch_off, None, self._prepare, compiler, result_type, announced)
        if isinstance(found, Forbidden):
            raise found.error
        if not isinstance(found, Pending):
            return UNANSWERED if found is None else found.value
        try:
            rows = found.batch.run(found.statement, compiler, run)
        except Error:
            # In a transaction the database takes nothing any more, and the error is the application's.
            if compiler.connection.in_atomic_block:
                raise
            found.group.refused.add(found.question.tie.lhs.target)
            return UNANSWERED
        return guarded(self.switch_off, UNANSWERED, self._finish, found, rows, compiler, result_type)

    def _prepare(
        self, compiler: Compiler, result_type: str, announced: Any
    ) -> "Pending | Answer | Forbidden | None":
        query = compiler.query
        if query.select_for_update:
            self.see_change()
            return None
        question = question_of(query, compiler.using, announced)
        if question is None:
            return None
        question.alias = self.state.origin_of(question.alias)
        if question.kind in {"column", "refresh"} and type(compiler.using) is FetchAlias and question.alias:
            self.state.origins[compiler.using.fetch] = question.alias
        if question.kind == "refresh":
            # Whoever reads a row again wants to see what is there now.
            self.see_change()
            return None
        self._note_parent(compiler.using, question)
        answer = None
        if self.is_batching and not refusal(query):
            group, asked = self._with_peers(question, query)
            answer = self._ask(group, asked, compiler, result_type) if group is not None else None
        for forbid in self.forbids:
            error = forbid.error_for(question, query, self.state, is_batched=answer is not None)
            if error is not None:
                return Forbidden(error)
        return answer

    def _with_peers(self, question: Question, query: Any) -> tuple[Group | None, Question]:
        """Return the peers of the row that asks, or of another row that the query was given."""
        group = self.state.group_of(question.alias)
        if group is not None or question.is_to_one:
            return group, question
        for other in filters_of(query):
            other.alias = self.state.origin_of(other.alias)
            group = self.state.group_of(other.alias)
            if group is not None:
                return group, other
        return None, question

    def _note_parent(self, alias: str, question: Question) -> None:
        if not self.forbids or type(alias) is not FetchAlias or type(question.alias) is not FetchAlias:
            return
        if question.kind != "filter":
            self.state.parents[alias.fetch] = question.alias, question.accessor

    def _ask(
        self, group: Group, question: Question, compiler: Compiler, result_type: str
    ) -> "Pending | Answer | None":
        if question.tie.lhs.target in group.refused:
            return None
        copy, tie = masked(compiler.query, question.tie)
        statement = _compiled(compiler, copy)
        signature = signature_of(statement, question, compiler, result_type) if statement else None
        if statement is None or signature is None:
            return None
        batch = group.batch_for(
            question, signature, generation=self.state.generation, connection=compiler.connection
        )
        if batch is None:
            return self._plan(group, question, compiler, Shape(copy, tie, signature, len(statement[1])))
        value = batch.answer(question, compiler, result_type)
        self.state.answer_count += 1
        self._note_children(compiler, batch)
        return Answer(value) if value is not UNANSWERED else None

    def _plan(self, group: Group, question: Question, compiler: Compiler, shape: "Shape") -> "Pending | None":
        if not group.is_worth(question):
            return None
        keys, peer_count = _keys(group, question, compiler, shape.param_count)
        if not keys or (len(keys) < 2 and not question.is_to_one and not group.is_shared):
            return None
        batch = Batch(question, keys, generation=self.state.generation, connection=compiler.connection)
        try:
            statement = statement_for(shape.copy, shape.tie, keys, compiler)
        except EmptyResultSet:
            return None
        return Pending(group, question, shape.signature, batch, statement, peer_count)

    def _finish(self, pending: "Pending", rows: Any, compiler: Compiler, result_type: str) -> object:
        group, question, batch = pending.group, pending.question, pending.batch
        try:
            batch.keep(rows, question, compiler)
        except (CannotBatch, TypeError):
            group.refused.add(question.tie.lhs.target)
            return UNANSWERED
        if batch.children is not None and question.kind == "column":
            hops = question.alias.hops if type(question.alias) is FetchAlias else ()
            group.columns.append((hops, batch.children))
        elif batch.children is not None:
            batch.group = Group(batch.children, is_shared=pending.peer_count > len(batch.children))
        group.batches.setdefault(pending.signature, []).append(batch)
        group.unused.setdefault(question.tie.lhs.target, []).append(batch)
        self.state.batch_count += 1
        self._note_children(compiler, batch)
        return batch.answer(question, compiler, result_type)

    def _note_children(self, compiler: Compiler, batch: Batch) -> None:
        alias = compiler.using
        if type(alias) is FetchAlias and batch.group is not None:
            self.state.groups[alias.fetch] = batch.group


@dataclass(frozen=True, slots=True)
class Shape:
    """A query without its owner."""

    copy: Any
    tie: Tie
    signature: Signature
    param_count: int


@dataclass(slots=True)
class Pending:
    """A batch that has yet to run."""

    group: Group
    question: Question
    signature: Signature
    batch: Batch
    statement: Statement
    peer_count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What ``execute_sql()`` is to return."""

    value: object


def _compiled(compiler: Compiler, copy: Any) -> Statement | None:
    """Compile the masked query in the place of the compiler's own, so that the compiler knows its columns."""
    own, compiler.query = compiler.query, copy
    try:
        return compiler.as_sql()  # type: ignore[no-any-return]  # Django has no types
    except EmptyResultSet:
        return None
    finally:
        compiler.query = own


def _keys(group: Group, question: Question, compiler: Compiler, param_count: int) -> tuple[list[Any], int]:
    """
    Return the keys of those who ask and of their peers, the next ones first; nothing where it has no peer.

    The second value is the number of rows that may ask, of which several may have one key.
    """
    found = list(group.peer_keys(question))
    asked = set(question.keys)
    own_count = 1 if question.is_of_one else sum(key in asked for key in found)
    if len(found) <= own_count and not group.is_shared:
        return [], 0
    start = next((at for at, key in enumerate(found) if key in asked), 0)
    limit = MAX_OWNERS
    most = compiler.connection.features.max_query_params
    if most is not None:
        limit = min(limit, most - param_count)
    if limit <= len(asked):
        return [], 0
    keys = list(dict.fromkeys((*question.keys, *found[start:], *found[:start])))
    return keys[:limit], max(len(found), 2 * len(keys) if group.is_shared else 0)
