"""Q107: a wide column that a queryset loads, and that nothing reads in the whole run."""

from collections.abc import Sequence

from quell.analysis.usage import Owner, can_change, owner_of, unused_loads
from quell.events import ColumnLoad, Fetch, Recording
from quell.findings import Finding
from quell.wording.sentences import BYTES, ROWS, UNREAD_COLUMN

KIND, CODE = "unused_columns", "Q107"
# Below this a column is not worth a change, however narrow the others are.
MIN_BYTES_PER_ROW = 100


def find(recording: Recording, *, threshold: int, share: float) -> tuple[Finding, ...]:
    """
    Return one finding per unread column and queryset, most bytes first.

    Args:
        recording: What a profile saw; without one there is nothing to judge.
        threshold: Rows that must hold the column, over all fetches of the queryset, at least 2.
        share: What part of its rows' bytes makes a column wide that is not so by type, from 0 to 1.
    """
    judged = _Judged(recording, threshold)
    groups: dict[tuple[Owner, tuple[str, ...]], list[ColumnLoad]] = {}
    for column in recording.columns:
        place = judged.place(column)
        if place is not None:
            groups.setdefault(place, []).append(column)
    unread = [item for item in groups.items() if _is_unread(item[1], threshold, share)]
    by_size = sorted(unread, key=lambda item: -_byte_count(item[1]))
    return tuple(judged.finding(path, columns) for (_, path), columns in by_size)


def _is_unread(columns: Sequence[ColumnLoad], threshold: int, share: float) -> bool:
    rows = sum(column.row_count for column in columns)
    size, total = _byte_count(columns), sum(column.row_byte_count for column in columns)
    is_large = size > share * total and size >= MIN_BYTES_PER_ROW * rows
    return (
        not any(column.is_read for column in columns)
        # Of rows that are only counted, no column is to blame.
        and any(column.is_touched for column in columns)
        and rows >= threshold
        and size > 0
        and (columns[0].is_wide or is_large)
    )


def _byte_count(columns: Sequence[ColumnLoad]) -> int:
    return sum(column.byte_count for column in columns)


class _Judged:
    """The fetches of a recording, and which of them only another finding's fix concerns."""

    def __init__(self, recording: Recording, threshold: int) -> None:
        self._fetches = {fetch.number: fetch for fetch in recording.fetches}
        unused = unused_loads(recording, threshold=threshold)
        # Whatever hangs on a relation that nothing uses goes with it.
        self._gone_paths = {(owner_of(item.first), item.path) for item in unused}
        self._gone = frozenset(
            number for load in recording.eager_loads if load.is_by_hand for number in load.statements
        ).union(*(item.statements for item in unused))

    def place(self, column: ColumnLoad) -> tuple[Owner, tuple[str, ...]] | None:
        """Return the queryset in which a column can be left out, and the way there; ``None`` where there is none."""
        found = self._climb(column)
        if found is None or not self._can_leave_out(found[0]):
            return None
        owner, hops = owner_of(found[0]), found[1]
        if any((owner, hops[:length]) in self._gone_paths for length in range(1, len(hops) + 1)):
            return None
        return owner, (*hops, column.name)

    def _climb(self, column: ColumnLoad) -> tuple[Fetch, tuple[str, ...]] | None:
        """Walk from rows that were prefetched by name up to the queryset that named them."""
        fetch, hops = self._fetches.get(column.fetch), column.hops
        while fetch is not None and fetch.number not in self._gone:
            if fetch.kind != "prefetch" or fetch.built_by == "user":
                return fetch, hops
            if "to_attr" in fetch.variant:
                break
            hops = (*fetch.hops, *hops)
            fetch = self._fetches.get(fetch.parent)
        return None

    def _can_leave_out(self, fetch: Fetch) -> bool:
        # The list and the form of an admin share one queryset, and the form needs all columns.
        return can_change(fetch) and not fetch.place.endswith(".list_select_related")

    def finding(self, path: tuple[str, ...], columns: Sequence[ColumnLoad]) -> Finding:
        """Return the finding about a column."""
        found = self._climb(columns[0])
        assert found is not None  # place() has found it
        owner = found[0]
        rows = sum(column.row_count for column in columns)
        fetches = tuple(dict.fromkeys(column.fetch for column in columns))
        roots = [item[0] for column in columns if (item := self._climb(column)) is not None]
        return Finding(
            kind=KIND,
            code=CODE,
            model=owner.model,
            path="__".join(path),
            count=len(fetches),
            origin=owner.origin or owner.trigger,
            trigger=owner.trigger,
            triggers=tuple(dict.fromkeys(root.trigger for root in roots if root.trigger is not None)),
            place=owner.place,
            message=UNREAD_COLUMN(size=BYTES(count=_byte_count(columns)), rows=ROWS(count=rows)),
            fetches=(owner.number, columns[0].fetch),
        )
