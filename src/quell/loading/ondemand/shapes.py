"""A query without its owners: what peers have in common, and which of them ask next."""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from django.core.exceptions import EmptyResultSet

from quell.loading.ondemand.batches import Signature, signature_of
from quell.loading.ondemand.compiling import Statement, Tie, masked
from quell.loading.ondemand.groups import Group
from quell.loading.ondemand.questions import Ask, Key, Question

Compiler: TypeAlias = Any

# Peers beyond these get a query of their own when they ask: one statement must not grow without bound.
MAX_OWNERS = 2_000


class Asker(NamedTuple):
    """A row that asks, by its question, and its peers."""

    group: Group
    question: Question


@dataclass(frozen=True, slots=True)
class Shape:
    """A query without its owners."""

    askers: tuple[Asker, ...]
    ask: Ask
    copy: Any
    ties: tuple[Tie, ...]
    signature: Signature
    param_count: int


def shape_of(askers: tuple[Asker, ...], compiler: Compiler, result_type: str) -> Shape | None:
    """Return the shape of a query that is about to run, ``None`` where it cannot be compared with others."""
    ask = Ask(tuple(asker.question for asker in askers))
    copy, ties = masked(compiler.query, [question.tie for question in ask.questions])
    statement = _compiled(compiler, copy)
    signature = signature_of(statement, ask, compiler, result_type) if statement else None
    if statement is None or signature is None:
        return None
    return Shape(askers, ask, copy, ties, signature, len(statement[1]))


def _compiled(compiler: Compiler, copy: Any) -> Statement | None:
    """Compile the masked query in the place of the compiler's own, so that the compiler knows its columns."""
    own, compiler.query = compiler.query, copy
    try:
        return compiler.as_sql()  # type: ignore[no-any-return]  # Django has no types
    except EmptyResultSet:
        return None
    finally:
        compiler.query = own


def keys_of(shape: Shape, compiler: Compiler) -> tuple[list[list[Key]], int]:
    """
    Return the keys of those who ask and of their peers by each tie, the next ones first; nothing without peers.

    The second value is the number of rows that may ask, of which several may have one key.
    """
    found: list[list[Key]] = []
    row_count = 0
    taken = shape.param_count
    for group, question in shape.askers:
        keys, peer_count = _keys(group, question, compiler, taken)
        if len(keys) < 2 and not (keys and not found and (question.is_to_one or group.is_shared)):
            return [], 0
        found.append(keys)
        taken += len(keys)
        row_count = max(row_count, peer_count)
    return found, row_count


def _keys(group: Group, question: Question, compiler: Compiler, param_count: int) -> tuple[list[Key], int]:
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
