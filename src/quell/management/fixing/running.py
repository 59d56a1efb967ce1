"""One run of ``quell fix``: from what the pages showed to files that are written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from quell.guard import guarded
from quell.management.fixing.changes import Change, Fixer
from quell.management.fixing.planning import Files
from quell.management.fixing.report import Result
from quell.management.fixing.safety import Project
from quell.management.fixing.source import CannotFixError, Source, Territory, check_unchanged, write_source
from quell.management.fixing.units import Refusal, gather, pages_of
from quell.management.fixing.verifying import CannotRunError, Verifier, obstacle
from quell.management.profiling.folding import fold
from quell.reporting.report import Page

_FAILED = "quell failed, see the log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    How to fix.

    ``also`` are folders outside of the project whose files may be changed; ``since`` is when the run began.
    """

    apply: bool = False
    user: str = ""
    also: tuple[Path, ...] = ()
    since: float = float("inf")


def project_roots() -> tuple[Path, ...]:
    """Return the folders of the project: ``BASE_DIR``, and that of the ``manage.py`` that was started."""
    base = getattr(settings, "BASE_DIR", None)
    found = [Path(base).resolve()] if base else []
    here = Path.cwd()
    is_project = not found or (here / "manage.py").is_file()
    if is_project and not any(here.is_relative_to(root) for root in found):
        found.append(here)
    return tuple(found)


def fix(pages: Sequence[Page], options: Options) -> Result:
    """Make the changes that the findings of some pages call for, and write them if that is wanted."""
    also = tuple(path.resolve() for path in options.also)
    territory = Territory(project_roots(), also, options.since)
    fixer = Fixer(Files(territory), Project((*territory.roots, *also)))
    units, refusals = gather(fold(pages))
    changes: list[Change] = []
    unseen = [page.path for page in pages if page.problem]
    for unit in units:
        if unit.unused and unseen:
            reason = f"{unseen[0]} could not be visited, and may use it"
            refusals += [Refusal(finding, reason) for finding in unit.all]
            continue
        failed = None, [Refusal(finding, _FAILED) for finding in unit.all]
        change, more = guarded(lambda: True, failed, fixer.change, unit, pages_of(unit, pages))
        refusals += more
        if change is not None:
            changes.append(change)
    result = Result(refusals=refusals)
    result.changes = _verified(changes, fixer, options, result)
    result.files = _texts(fixer, result)
    if options.apply:
        _write(result)
    return result


def _verified(changes: Sequence[Change], fixer: Fixer, options: Options, result: Result) -> list[Change]:
    if not changes:
        return []
    result.note = obstacle()
    if not result.note:
        try:
            verifier = Verifier(options.user, fixer.texts)
            kept = _proven(changes, fixer, verifier, result)
            result.queries = verifier.queries
            return kept
        except CannotRunError as error:
            result.note = str(error)
    result.note = f"not run as it is written: {result.note}"
    return [change for change in changes if not _is_refused_unseen(change, result)]


def _proven(changes: Sequence[Change], fixer: Fixer, verifier: Verifier, result: Result) -> list[Change]:
    """Return the changes that hold as they are written; what only its triggers break is tried without them."""
    reasons = verifier.select(changes)
    kept = [change for number, change in enumerate(changes) if number not in reasons]
    smaller = []
    for number, reason in reasons.items():
        change = changes[number]
        less = None
        if change.unit.answers and change.unit.findings:
            less, _ = fixer.change(replace(change.unit, answers=()), change.urls)
        if less is not None:
            smaller.append(less)
        left = change.unit.answers if less is not None else change.unit.all
        result.refusals += [Refusal(finding, reason) for finding in left]
    if not smaller:
        return kept
    more = verifier.select([*kept, *smaller])
    for number, reason in more.items():
        result.refusals += [Refusal(finding, reason) for finding in [*kept, *smaller][number].unit.all]
    return [change for number, change in enumerate([*kept, *smaller]) if number not in more]


def _is_refused_unseen(change: Change, result: Result) -> bool:
    """Refuse a change of code that asks, which only a run of it as it is written can prove."""
    if not change.unit.answers and not change.unit.unused:
        return False
    what = "the code that asks changes, too, and" if change.unit.answers else "what takes something away"
    reason = f"{what} was {result.note}"
    result.refusals += [Refusal(finding, reason) for finding in change.unit.all]
    return True


def _texts(fixer: Fixer, result: Result) -> dict[Path, tuple[Source, str]]:
    try:
        return fixer.texts(result.changes)
    except CannotFixError as error:
        result.refusals += [
            Refusal(finding, str(error)) for change in result.changes for finding in change.unit.all
        ]
        result.changes = []
        return {}


def _write(result: Result) -> None:
    # All or nothing, as far as one can see before.
    for source, _ in result.files.values():
        check_unchanged(source)
    for source, text in result.files.values():
        write_source(source, text)
    result.is_applied = True
