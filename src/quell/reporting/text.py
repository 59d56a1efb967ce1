"""Findings as plain text for a terminal."""

import os
from collections.abc import Sequence

from quell.events import Location
from quell.findings import CODES_OF_TRANSACTIONS, Finding, Proof, Silenced, docs_url, of_level
from quell.paths import project_path


def describe(finding: Finding, base: str = "") -> str:
    """Return one finding as one line, with its file by the path from the folder of the project."""
    spot = finding.origin or finding.trigger
    named = f"{project_path(spot.file, base)}:{spot.line}" if spot is not None else "unknown place"
    where = finding.place or named
    otherwise = finding.kind if finding.code in CODES_OF_TRANSACTIONS else "a statement"
    what = f"{finding.model} {finding.path}".strip() or otherwise
    cost = finding.message or _cost(finding)
    line = f"{finding.code} {what}: {cost}; at {where}: {finding.suggestion} ({docs_url(finding.code)})"
    return encodable(line)


def render(findings: Sequence[Finding], *, query_count: int, dropped_count: int = 0) -> str:
    """Return a report of a scope: a heading, then a block per finding."""
    dropped = f" ({dropped_count} not kept)" if dropped_count else ""
    queries = plural(query_count, "query", "queries")
    problems, advice = of_level(findings, "problem"), of_level(findings, "advice")
    extra = f", {plural(len(advice), 'piece')} of advice" if advice else ""
    if not findings:
        return f"{queries}{dropped}, none of them needless."
    saved = sum(finding.saved_queries for finding in problems)
    count = f", {plural(len(problems), 'finding')}" if problems else ""
    lines = [f"{queries}{dropped}, {saved or 'none'} of them needless{count}{extra}:"]
    for finding in (*problems, *advice):
        lines.extend(["", *block(finding)])
    return "\n".join(lines)


def encodable(text: str) -> str:
    """Return a text that UTF-8 can hold: a name of a file that is no Unicode has ``?`` in it."""
    return text.encode(errors="replace").decode()


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun."""
    return f"{count} {noun if count == 1 else nouns or f'{noun}s'}"


def short_path(spot: Location | None) -> str:
    """Return ``file:line``, relative to the working directory where the file is below it."""
    if spot is None:
        return "-"
    return relative(str(spot))


def block(finding: Finding) -> list[str]:
    """Return one finding as the lines of a block."""
    what = f"{finding.model} {finding.path}".strip()
    lines = ["  ".join(filter(None, (f"{finding.code} {finding.kind}", what, _cost(finding))))]
    if finding.message:
        lines.append(f"  what     {finding.message}")
    if finding.origin is not None:
        place = f"  ({finding.place})" if finding.place else ""
        lines.append(f"  change   {short_path(finding.origin)}{place}")
    if finding.trigger is not None and finding.trigger != finding.origin:
        lines.append(f"  because  {short_path(finding.trigger)}")
    # A fix that was tried in vain is not to be written.
    lines.append(f"  {'tried   ' if is_vain(finding) else 'write   '} {finding.suggestion}")
    lines.extend(f"           {line}".rstrip() for line in finding.listing.splitlines())
    if finding.proof is not None:
        lines.append(f"  proof    {_proof_text(finding.proof)}")
    if len(finding.labels) > 1:
        lines.append(f"  seen on  {len(finding.labels)} pages")
    return [*lines, f"  docs     {docs_url(finding.code)}"]


def is_vain(finding: Finding) -> bool:
    """Tell whether the fix of a finding was tried and did not hold."""
    proof = finding.proof
    return proof is not None and proof.verdict != "proven" and proof.is_tried and finding.plan is None


def _cost(finding: Finding) -> str:
    if finding.code in CODES_OF_TRANSACTIONS:
        return plural(finding.count, "time")
    queries = plural(finding.count, "query", "queries")
    if finding.level == "advice":
        return f"{queries}, {finding.saved_queries} fewer possible"
    return f"{queries}, {finding.saved_queries} needless"


def _proof_text(proof: Proof) -> str:
    if proof.verdict == "proven" and proof.reason:
        # The code to write stands in the line above.
        return proof.reason.partition(";")[0]
    return f"{proof.verdict}: {proof.reason}" if proof.reason else proof.verdict


def silenced_lines(silenced: Sequence[Silenced], complaints: Sequence[str] = ()) -> list[str]:
    """Return one line for each silenced finding, and for each mistake in a comment that was to silence one."""
    lines = []
    for item in silenced:
        finding = item.finding
        what = f"{finding.code} {finding.model} {finding.path}".strip()
        reason = f": {item.reason}" if item.reason else ""
        is_query = finding.code not in CODES_OF_TRANSACTIONS
        queries = plural(finding.count, "query", "queries") if is_query else plural(finding.count, "time")
        lines.append(f"silenced {what} ({queries}) by {item.by} {relative(item.where)}{reason}")
    return [*lines, *map(relative, complaints)]


def relative(text: str) -> str:
    """Return a text that begins with a path, with the path relative to the working directory."""
    return below(text, os.getcwd())


def below(text: str, folder: str) -> str:
    """Return a text that begins with a path, with the path from a folder where it is below it."""
    return text.removeprefix(folder.rstrip(os.sep) + os.sep) if folder else text
