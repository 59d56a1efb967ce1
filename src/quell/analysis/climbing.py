"""From a repeated relation up to the queryset to change, and the path from there."""

from quell.analysis.families import Family
from quell.events import Fetch

MAX_HOPS = 16  # a path that walks up a tree has no natural end


def climb(family: Family, threshold: int) -> tuple[Family, tuple[str, ...]]:
    """Walk from a repeated relation to the nearest queryset that user code built and that loaded all its rows."""
    path = family.hops
    node = family.parent
    assert node is not None  # a lazy fetch has a parent by construction
    candidate: tuple[Family, tuple[str, ...]] | None = None
    while node.parent is not None and len(path) < MAX_HOPS:
        is_one_list = (
            node.first.kind == "lazy" and not node.is_repeated(threshold) and not node.first.is_single
        )
        if is_one_list and node.first.built_by == "user":
            return node, path
        if is_one_list:
            candidate = candidate or (node, path)
        if node.first.kind == "prefetch" and node.first.variant and node.first.built_by == "user":
            # No path leads from the outer queryset through a to_attr: the inner one is to change.
            return node, path
        path = (*node.hops, *path)
        node = node.parent
    if candidate is not None and not _can_change(node.first):
        return candidate
    return node, path


def _can_change(fetch: Fetch) -> bool:
    """Tell whether the user has a line, a view or an admin in which this queryset can be changed."""
    return fetch.built_by == "user" or bool(fetch.place)
