"""``quell profile --record``: visit pages, and keep or compare what their querysets need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from quell.loading.recorded.comparing import Drift, compare
from quell.loading.recorded.files import EMPTY, read_plans, write_plans
from quell.loading.recorded.places import vanished
from quell.management.profiling.visiting import Visitor
from quell.recording import Recorder
from quell.reporting.text import plural


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a recording comes to, as lines, and whether the file has drifted."""

    lines: tuple[str, ...]
    has_drifted: bool = False


def record_pages(
    urls: Sequence[tuple[str, str]], visitor: Visitor, *, warn: Callable[[str], None], show: Callable[[str], None]
) -> Recorder:
    """
    Visit each page once, and return what the querysets need; a page that cannot be judged is one line of warning.

    Args:
        urls: Paths, each with what speaks against a visit.
        visitor: Who visits, and how nothing is left behind.
        warn: Takes a line about a page.
        show: Takes what is visited at the moment.
    """
    recorder = Recorder()
    for number, (path, problem) in enumerate(urls, 1):
        show(f"{number}/{len(urls)} {path}")
        page = Recorder()
        reason = problem
        if not reason:
            with page.block():
                reason = visitor.visit(path).problem
        if not reason and page.skipped_count:
            reason = "ran too many statements to tell what it needs: raise QUELL_MAX_EVENTS"
        if reason:
            # What is missing may be the use.
            warn(f"{path} {reason}")
        else:
            recorder.add(page.needs)
    show("")
    return recorder


def keep(recorder: Recorder, file: Path, *, is_anew: bool) -> Outcome:
    """
    Write what was recorded to a file, beside what it holds already.

    Raises:
        UsageError: If the file is broken, or cannot be written.
    """
    old = read_plans(file) if file.exists() else EMPTY
    new = old.renewed(recorder.needs) if is_anew else old.merged(recorder.needs)
    write_plans(file, new)
    # As the file says it: empty entries are not in there.
    new = read_plans(file)
    added = len(new.entries.keys() - old.entries.keys())
    dropped = len(old.entries.keys() - new.entries.keys())
    changed = sum(new.entries[origin] != entry for origin, entry in old.entries.items() if origin in new.entries)
    counts = f"{added} new, {changed} changed, {dropped} dropped"
    return Outcome((f"{plural(len(new.entries), 'origin')} in {file}: {counts}",))


def check(recorder: Recorder, file: Path, *, is_anew: bool) -> Outcome:
    """
    Compare a file with what was recorded.

    Raises:
        UsageError: If the file does not exist, or is broken.
    """
    drift = compare(read_plans(file), recorder.needs, is_whole=is_anew, vanished=vanished)
    return Outcome((*drift.lines, _summary(drift, file)), bool(drift))


def _summary(drift: Drift, file: Path) -> str:
    rest = f"; {plural(drift.unvisited_count, 'origin')} of it not visited" if drift.unvisited_count else ""
    if not drift:
        return f"{file} is up to date{rest}"
    return f"{file} has drifted in {plural(len(drift.lines), 'origin')}: record again{rest}"


