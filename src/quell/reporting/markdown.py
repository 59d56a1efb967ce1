"""
A report as Markdown for a comment on a pull request: a short table, the details folded.

The first line is a comment that a script can find its own comment by.
"""

import re
from collections.abc import Sequence
from html import escape

from quell.findings import Finding, docs_url
from quell.reporting.places import short, spot_of, what_of
from quell.reporting.report import Report, is_proven
from quell.reporting.table import notes, summary

MARK = "<!-- quell -->"
# GitHub refuses comments of 65,536 characters.
MAX_DETAILS = 25
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~&])")
# Between the sign and the name it keeps a host from telling somebody of that name, and is not seen.
_JOINER = "\N{WORD JOINER}"
_TICKS = re.compile(r"`+")


def render(report: Report) -> str:
    """Return the comment."""
    lines = [MARK, "### quell: needless database work", "", text(summary(report.pages, report.findings)), ""]
    if report.findings:
        lines += [*table(report.findings, report.root), ""]
    lines += folded(report.findings, report.root)
    failed = [page for page in report.pages if page.problem]
    if failed:
        told = [f"- {code(page.path)} {text(page.problem)}" for page in failed]
        lines += fold(f"{len(failed)} not judged", told)
    lines += [f"- {text(note)}" for note in notes(report)]
    return "\n".join(lines).rstrip() + "\n"


def table(findings: Sequence[Finding], root: str) -> list[str]:
    """Return a table with a row per finding."""
    rows = ["| | what | where | queries | proof |", "| --- | --- | --- | ---: | --- |"]
    for finding in findings[:MAX_DETAILS]:
        where = cell(code(short(spot_of(finding), root)))
        cells = (_link(finding), cell(code(what_of(finding))), where, _queries(finding), _proof(finding))
        rows.append(f"| {' | '.join(cells)} |")
    if len(findings) > MAX_DETAILS:
        rows.append(f"| | and {len(findings) - MAX_DETAILS} more | | | |")
    return rows


def folded(findings: Sequence[Finding], root: str) -> list[str]:
    """Return the details of each finding, folded."""
    return [line for finding in findings[:MAX_DETAILS] for line in _details(finding, root)]


def fold(title: str, lines: Sequence[str]) -> list[str]:
    """Return lines that are shown once somebody opens them."""
    # Markdown is not read within a line of HTML.
    shown = escape(title).replace("@", f"@{_JOINER}")
    return [f"<details><summary>{shown}</summary>", "", *lines, "", "</details>", ""]


def _details(finding: Finding, root: str) -> list[str]:
    lines = [text(finding.message), ""] if finding.message else []
    if finding.origin is not None:
        place = f" ({code(finding.place)})" if finding.place else ""
        lines.append(f"- change {code(short(finding.origin, root))}{place}")
    if finding.trigger is not None and finding.trigger != finding.origin:
        lines.append(f"- because of {code(short(finding.trigger, root))}")
    if finding.labels:
        lines.append(f"- seen in {', '.join(map(code, finding.labels[:5]))}{_more(finding.labels[5:])}")
    if finding.suggestion:
        lines += ["", *fence(finding.suggestion, "python")]
    return fold(f"{finding.code} {finding.kind}: {what_of(finding)}", lines)


def _more(rest: Sequence[str]) -> str:
    return f" and {len(rest)} more" if rest else ""


def _queries(finding: Finding) -> str:
    proof = finding.proof
    if proof is not None and is_proven(finding):
        return f"{proof.queries_before} → {proof.queries_after}"
    return f"{finding.count}, {finding.saved_queries} needless"


def _proof(finding: Finding) -> str:
    if finding.proof is None:
        return ""
    return "proven" if is_proven(finding) else cell(text(f"not proven: {finding.proof.reason}"))


def _link(finding: Finding) -> str:
    return f"[{finding.code}]({docs_url(finding.code)})"


def text(value: str) -> str:
    """Return a text that means nothing but itself in Markdown, on one line, and that calls nobody by ``@name``."""
    return _SPECIAL.sub(r"\\\1", " ".join(value.split())).replace("@", f"@{_JOINER}")


def code(value: str) -> str:
    """Return a text as code within a line."""
    inner = " ".join(value.split())
    if not inner:
        return ""
    ticks = "`" * (max(map(len, _TICKS.findall(inner)), default=0) + 1)
    gap = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{ticks}{gap}{inner}{gap}{ticks}"


def cell(value: str) -> str:
    """Return what stands in a table: a bar would end the cell, within code, too."""
    return value.replace("\\|", "|").replace("|", "\\|")


def fence(value: str, language: str) -> list[str]:
    """Return a block of code."""
    ticks = "`" * max(3, max(map(len, _TICKS.findall(value)), default=0) + 1)
    return [f"{ticks}{language}", value, ticks]
