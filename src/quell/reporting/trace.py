"""
The statements of one run as people look at them: when each ran, and the tree of fetches that it hangs on.

What repeats is folded: fetches of one queryset that load one relation are one branch, statements of one shape on one
branch are one lane with a mark per run. Statements are shown without literals.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from quell.events import Fetch, Location, Operation, QueryEvent, Recording
from quell.sqltext import fingerprint

# A lane of a thousand marks shows what one of ten thousand shows.
MAX_RUNS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """
    Fetches of one queryset, or of one relation of the rows of ``parent``.

    ``number`` counts from 1, ``parent`` is 0 for a root. ``path`` leads from the rows of the parent.
    """

    number: int
    parent: int
    kind: str
    model: str
    path: str = ""
    count: int = 0
    origin: Location | None = None
    trigger: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """
    Statements of one shape, on one branch (0 where no queryset ran them), caused by one line.

    ``row_count`` is ``None`` where the driver does not tell it. ``runs`` are pairs of start and duration in
    milliseconds, at most ``MAX_RUNS``.
    """

    sql: str
    alias: str
    operation: Operation
    trigger: Location | None
    branch: int
    count: int
    row_count: int | None
    ms: float
    runs: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All statements of a run of ``ms`` milliseconds; ``dropped_count`` more ran and were not kept."""

    ms: float
    branches: tuple[Branch, ...] = ()
    lanes: tuple[Lane, ...] = ()
    dropped_count: int = 0


@dataclass(slots=True)
class _GrowingLane:
    """A lane that is not complete."""

    first: QueryEvent
    sql: str
    branch: int
    count: int = 0
    row_count: int | None = 0
    ms: float = 0.0
    runs: list[tuple[float, float]] = field(default_factory=list)

    def add(self, event: QueryEvent) -> None:
        self.count += 1
        is_told = self.row_count is not None and event.row_count >= 0
        self.row_count = (self.row_count or 0) + event.row_count if is_told else None
        self.ms += event.duration_ms
        if len(self.runs) < MAX_RUNS:
            self.runs.append((round(event.start_ms, 3), round(event.duration_ms, 3)))

    def lane(self) -> Lane:
        return Lane(
            sql=self.sql,
            alias=self.first.alias,
            operation=self.first.operation,
            trigger=self.first.trigger,
            branch=self.branch,
            count=self.count,
            row_count=self.row_count,
            ms=round(self.ms, 3),
            runs=tuple(self.runs),
        )


@dataclass(slots=True)
class _GrowingBranch:
    """A branch that is not complete."""

    number: int
    parent: int
    first: Fetch
    count: int = 0

    def branch(self) -> Branch:
        return Branch(
            number=self.number,
            parent=self.parent,
            kind=self.first.kind,
            model=self.first.model,
            path="__".join(self.first.hops),
            count=self.count,
            origin=self.first.origin,
            trigger=self.first.trigger,
        )


def trace_of(recording: Recording, *, ms: float) -> Trace:
    """Return the statements of a recording that took ``ms`` milliseconds, in the order of their first runs."""
    branches, branch_of = _branches(recording)
    lanes: dict[Hashable, _GrowingLane] = {}
    for event in recording.queries:
        branch, sql = branch_of.get(event.fetch, 0), fingerprint(event.sql)
        key = (sql, event.alias, event.trigger, branch)
        lanes.setdefault(key, _GrowingLane(event, sql, branch)).add(event)
    ends = [event.start_ms + event.duration_ms for event in recording.queries]
    return Trace(
        ms=round(max([ms, *ends]), 3),
        branches=branches,
        lanes=tuple(lane.lane() for lane in lanes.values()),
        dropped_count=recording.dropped_count,
    )


def _branches(recording: Recording) -> tuple[tuple[Branch, ...], Mapping[int, int]]:
    """Return the branches, parents first, and the number of the branch of each fetch."""
    by_number = {fetch.number: fetch for fetch in recording.fetches}
    grown: dict[tuple[Hashable, ...], _GrowingBranch] = {}
    done: dict[int, int] = {0: 0}
    for number in sorted(by_number):
        waiting = [number]
        while (parent := by_number[waiting[-1]].parent) not in done and parent in by_number:
            waiting.append(parent)
        for fetch in (by_number[each] for each in reversed(waiting) if each not in done):
            above = done.get(fetch.parent, 0)
            # A root is one queryset in the source, whatever loop evaluates it.
            place = None if above else str(fetch.origin)
            key = (above, fetch.kind == "prefetch", fetch.model, fetch.hops, place)
            branch = grown.setdefault(key, _GrowingBranch(len(grown) + 1, above, fetch))
            branch.count += 1
            done[fetch.number] = branch.number
    return tuple(branch.branch() for branch in grown.values()), done
