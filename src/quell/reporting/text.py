"""Findings as plain text for a terminal."""

import os
from collections.abc import Sequence

from quell.events import Location
from quell.findings import Finding


def describe(finding: Finding) -> str:
    """Return one finding as one line."""
    where = finding.place or str(finding.origin or finding.trigger or "unknown place")
    what = f"{finding.model} {finding.path}".strip() or "a statement"
    return f"{finding.code} {what}: {finding.count} queries, {finding.saved_queries} needless; at {where}: {finding.suggestion}"


def render(findings: Sequence[Finding], *, query_count: int, dropped_count: int = 0) -> str:
    """Return a report of a scope: a heading, then a block per finding."""
    dropped = f" ({dropped_count} not kept)" if dropped_count else ""
    if not findings:
        return f"{query_count} queries{dropped}, none of them needless."
    saved = sum(finding.saved_queries for finding in findings)
    lines = [f"{query_count} queries{dropped}, {saved} of them needless, {len(findings)} findings:"]
    for finding in findings:
        lines.extend(["", *block(finding)])
    return "\n".join(lines)


def short_path(spot: Location | None) -> str:
    """Return ``file:line``, relative to the working directory where the file is below it."""
    if spot is None:
        return "-"
    here = os.getcwd() + os.sep
    return f"{spot.file.removeprefix(here)}:{spot.line}"


def block(finding: Finding) -> list[str]:
    """Return one finding as the lines of a block."""
    what = f"{finding.model} {finding.path}".strip()
    lines = [f"{finding.code} {finding.kind}  {what}  {finding.count} queries, {finding.saved_queries} needless"]
    if finding.origin is not None:
        place = f"  ({finding.place})" if finding.place else ""
        lines.append(f"  change   {short_path(finding.origin)}{place}")
    if finding.trigger is not None and finding.trigger != finding.origin:
        lines.append(f"  because  {short_path(finding.trigger)}")
    lines.append(f"  write    {finding.suggestion}")
    if finding.proof is not None:
        lines.append(f"  proof    {finding.proof.reason or finding.proof.verdict}")
    if len(finding.labels) > 1:
        lines.append(f"  seen on  {len(finding.labels)} pages")
    return lines
