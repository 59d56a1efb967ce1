"""The result of a profile as text and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from quell.findings import Finding
from quell.management.profiling.running import Page
from quell.reporting.text import block

_BOLD, _GREEN, _RED, _DIM, _OFF = "\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


class Paint:
    """Colours for a terminal; never the only sign of anything."""

    def __init__(self, *, is_on: bool) -> None:
        self._is_on = is_on

    def __call__(self, text: str, colour: str) -> str:
        """Return the text in a colour: ``bold``, ``green``, ``red`` or ``dim``."""
        codes = {"bold": _BOLD, "green": _GREEN, "red": _RED, "dim": _DIM}
        return f"{codes[colour]}{text}{_OFF}" if self._is_on else text


def as_text(pages: Sequence[Page], findings: Sequence[Finding], paint: Paint) -> str:
    """Return a table of the pages, then a block per cause."""
    lines = [*page_table(pages, paint)]
    for finding in findings:
        head, *rest = block(finding)
        lines.extend(["", paint(head, "bold"), *rest])
    lines.extend(["", summary(pages, findings)])
    return "\n".join(lines)


def page_table(pages: Sequence[Page], paint: Paint) -> list[str]:
    """Return one aligned line per page."""
    width = max([len(page.path) for page in pages] + [4])
    head = f"{'page':<{width}}  {'queries':>15}  {'rows':>15}  {'ms':>15}  result"
    return [paint(head, "dim"), *(_page_line(page, width, paint) for page in pages)]


def _page_line(page: Page, width: int, paint: Paint) -> str:
    if page.problem:
        return f"{page.path:<{width}}  {paint(page.problem, 'red')}"
    columns = [
        _change(f"{page.queries}", f"{page.queries_fixed}", is_fixed=page.queries_fixed is not None),
        _change(f"{page.rows}", f"{page.rows_fixed}", is_fixed=page.queries_fixed is not None),
        _change(f"{page.ms:.0f}", f"{page.ms_fixed:.0f}", is_fixed=page.queries_fixed is not None),
    ]
    return f"{page.path:<{width}}  {'  '.join(f'{column:>15}' for column in columns)}  {_result(page, paint)}"


def _change(before: str, after: str, *, is_fixed: bool) -> str:
    return f"{before} -> {after}" if is_fixed else before


def _result(page: Page, paint: Paint) -> str:
    if not page.findings:
        return paint("nothing needless", "green")
    count = f"{len(page.findings)} finding{'s' if len(page.findings) > 1 else ''}"
    if page.is_fixed:
        return f"{count}, {paint('fix proven', 'green')}"
    reasons = {finding.proof.reason for finding in page.findings if finding.proof and finding.proof.verdict != "proven"}
    return f"{count}, {paint('not proven', 'red')}: {'; '.join(sorted(reasons))}"


def summary(pages: Sequence[Page], findings: Sequence[Finding]) -> str:
    """Return the last line: pages, causes and proofs."""
    proven = sum(finding.proof is not None and finding.proof.verdict == "proven" for finding in findings)
    failed = sum(bool(page.problem) for page in pages)
    not_judged = f", {failed} not judged" if failed else ""
    return f"{len(pages)} pages{not_judged}; {len(findings)} findings, {proven} of them with a proven fix"


def as_json(pages: Sequence[Page], findings: Sequence[Finding]) -> str:
    """Return everything as JSON."""
    document = {
        "pages": [_page_record(page) for page in pages],
        "findings": [_finding_record(finding) for finding in findings],
    }
    return json.dumps(document, indent=2)


def _page_record(page: Page) -> dict[str, object]:
    return {
        "path": page.path,
        "label": page.label,
        "problem": page.problem,
        "queries": {"before": page.queries, "after": page.queries_fixed},
        "rows": {"before": page.rows, "after": page.rows_fixed if page.queries_fixed is not None else None},
        "ms": {"before": page.ms, "after": page.ms_fixed if page.queries_fixed is not None else None},
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
        "origin": asdict(finding.origin) if finding.origin is not None else None,
        "trigger": asdict(finding.trigger) if finding.trigger is not None else None,
        "place": finding.place,
        "suggestion": finding.suggestion,
        "plan": repr(finding.plan) if finding.plan is not None else None,
        "labels": list(finding.labels),
        "proof": asdict(finding.proof) if finding.proof is not None else None,
        "fingerprint": finding.fingerprint,
    }
