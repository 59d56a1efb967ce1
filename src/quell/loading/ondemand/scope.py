"""What knows the peers of a block, and answers their loads."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias
from weakref import ref

from django.core.exceptions import EmptyResultSet
from django.db import Error
from django.db.models import Model
from django.db.models.sql.constants import MULTI, SINGLE

from quell.guard import guarded
from quell.lineage.alias import FetchAlias
from quell.lineage.askers import find_asker
from quell.lineage.ondemand import UNANSWERED, expected
from quell.loading.batching import CannotBatch
from quell.loading.ondemand.batches import Batch, run_statement
from quell.loading.ondemand.compiling import Statement, refusal, statement_for
from quell.loading.ondemand.forbidding import Forbid, Forbidden
from quell.loading.ondemand.groups import Group, State
from quell.loading.ondemand.members import Instances, RawRow
from quell.loading.ondemand.questions import Question, filters_of, question_of
from quell.loading.ondemand.repeating import Rerun, Result, find_repeat
from quell.loading.ondemand.shapes import Asker, Shape, keys_of, shape_of

Compiler: TypeAlias = Any


@dataclass(slots=True)
class Loads:
    """How on-demand loads go in one block: the loader of its context."""

    state: State
    is_batching: bool = False
    forbids: tuple[Forbid, ...] = ()
    is_open: bool = True
    # The loader of the block around it, which is in charge again when this one ends.
    outer: "Loads | None" = None

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
        if isinstance(found, Rerun):
            rows = run_statement(found.statement, compiler, run)
            return guarded(self.switch_off, UNANSWERED, self._keep, found, rows, compiler, result_type)
        if not isinstance(found, Pending):
            return UNANSWERED if found is None else found.value
        try:
            rows = run_statement(found.statement, compiler, run)
        except Error:
            # In a transaction the database takes nothing any more, and the error is the application's.
            if compiler.connection.in_atomic_block:
                raise
            owner = found.shape.askers[0]
            owner.group.refused.add(owner.question.tie.lhs.target)
            return UNANSWERED
        return guarded(self.switch_off, UNANSWERED, self._finish, found, rows, compiler, result_type)

    def _prepare(
        self, compiler: Compiler, result_type: str, announced: Any
    ) -> "Pending | Answer | Forbidden | Rerun | None":
        query = compiler.query
        if query.select_for_update:
            self.see_change()
            return None
        question = question_of(query, compiler.using, announced)
        if question is None:
            return self._repeated(compiler, result_type) if self.is_batching else None
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

    def _repeated(self, compiler: Compiler, result_type: str) -> "Answer | Rerun | None":
        """Answer what another row has run in the same way."""
        # See Note [Repeated statements]
        asker = find_asker(sys._getframe(1))
        found = find_repeat(asker, self.state, compiler, result_type) if asker is not None else None
        return self._answered(found, compiler, result_type) if isinstance(found, Result) else found

    def _keep(self, rerun: Rerun, rows: list[RawRow], compiler: Compiler, result_type: str) -> object:
        return rerun.keep(rows, compiler).answer(compiler, result_type, self.state)

    def _answered(self, result: Result, compiler: Compiler, result_type: str) -> "Answer":
        self.state.answer_count += 1
        return Answer(result.answer(compiler, result_type, self.state))

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
        facts = {"generation": self.state.generation, "connection": compiler.connection}
        shapes: list[Shape] = []
        for askers in self._askers(Asker(group, question), compiler.query):
            shape = shape_of(askers, compiler, result_type)
            if shape is None:
                return None
            batch = group.batch_for(shape.ask, shape.signature, **facts)
            if batch is not None:
                value = batch.answer(shape.ask, compiler, result_type)
                self.state.answer_count += 1
                self._note_children(compiler, batch)
                return Answer(value) if value is not UNANSWERED else None
            shapes.append(shape)
        return self._plan(group, shapes, compiler, facts) if group.is_worth(question) else None

    def _askers(self, owner: Asker, query: Any) -> Iterator[tuple[Asker, ...]]:
        """Yield the owner, then the owner with another row that the query was given, if that has peers, too."""
        yield (owner,)
        if owner.question.is_to_one or not owner.question.is_of_one:
            return
        for other in filters_of(query):
            other.alias = self.state.origin_of(other.alias)
            group = self.state.group_of(other.alias)
            if group is not None and other.is_of_one and other.tie is not owner.question.tie:
                yield owner, Asker(group, other)
                return

    def _plan(
        self, group: Group, shapes: list[Shape], compiler: Compiler, facts: dict[str, Any]
    ) -> "Pending | None":
        single, pairs = shapes[0], shapes[1:]
        # The first pair gets a batch for its second row alone: perhaps no other one follows.
        asked = [pair for pair in pairs if pair.signature in group.pairs]
        group.pairs.update(pair.signature for pair in pairs)
        for shape in (*asked, single):
            keys, peer_count = keys_of(shape, compiler)
            if not keys:
                continue
            try:
                statement = statement_for(shape.copy, shape.ties, keys, compiler)
            except EmptyResultSet:
                return None
            return Pending(shape, Batch(shape.ask, keys, **facts), statement, peer_count)
        return None

    def _finish(self, pending: "Pending", rows: Any, compiler: Compiler, result_type: str) -> object:
        batch, ask = pending.batch, pending.shape.ask
        group, question = pending.shape.askers[0]
        try:
            batch.keep(rows, ask, compiler)
        except (CannotBatch, TypeError):
            group.refused.add(question.tie.lhs.target)
            return UNANSWERED
        if batch.children is not None and question.kind == "column":
            hops = question.alias.hops if type(question.alias) is FetchAlias else ()
            group.columns.append((hops, batch.children))
        elif batch.children is not None:
            batch.group = Group(batch.children, is_shared=pending.peer_count > len(batch.children))
        group.batches.setdefault(pending.shape.signature, []).append(batch)
        group.unused.setdefault(question.tie.lhs.target, []).append(batch)
        self.state.batch_count += 1
        self._note_children(compiler, batch)
        return batch.answer(ask, compiler, result_type)

    def _note_children(self, compiler: Compiler, batch: Batch) -> None:
        alias = compiler.using
        if type(alias) is FetchAlias and batch.group is not None:
            self.state.groups[alias.fetch] = batch.group


@dataclass(slots=True)
class Pending:
    """A batch that has yet to run."""

    shape: Shape
    batch: Batch
    statement: Statement
    peer_count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What ``execute_sql()`` is to return."""

    value: object
