"""What a run showed of a file of plans: whether it still says what the code needs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from quell.exceptions import QuellError
from quell.loading.recorded.entries import Entry, Recorded
from quell.loading.recorded.files import PlanFile
from quell.loading.recorded.origins import Origin
from quell.loading.recorded.tables import check_plan


@dataclass(frozen=True, slots=True)
class Drift:
    """
    How a file differs from what was recorded.

    Attributes:
        lines: One for each origin that is new, changed, wrong or gone; nothing where the file is right.
        unvisited_count: Origins of the file that were not met, and whose code is there; these are no drift.
    """

    lines: tuple[str, ...]
    unvisited_count: int

    def __bool__(self) -> bool:
        return bool(self.lines)


def compare(
    plans: PlanFile,
    found: Mapping[Origin, Recorded],
    *,
    is_whole: bool,
    vanished: Callable[[Origin], str],
) -> Drift:
    """
    Compare a file with what was recorded.

    Args:
        plans: The file.
        found: What this run needs.
        is_whole: Whether this run is all there is, so that what it does not use is drift as well.
        vanished: Tells why an origin cannot be met any more, or an empty text.
    """
    lines = [
        line for origin in sorted(found) for line in _seen(origin, found[origin], plans, is_whole=is_whole)
    ]
    unvisited = [entry for origin, entry in sorted(plans.entries.items()) if origin not in found]
    count = 0
    for entry in unvisited:
        reason = vanished(entry.origin) or _problem(entry)
        if reason:
            lines.append(f"gone     {entry.origin}\n         {reason}")
        else:
            count += 1
    return Drift(tuple(lines), count)


def _seen(origin: Origin, recorded: Recorded, plans: PlanFile, *, is_whole: bool) -> Iterator[str]:
    entry = plans.entries.get(origin)
    if entry is None:
        if recorded:
            yield _listed("new", origin, _parts(recorded), "+")
        return
    problem = _problem(entry)
    if problem:
        yield f"wrong    {origin}\n         {problem}"
    elif not entry.keep:
        missing = _parts(entry.recorded | recorded) - _parts(entry.recorded)
        surplus = _parts(entry.recorded) - _parts(recorded) if is_whole else set()
        if not entry.recorded.covers(recorded) or surplus:
            yield _listed("changed", origin, missing, "+", surplus)


def _problem(entry: Entry) -> str:
    try:
        check_plan(entry.origin, entry.recorded.plan)
    except QuellError as error:
        return str(error)
    return ""


def _listed(
    what: str,
    origin: Origin,
    missing: set[tuple[str, str]],
    sign: str,
    surplus: set[tuple[str, str]] | None = None,
) -> str:
    lines = [f"{what:<8} {origin}"]
    lines += [f"         {sign} {part} {name}" for part, name in sorted(missing)]
    lines += [f"         - {part} {name}" for part, name in sorted(surplus or ())]
    return "\n".join(lines)


def _parts(recorded: Recorded) -> set[tuple[str, str]]:
    """Return each relation, column and call; a plan without columns needs all of them."""
    plan = recorded.plan
    columns = plan.only if plan.only is not None else ("*",)
    return {
        *(("path", path) for path in plan.paths),
        *(("join", path) for path in plan.join),
        *(("separate", path) for path in plan.separate),
        *(("column", path) for path in columns),
        *(("call", call) for call in recorded.calls),
    }
