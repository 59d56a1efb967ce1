"""
Families: the fetches that one queryset, or one loop of querysets, caused by one relation.

A root's family is its call path and its origin: the fetches of one loop share both, two unrelated querysets never
do, even where one line evaluates them. A relation's family is that of its parent and the hops from there. So a
family is what one change at one queryset would replace.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from quell.events import Fetch, Location

Key = tuple[Hashable, ...]
# These look for a row of their own first; what they do to a relation is no load of it.
CREATES = frozenset({"get_or_create", "update_or_create"})
_WRITES = CREATES | {"update", "delete", "set"}


@dataclass(slots=True)
class Family:
    """All fetches of one family, in order."""

    key: Key
    parent: "Family | None"
    hops: tuple[str, ...]
    fetches: list[Fetch] = field(default_factory=list)
    _owners: set[Hashable] = field(default_factory=set)
    _holders: set[Hashable] = field(default_factory=set)

    @property
    def first(self) -> Fetch:
        """The fetch that ran first; all others differ from it in their parameters only."""
        return self.fetches[0]

    @property
    def owner_count(self) -> int:
        """How many distinct instances asked on their own."""
        return len(self._owners)

    @property
    def trigger(self) -> Location | None:
        """The line that caused most of the fetches."""
        return next(iter(self.triggers), None)

    @property
    def triggers(self) -> tuple[Location, ...]:
        """All lines that caused fetches, the one that caused most of them first."""
        spots = Counter(fetch.trigger for fetch in self.fetches if fetch.trigger is not None)
        return tuple(spot for spot, _ in spots.most_common())

    def add(self, fetch: Fetch) -> None:
        """Take one more fetch in."""
        self.fetches.append(fetch)
        self._owners.add(fetch.owner)
        if fetch.was_prefetched:
            self._holders.add(fetch.owner)

    @property
    def call(self) -> Location | None:
        """The line that adds something of its own to the relation, if one does: see ``_key()``."""
        return self.first.trigger if self.parent is not None and _is_call(self.first) else None

    @property
    def asked(self) -> str:
        """What such a line calls, and how it narrows the rows: two calls of one line differ in nothing else."""
        return " ".join((self.first.method, *self.first.variant)) if self.call is not None else ""

    @property
    def is_write(self) -> bool:
        """Tell whether a call on a related manager changed its rows rather than loaded them."""
        return self.first.method in _WRITES

    def is_repeated(self, threshold: int) -> bool:
        """Tell whether enough distinct instances loaded this on their own."""
        return self.first.kind == "lazy" and self.owner_count >= threshold and not self.is_write

    def is_defeated(self, threshold: int) -> bool:
        """Tell whether enough distinct instances loaded this although they held the rows of the relation."""
        return len(self._holders) >= threshold and not self.is_write


Families: TypeAlias = Mapping[Key, Family]


def group(fetches: Iterable[Fetch]) -> Families:
    """Return the families of all fetches, parents before children."""
    by_number = {fetch.number: fetch for fetch in fetches}
    families: dict[Key, Family] = {}
    done: dict[int, Family] = {}
    for number in sorted(by_number):
        _place(by_number[number], by_number, families, done)
    return families


def _place(
    fetch: Fetch, by_number: Mapping[int, Fetch], families: dict[Key, Family], done: dict[int, Family]
) -> None:
    """Put a fetch, and before it the ancestors it hangs on, into their families."""
    if fetch.number in done:
        return
    waiting = [fetch]
    while waiting[-1].parent and waiting[-1].parent not in done:
        waiting.append(by_number[waiting[-1].parent])
    for item in reversed(waiting):
        parent = done.get(item.parent)
        key = _key(item, parent)
        family = families.get(key)
        if family is None:
            family = families[key] = Family(key, parent, item.hops)
        family.add(item)
        done[item.number] = family


def _is_call(fetch: Fetch) -> bool:
    return bool(fetch.method or fetch.variant)


def _key(fetch: Fetch, parent: Family | None) -> Key:
    if parent is None:
        return ("root", fetch.kind, fetch.call_path, fetch.origin, fetch.model, fetch.hops)
    # The relation itself is one cause wherever it is read; what a call adds to it is a cause of its own per line.
    call = (fetch.method, fetch.variant, str(fetch.trigger)) if _is_call(fetch) else ()
    return ("child", parent.key, fetch.kind, fetch.hops, call)
