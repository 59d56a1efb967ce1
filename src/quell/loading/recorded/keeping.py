"""A recording written to its file, or compared with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from quell.loading.recorded.comparing import Drift, compare
from quell.loading.recorded.entries import Recorded
from quell.loading.recorded.files import EMPTY, read_plans, write_plans
from quell.loading.recorded.origins import Origin
from quell.loading.recorded.places import vanished


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a recording comes to, as lines, and whether the file has drifted."""

    lines: tuple[str, ...]
    has_drifted: bool = False


def keep(needs: Mapping[Origin, Recorded], file: Path, *, is_anew: bool) -> Outcome:
    """
    Write what was recorded to a file, beside what it holds already.

    Raises:
        UsageError: If the file is broken, or cannot be written.
    """
    old = read_plans(file) if file.exists() else EMPTY
    new = old.renewed(needs) if is_anew else old.merged(needs)
    write_plans(file, new)
    # As the file says it: empty entries are not in there.
    new = read_plans(file)
    added = len(new.entries.keys() - old.entries.keys())
    dropped = len(old.entries.keys() - new.entries.keys())
    changed = sum(
        new.entries[origin] != entry for origin, entry in old.entries.items() if origin in new.entries
    )
    counts = f"{added} new, {changed} changed, {dropped} dropped"
    return Outcome((f"{_origins(len(new.entries))} in {file}: {counts}",))


def check(needs: Mapping[Origin, Recorded], file: Path, *, is_anew: bool) -> Outcome:
    """
    Compare a file with what was recorded.

    Raises:
        UsageError: If the file does not exist, or is broken.
    """
    drift = compare(read_plans(file), needs, is_whole=is_anew, vanished=vanished)
    return Outcome((*drift.lines, _summary(drift, file)), bool(drift))


def _summary(drift: Drift, file: Path) -> str:
    rest = f"; {_origins(drift.unvisited_count)} of it not visited" if drift.unvisited_count else ""
    if not drift:
        return f"{file} is up to date{rest}"
    return f"{file} has drifted in {_origins(len(drift.lines))}: record again{rest}"


def _origins(count: int) -> str:
    return f"{count} origin" if count == 1 else f"{count} origins"
