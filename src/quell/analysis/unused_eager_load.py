"""Q106: a relation that a queryset loads beforehand, and that nothing reads in the whole run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from quell.analysis.usage import Unused, can_change, owner_of, unused_loads
from quell.events import Fetch, Location, Recording
from quell.findings import Finding
from quell.wording.sentences import BYTES, JOINS, RELATED, UNREAD, UNREAD_JOINS

KIND, CODE = "unused_eager_load", "Q106"


@dataclass(frozen=True, slots=True)
class _Removal:
    """A lookup to take out of a queryset, with the unused relations on the way to it."""

    unused: Unused
    parts: tuple[Unused, ...]

    @property
    def statements(self) -> frozenset[int]:
        return frozenset[int]().union(*(part.statements for part in self.parts))

    @property
    def byte_count(self) -> int:
        return sum(load.byte_count for part in self.parts for load in part.loads)


def find(recording: Recording, *, threshold: int) -> tuple[Finding, ...]:
    """
    Return one finding per unused lookup and queryset.

    Args:
        recording: What a profile saw; without one there is nothing to judge.
        threshold: Rows that must hold the relation, over all fetches of the queryset, at least 2.
    """
    fetches = {fetch.number: fetch for fetch in recording.fetches}
    unused = [item for item in unused_loads(recording, threshold=threshold) if _is_to_change(item)]
    return tuple(_finding(removal, fetches) for removal in _removals(unused))


def _is_to_change(item: Unused) -> bool:
    load = item.loads[0]
    if load.is_by_hand:
        return True
    # An admin without list_select_related joins by itself what list_display may need.
    is_automatic = load.by == "join" and load.is_bare and item.first.built_by == "library"
    return can_change(item.first) and not is_automatic


def _removals(unused: Sequence[Unused]) -> Iterator[_Removal]:
    """Yield the longest lookups; an unused relation on the way to one goes with the first that passes through it."""
    taken: set[int] = set()
    for item in sorted(unused, key=lambda item: -len(item.path)):
        if id(item) in taken:
            continue
        parts = [other for other in unused if id(other) not in taken and _is_part(other, item)]
        taken.update(map(id, parts))
        yield _Removal(item, tuple(parts))


def _is_part(part: Unused, whole: Unused) -> bool:
    if part is whole:
        return True
    one, other = part.loads[0], whole.loads[0]
    is_same_call = one.by == other.by and one.is_by_hand == other.is_by_hand
    is_on_the_way = len(part.path) < len(whole.path) and whole.path[: len(part.path)] == part.path
    return is_same_call and is_on_the_way and owner_of(part.first) == owner_of(whole.first)


def _finding(removal: _Removal, fetches: Mapping[int, Fetch]) -> Finding:
    unused, root = removal.unused, removal.unused.first
    statements = sorted(number for number in removal.statements if number in fetches)
    is_join = unused.loads[0].by == "join"
    first = fetches[statements[0]] if statements else root
    is_by_hand = unused.loads[0].is_by_hand
    return Finding(
        kind=KIND,
        code=CODE,
        model=root.model,
        path="__".join(unused.path),
        count=len(unused.fetches) if is_join else len(statements),
        saved_queries=0 if is_join else len(statements),
        origin=first.trigger if is_by_hand else root.origin or root.trigger,
        trigger=first.trigger if is_by_hand else root.trigger,
        triggers=_triggers(fetches[number] for number in sorted(unused.fetches)),
        place="" if is_by_hand else root.place,
        message=_message(removal),
        fetches=(root.number, first.number),
    )


def _triggers(roots: Iterable[Fetch]) -> tuple[Location, ...]:
    return tuple(dict.fromkeys(root.trigger for root in roots if root.trigger is not None))


def _message(removal: _Removal) -> str:
    loads = removal.unused.loads
    rows = RELATED(count=sum(load.related_count for load in loads))
    size = BYTES(count=removal.byte_count)
    if loads[0].by == "prefetch":
        return UNREAD(rows=rows, size=size)
    return UNREAD_JOINS(joins=JOINS(count=len(removal.parts)), rows=rows, size=size)
