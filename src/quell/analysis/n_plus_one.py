"""Q101: two or more distinct instances of one root, each loading the same relation on its own."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from quell.analysis.causes import merge_causes
from quell.analysis.climbing import MAX_HOPS, climb
from quell.analysis.families import Families, Family, group
from quell.events import Fetch, Location, Recording
from quell.findings import Finding, Load

KIND, CODE = "n_plus_one", "Q101"


@dataclass(frozen=True, slots=True)
class _Hit:
    """A repeated relation, with the queryset to change and the path from there."""

    family: Family
    root: Family
    path: tuple[str, ...]

    @property
    def trigger(self) -> Location | None:
        return self.family.trigger


def find(
    recording: Recording, *, threshold: int, loop_threshold: int, families: Families | None = None
) -> tuple[Finding, ...]:
    """
    Return one finding per repeated relation and place, each with its whole path from the root.

    Args:
        recording: What one scope saw.
        threshold: Distinct instances that must have loaded the relation, at least 2.
        loop_threshold: The same for instances that no queryset of this process loaded, judged by call path.
        families: Those of the recording, where they are known.
    """
    families = group(recording.fetches) if families is None else families
    hits = [
        _Hit(family, *climb(family, threshold))
        for family in families.values()
        if family.is_repeated(threshold)
        and not family.is_defeated(threshold)
        and len(family.hops) <= MAX_HOPS
    ]
    hits += _nested(hits, families.values(), threshold)
    orphans = [
        _Hit(family, family, family.hops)
        for family in families.values()
        if family.first.kind == "orphan"
        and family.owner_count >= loop_threshold
        and not family.is_defeated(loop_threshold)
    ]
    by_number = {fetch.number: fetch for fetch in recording.fetches}
    asked = {event.fetch: event.params_hash for event in recording.queries if event.fetch}
    merged = _merge_lines([hit for hit in hits if _is_one_root(hit, by_number, threshold)])
    found = [(same[0].family, _finding(same, asked)) for same in merged]
    return merge_causes([*found, *((hit.family, _orphan_finding(hit)) for hit in orphans)])


def _nested(hits: Iterable[_Hit], families: Iterable[Family], threshold: int) -> list[_Hit]:
    """Return what the repeated querysets prefetched, each for the rows of its own list: another query per instance."""
    by_key = {hit.family.key: hit for hit in hits}
    found: list[_Hit] = []
    for family in families:
        above = by_key.get(family.parent.key) if family.parent is not None else None
        is_relation = family.first.kind == "prefetch" and not family.first.variant
        if above is not None and is_relation and family.owner_count >= threshold:
            hit = _Hit(family, above.root, (*above.path, *family.hops))
            by_key[family.key] = hit
            found.append(hit)
    return found


def _is_one_root(hit: _Hit, by_number: Mapping[int, Fetch], threshold: int) -> bool:
    """
    Tell whether one list, or the lists of one loop, holds enough of the instances.

    A relation's family does not know where it was read: two lines that read the same list of one instance, each
    for its only row, are two querysets.
    """
    if hit.root.parent is None:
        return True
    roots = {fetch.number for fetch in hit.root.fetches}
    owners: dict[int, set[Hashable]] = defaultdict(set)
    for fetch in hit.family.fetches:
        node = fetch
        while node.number not in roots:
            node = by_number[node.parent]
        owners[node.call_path].add(fetch.owner)
    return any(len(found) >= threshold for found in owners.values())


def _merge_lines(hits: list[_Hit]) -> Iterator[Sequence[_Hit]]:
    """Yield the hits of each finding, the longest first: hops of one path that one line caused are one."""
    by_length = sorted(hits, key=lambda hit: -len(hit.path))
    taken: set[int] = set()
    for hit in by_length:
        if id(hit) in taken:
            continue
        same = [other for other in by_length if id(other) not in taken and _is_part(other, hit)]
        taken.update(map(id, same))
        yield same


def _is_part(part: _Hit, whole: _Hit) -> bool:
    if part is whole:
        return True
    return (
        # A queryset that prefetches is a new one: what it asks is a cause apart from what follows by itself.
        part.family.first.kind == whole.family.first.kind
        and part.root.key == whole.root.key
        and len(part.path) < len(whole.path)
        and whole.path[: len(part.path)] == part.path
        and part.trigger == whole.trigger
        and not part.family.first.method
        and not part.family.first.variant
    )


def _finding(hits: Sequence[_Hit], asked: Mapping[int, int]) -> Finding:
    hit = hits[0]
    fetch, root = hit.family.first, hit.root.first
    queries = sum(len(item.family.fetches) for item in hits)
    needed = sum(not _can_join(item.family.first) for item in hits)
    return Finding(
        kind=KIND,
        code=CODE,
        model=root.model,
        path="__".join(hit.path),
        count=queries,
        saved_queries=max(queries - needed, 1),
        origin=root.origin or hit.trigger,
        trigger=hit.trigger,
        triggers=hit.family.triggers,
        call=hit.family.call,
        asked=hit.family.asked,
        place=root.place,
        fetches=(root.number, fetch.number),
        loads=tuple(_load(item, asked) for item in reversed(hits)),
    )


def _can_join(fetch: Fetch) -> bool:
    return fetch.can_join and fetch.kind == "lazy"


def _load(hit: _Hit, asked: Mapping[int, int]) -> Load:
    family = hit.family
    distinct = {asked.get(fetch.number, fetch.number) for fetch in family.fetches}
    return Load(
        path="__".join(hit.path),
        row_count=family.owner_count,
        distinct_count=len(distinct),
        evaluation_count=max(len(hit.root.fetches), 1),
    )


def _orphan_finding(hit: _Hit) -> Finding:
    fetch = hit.family.first
    return Finding(
        kind=KIND,
        code=CODE,
        model=fetch.owner_model,
        path="__".join(hit.path),
        count=len(hit.family.fetches),
        saved_queries=len(hit.family.fetches) - 1,
        origin=hit.trigger,
        trigger=hit.trigger,
        triggers=hit.family.triggers,
        fetches=(0, fetch.number),
        loads=(
            Load(
                path="__".join(hit.path),
                row_count=hit.family.owner_count,
                distinct_count=len(hit.family.fetches),
            ),
        ),
    )


def with_labels(findings: Iterable[Finding], label: str) -> tuple[Finding, ...]:
    """Return the findings with the page or test that they were seen in."""
    return tuple(replace(finding, labels=(label,) if label else ()) for finding in findings)
