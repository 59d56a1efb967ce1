"""
Q103: two or more distinct instances of one root hold the rows of a relation, and each asks the database again.

A call such as ``filter()`` on a related manager passes by what was prefetched. It is a cause of its own, in the place
of the Q101 that the same loads would be.
"""

from quell.analysis.causes import merge_causes
from quell.analysis.climbing import MAX_HOPS, climb
from quell.analysis.families import Families, Family, group
from quell.events import Recording
from quell.findings import Finding

KIND, CODE = "defeated_prefetch", "Q103"


def find(
    recording: Recording, *, threshold: int, loop_threshold: int, families: Families | None = None
) -> tuple[Finding, ...]:
    """
    Return one finding per relation that was prefetched and call that passes by it.

    Args:
        recording: What one scope saw.
        threshold: Distinct instances that must have held the rows, at least 2.
        loop_threshold: The same for instances that no queryset of this process loaded.
        families: Those of the recording, where they are known.
    """
    found = []
    families = group(recording.fetches) if families is None else families
    for family in families.values():
        if len(family.hops) > MAX_HOPS:
            continue
        if family.is_repeated(threshold) and family.is_defeated(threshold):
            found.append((family, _finding(family, *climb(family, threshold))))
        elif family.first.kind == "orphan" and family.is_defeated(loop_threshold):
            found.append((family, _finding(family, None, family.hops)))
    return merge_causes(found)


def _finding(family: Family, root: Family | None, path: tuple[str, ...]) -> Finding:
    top = root.first if root is not None else None
    return Finding(
        kind=KIND,
        code=CODE,
        model=top.model if top is not None else family.first.owner_model,
        path="__".join(path),
        count=len(family.fetches),
        # The rows are there already, so none of these queries is needed.
        saved_queries=len(family.fetches),
        origin=(top.origin if top is not None else None) or family.trigger,
        trigger=family.trigger,
        triggers=family.triggers,
        call=family.call,
        asked=family.asked,
        place=top.place if top is not None else "",
        fetches=(top.number if top is not None else 0, family.first.number),
    )
