"""The peers of each fetch, with the answers to what they ask."""

from collections.abc import Iterator
from contextvars import Token
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from quell.lineage.alias import FetchAlias, FetchRecord
from quell.lineage.hooks import Hooks
from quell.loading.ondemand.members import Members

if TYPE_CHECKING:
    from quell.loading.ondemand.batches import Batch, Signature
    from quell.loading.ondemand.questions import Ask, Question
    from quell.loading.ondemand.repeating import Repeat

# Calls that differ from row to row, or that a write follows each time, have nothing to share.
MAX_UNUSED = 3


@dataclass(slots=True)
class Group:
    """
    The rows of one fetch, and the answers to what they ask.

    Several rows of the application may be one row of the database, each an object of its own: ``is_shared``.
    """

    members: Members
    is_shared: bool = False
    # Columns that were left out at first, of the rows behind some joins.
    columns: "list[tuple[tuple[str, ...], Members]]" = field(default_factory=list)
    batches: "dict[Signature, list[Batch]]" = field(default_factory=dict)
    # By the column of the tie: batches that nobody but the first owner has used so far.
    unused: "dict[Any, list[Batch]]" = field(default_factory=dict)
    refused: set[Any] = field(default_factory=set)
    # What pairs of rows have asked: the next one gets a batch of all pairs.
    pairs: "set[Signature]" = field(default_factory=set)
    # Statements that say nothing of the rows. See Note [Repeated statements]
    repeats: "dict[Signature, Repeat]" = field(default_factory=dict)

    def peer_keys(self, question: "Question") -> "Iterator[Any]":
        """Yield the key of each row that may ask the same, each row on its own."""
        hops = question.alias.hops if type(question.alias) is FetchAlias else ()
        yield from question.peer_keys(self.members, hops)
        for place, members in self.columns:
            if place == hops:
                yield from question.peer_keys(members, ())

    def batch_for(self, ask: "Ask", signature: "Signature", **facts: Any) -> "Batch | None":
        """Return a batch that knows the answer; those that do not hold any more are dropped."""
        known = self.batches.get(signature, [])
        known[:] = [batch for batch in known if batch.is_current(**facts)]
        return next((batch for batch in reversed(known) if batch.holds(ask)), None)

    def is_worth(self, question: "Question") -> bool:
        """Tell whether one more batch is likely to be used."""
        target = question.tie.lhs.target
        if target in self.refused:
            return False
        waiting = [batch for batch in self.unused.get(target, ()) if not batch.is_used]
        self.unused[target] = waiting
        return sum(batch.first.isdisjoint(question.keys) for batch in waiting) < MAX_UNUSED


class State:
    """What the nested blocks of one context share, its tasks and threads included."""

    def __init__(self) -> None:
        self.block_count = 0
        # What the hooks of a watch are reset to, where the first block had to set some.
        self.hooks: Token[Hooks] | None = None
        self.groups: WeakKeyDictionary[FetchRecord, Group] = WeakKeyDictionary()
        # Of rows that were loaded on demand or prefetched: who asked, and for which relation.
        self.parents: WeakKeyDictionary[FetchRecord, tuple[str, str]] = WeakKeyDictionary()
        # Of a row that was read again, or a column of it: where it came from.
        self.origins: WeakKeyDictionary[FetchRecord, str] = WeakKeyDictionary()
        self.generation = 0
        self.batch_count = 0
        self.answer_count = 0

    def origin_of(self, alias: str | None) -> str | None:
        """Return the alias that a row had before it was read again."""
        while type(alias) is FetchAlias and not alias.hops and alias.fetch in self.origins:
            alias = self.origins[alias.fetch]
        return alias

    def group_of(self, alias: str | None) -> Group | None:
        """Return the peers of a row, by its alias."""
        if type(alias) is not FetchAlias:
            return None
        found = self.groups.get(alias.fetch)
        if found is None and alias.fetch.members is not None:
            found = self.groups[alias.fetch] = Group(alias.fetch.members)
        return found
