"""The change that a stored finding calls for, as a diff of the source that is here."""

import linecache
import sys
from pathlib import Path

from quell.advice.unused import read_removal
from quell.anchors import anchor_of
from quell.events import Location
from quell.findings import CODES_OF_PROFILES, Finding
from quell.loading.plan import FetchPlan
from quell.management.fixing.changes import Fixer
from quell.management.fixing.planning import Files
from quell.management.fixing.report import diff
from quell.management.fixing.running import project_roots
from quell.management.fixing.safety import Project
from quell.management.fixing.source import CannotFixError, Territory
from quell.management.fixing.units import Unit
from quell.management.fixing.wanted import read_wanted
from quell.store.totals import Facts

_MORE = "the lines that ask have to change, too, which takes a run of the page: run manage.py quell fix"
_GONE = "its source is not on this machine"
_MOVED = "the line says something else now than when the finding was stored: another release runs here"


def diff_of(facts: Facts, base: str) -> str:
    """
    Return what would change, as a unified diff; nothing is written.

    Args:
        facts: The finding, as it was stored.
        base: The folder that its files are below; empty where the project names none.

    Raises:
        CannotFixError: With the reason why there is none.
    """
    if not facts.origin.rpartition(":")[0].endswith(".py"):
        msg = "the queryset is not built in Python" if facts.origin else "nothing tells where it is built"
        raise CannotFixError(msg)
    finding = _finding(facts, _origin(facts, base))
    territory = Territory(project_roots(), must_write=False)
    fixer = Fixer(Files(territory), Project(territory.roots))
    unit = Unit(unused=(finding,)) if finding.plan is None else Unit(findings=(finding,))
    change, refusals = fixer.change(unit, ())
    if change is None:
        raise CannotFixError(refusals[0].reason)
    files = fixer.texts([change])
    return "\n".join(
        line for path, (source, text) in sorted(files.items()) for line in diff(path, source.text, text)
    )


def _finding(facts: Facts, origin: Location) -> Finding:
    is_unused = facts.code in CODES_OF_PROFILES or read_removal(facts.suggestion) is not None
    return Finding(
        kind=facts.kind,
        code=facts.code,
        model=facts.model,
        path=facts.path,
        origin=origin,
        place=facts.place,
        suggestion=facts.suggestion,
        plan=None if is_unused else _plan(facts.suggestion),
    )


def _plan(suggestion: str) -> FetchPlan:
    wanted = read_wanted(suggestion)
    if wanted.columns or wanted.deferred or any(item.code for item in wanted.lookups):
        raise CannotFixError(_MORE)
    return FetchPlan(join=wanted.joins, separate=[item.path for item in wanted.lookups])


def _origin(facts: Facts, base: str) -> Location:
    name, _, line = facts.origin.rpartition(":")
    roots = [base, *sys.path] if base else sys.path
    file = next((found for root in roots if (found := Path(root, name)).is_file()), None)
    if file is None:
        raise CannotFixError(_GONE)
    linecache.checkcache(str(file))
    spot = Location(str(file.resolve()), int(line), facts.function)
    if anchor_of(spot.file, spot.line, spot.function) != facts.anchor:
        raise CannotFixError(_MOVED)
    return spot
