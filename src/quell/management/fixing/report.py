"""What was changed and why, what was left to a person and why, and the change itself as a diff."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from quell.findings import Finding, Location
from quell.management.fixing.changes import Change
from quell.management.fixing.source import Source
from quell.management.fixing.units import Refusal, attribute_of_answer
from quell.reporting.terminal import Paint
from quell.reporting.text import plural, relative, short_path

# See Note [A trigger with a way back].
_WAYS_BACK = ("hasattr(", " is None %}")
_PLAIN = Paint(is_on=False)
_COLOURS = {"+": "green", "-": "red", "@": "dim"}


@dataclass(slots=True)
class Result:
    """
    What a run of ``quell fix`` came to.

    ``note`` tells why nothing was run as it is written; ``queries`` are those of each page, before and after.
    """

    changes: list[Change] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    files: dict[Path, tuple[Source, str]] = field(default_factory=dict)
    is_applied: bool = False
    note: str = ""
    queries: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Tell whether nothing is left to be written, neither by a person nor by this command."""
        return not self.refusals and (self.is_applied or not self.changes)


def as_text(result: Result, paint: Paint) -> str:
    """Return the report."""
    lines: list[str] = []
    for path, (source, text) in sorted(result.files.items()):
        lines += [*diff(path, source.text, text, paint), ""]
    lines += [line for change in result.changes for line in _changed(change, result, paint)]
    lines += [line for refusal in _distinct(result.refusals) for line in _left(refusal, paint)]
    return "\n".join([*lines, *([""] if lines else []), _summary(result)])


def diff(path: Path, before: str, after: str, paint: Paint = _PLAIN) -> Iterator[str]:
    """Yield the lines of a unified diff of one file."""
    name = relative(str(path))
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}", lineterm="")
    for line in lines:
        colour = "bold" if line.startswith(("---", "+++")) else _COLOURS.get(line[:1], "")
        yield paint(line, colour) if colour else line


def _lines(text: str) -> list[str]:
    *lines, last = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines


def _changed(change: Change, result: Result, paint: Paint) -> Iterator[str]:
    first = change.unit.first
    verb = "changed" if result.is_applied else "can change"
    place = f" ({first.place})" if first.place else ""
    yield paint(f"{verb} {short_path(first.origin)}{place}: {first.model} {_paths(change.unit.all)}", "bold")
    for reason in dict.fromkeys(item.message or item.path for item in change.unit.all):
        yield f"  why    {reason}"
    if change.unit.answers:
        yield f"  reads  {_readers(change)}"
    for url in change.urls:
        yield f"  proof  {_proof(url, result)}"


def _proof(url: str, result: Result) -> str:
    if result.note:
        return f"{url}: by a rerun; {result.note}"
    before, after = result.queries.get(url, (0, 0))
    return f"{url}: as it is written, the same output with {after} instead of {before} queries"


def _readers(change: Change) -> str:
    """Say where the code that asked reads what the rows hold now."""
    first = change.unit.first.origin
    spots = [spot for finding in change.unit.answers for spot in triggers_of(finding)]
    names = ", ".join(dict.fromkeys(short_path(spot) for spot in spots if spot != first))
    has_way_back = any(
        mark in edit.text for edits in change.edits.values() for edit in edits for mark in _WAYS_BACK
    )
    rest = "; rows that do not hold it are asked as before" if has_way_back else ", which nothing else shows"
    return f"what the rows hold now, at {names}{rest}"


def triggers_of(finding: Finding) -> tuple[Location, ...]:
    """Return all lines that ask."""
    return finding.triggers or ((finding.trigger,) if finding.trigger is not None else ())


def _paths(findings: Sequence[Finding]) -> str:
    return ", ".join(dict.fromkeys(sorted(finding.path for finding in findings)))


def _distinct(refusals: Sequence[Refusal]) -> list[Refusal]:
    found = {(str(item.finding.origin), item.finding.path, item.reason): item for item in refusals}
    return list(found.values())


def _left(refusal: Refusal, paint: Paint) -> Iterator[str]:
    finding = refusal.finding
    what = f"{finding.code} {finding.model} {finding.path}".strip()
    spot = finding.origin or finding.trigger
    yield paint(f"left {short_path(spot)}: {what}", "bold")
    yield f"  why    {refusal.reason}"
    if finding.suggestion:
        yield f"  write  {finding.suggestion}"
    read = attribute_of_answer(finding)
    for trigger in triggers_of(finding):
        if read:
            yield f"  read   .{read} at {short_path(trigger)}, instead of asking"
        elif str(trigger) != str(spot):
            yield f"  asks   {short_path(trigger)}"


def _summary(result: Result) -> str:
    count = len(result.changes)
    files = plural(len(result.files), "file")
    left = f"; {plural(len(_distinct(result.refusals)), 'finding')} left" if result.refusals else ""
    if not count:
        return f"nothing to change{left}"
    querysets = plural(count, "queryset")
    if result.is_applied:
        return f"{querysets} changed in {files}{left}"
    return f"{querysets} can be changed in {files}; --apply writes them{left}"
