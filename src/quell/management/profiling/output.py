"""The result of a profile as text and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from quell.findings import Finding, Location, Silenced
from quell.management.profiling.pages import Page, is_proven
from quell.management.profiling.verdict import Verdict, notes
from quell.reporting.text import block, plural

_CODES = {"bold": "\x1b[1m", "green": "\x1b[32m", "red": "\x1b[31m", "dim": "\x1b[2m"}
_OFF = "\x1b[0m"
_COLUMN = 15


class Paint:
    """Colours for a terminal; never the only sign of anything."""

    def __init__(self, *, is_on: bool) -> None:
        self._is_on = is_on

    def __call__(self, text: str, colour: str) -> str:
        """Return the text in a colour: ``bold``, ``green``, ``red`` or ``dim``."""
        return f"{_CODES[colour]}{text}{_OFF}" if self._is_on else text


def as_text(pages: Sequence[Page], verdict: Verdict, paint: Paint) -> str:
    """Return a table of the pages, a block per new cause, and a line for what is known, silenced or out of date."""
    lines = page_table(pages, paint) if pages else []
    for finding in (*verdict.findings, *verdict.advice):
        head, *rest = block(finding)
        lines.extend(["", paint(head, "bold"), *rest])
    lines.extend(["", *notes(verdict), summary(pages, verdict.findings, verdict.advice)])
    return "\n".join(lines)


def page_table(pages: Sequence[Page], paint: Paint) -> list[str]:
    """Return one aligned line per page."""
    width = max([len(page.path) for page in pages] + [4])
    heads = "  ".join(f"{name:>{_COLUMN}}" for name in ("queries", "rows", "ms"))
    head = paint(f"{'page':<{width}}  {heads}  result", "dim")
    return [head, *(_page_line(page, width, paint) for page in pages)]


def _page_line(page: Page, width: int, paint: Paint) -> str:
    if page.problem:
        columns, result = ["-", "-", "-"], paint(page.problem, "red")
    else:
        columns = [
            _change(page.queries, page.queries_fixed),
            _change(page.rows, page.rows_fixed),
            _change(round(page.ms), None if page.ms_fixed is None else round(page.ms_fixed)),
        ]
        result = _result(page, paint)
    numbers = "  ".join(f"{column:>{_COLUMN}}" for column in columns)
    return f"{page.path:<{width}}  {numbers}  {result}"


def _change(before: int, after: int | None) -> str:
    return f"{before}" if after is None else f"{before} -> {after}"


def _result(page: Page, paint: Paint) -> str:
    note = f"{page.note}; " if page.note else ""
    note += f"{plural(len(page.advice), 'piece')} of advice, " if page.advice else ""
    if not page.findings:
        return paint(f"{note}nothing needless", "green")
    count = f"{note}{plural(len(page.findings), 'finding')}"
    if page.is_fixed:
        return f"{count}, {paint('fix proven', 'green')}"
    tried = [finding for finding in page.findings if finding.proof is not None]
    if len(tried) < len(page.findings):
        count += f" ({len(page.findings) - len(tried)} unused)"
    if not tried:
        return paint(count, "red")
    reasons = {finding.proof.reason for finding in tried if finding.proof and not is_proven(finding)}
    proven = sum(map(is_proven, tried))
    if proven == len(tried):
        return f"{count}, {paint('fix proven', 'green')}"
    some = f"{proven} proven, {len(tried) - proven} " if proven else ""
    return f"{count}, {paint(f'{some}not proven', 'red')}: {'; '.join(sorted(reasons))}"


def summary(pages: Sequence[Page], findings: Sequence[Finding], advice: Sequence[Finding] = ()) -> str:
    """Return the last line: pages, causes and proofs."""
    if not pages:
        return "There is no page to visit: no route goes without arguments, QUELL_SAMPLE_URLS names none."
    failed = sum(bool(page.problem) for page in pages)
    not_judged = f" ({failed} not judged)" if failed else ""
    proven = f", {sum(map(is_proven, findings))} with a proven fix" if findings else ""
    extra = f", {plural(len(advice), 'piece')} of advice" if advice else ""
    return f"{plural(len(pages), 'page')}{not_judged}; {plural(len(findings), 'finding')}{proven}{extra}"


def as_json(pages: Sequence[Page], verdict: Verdict) -> str:
    """Return everything as JSON."""
    document = {
        "pages": [_page_record(page) for page in pages],
        "findings": [_finding_record(finding) for finding in verdict.findings],
        "advice": [_finding_record(finding) for finding in verdict.advice],
        "known": [_finding_record(finding) for finding in verdict.known],
        "silenced": [_silenced_record(item) for item in verdict.silenced],
        "stale": [asdict(entry) for entry in verdict.stale],
        "remarks": list(verdict.remarks),
    }
    return json.dumps(document, indent=2)


def _silenced_record(item: Silenced) -> dict[str, object]:
    how = {"by": item.by, "where": item.where, "reason": item.reason}
    return {**how, "finding": _finding_record(item.finding)}


def _page_record(page: Page) -> dict[str, object]:
    return {
        "path": page.path,
        "label": page.label,
        "problem": page.problem,
        "note": page.note,
        "queries": {"before": page.queries, "after": page.queries_fixed},
        "rows": {"before": page.rows, "after": page.rows_fixed},
        "ms": {"before": page.ms, "after": page.ms_fixed},
        "findings": [finding.fingerprint for finding in page.findings],
    }


def _finding_record(finding: Finding) -> dict[str, object]:
    return {
        "kind": finding.kind,
        "code": finding.code,
        "level": finding.level,
        "model": finding.model,
        "path": finding.path,
        "count": finding.count,
        "saved_queries": finding.saved_queries,
        "origin": _place_record(finding.origin),
        "trigger": _place_record(finding.trigger),
        "place": finding.place,
        "suggestion": finding.suggestion,
        "listing": finding.listing,
        "plan": repr(finding.plan) if finding.plan is not None else None,
        "labels": list(finding.labels),
        "proof": asdict(finding.proof) if finding.proof is not None else None,
        "fingerprint": finding.fingerprint,
    }


def _place_record(spot: Location | None) -> dict[str, object] | None:
    return asdict(spot) if spot is not None else None
