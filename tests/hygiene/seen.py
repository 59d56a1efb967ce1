"""What tests ask of findings about transactions."""

from collections.abc import Callable
from pathlib import Path

import quell
from quell.events import SideEffect
from quell.findings import Finding


def findings_of(work: Callable[[], object], code: str = "Q201") -> tuple[Finding, ...]:
    """Return the findings of one kind about a function."""
    with quell.watch(transactions=True) as watch:
        work()
    return tuple(finding for finding in watch.findings if finding.code == code)


def effects_of(work: Callable[[], object]) -> tuple[SideEffect, ...]:
    """Return the effects that a watch of a function noted."""
    with quell.watch(transactions=True) as watch:
        work()
    return watch.recording.effects


def line_of(file: str, mark: str) -> int:
    """Return the line that has a comment."""
    lines = Path(file).read_text().splitlines()
    return next(number for number, text in enumerate(lines, 1) if text.endswith(f"# {mark}"))
