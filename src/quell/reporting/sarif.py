"""
Findings as SARIF 2.1.0, which code hosts show on the line.

Paths are relative to ``%SRCROOT%``, the root of the repository. A finding that a comment, a block or a setting
silences, or that the baseline knows, is there as suppressed.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

from quell.events import Location
from quell.findings import CODES, DOCS, Finding, Silenced, docs_url
from quell.reporting.document import tool_version
from quell.reporting.explaining import page_text, summary_of
from quell.reporting.places import below, spot_of, uri_of, what_of
from quell.reporting.report import Page, Report

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_LEVELS = {"problem": "warning", "advice": "note"}
# Where somebody said so: in the source, or elsewhere.
_KINDS = {"comment": "inSource", "block": "inSource", "setting": "external"}

Record = dict[str, object]


def render(report: Report) -> str:
    """Return the log."""
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report)]}, indent=2)


def _run(report: Report) -> Record:
    codes = sorted({finding.code for finding in _all_findings(report)} | CODES.keys())
    run: Record = {
        "tool": {"driver": _driver(codes)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": f"{uri_of(report.root).rstrip('/')}/"}},
        "invocations": [_invocation(report.pages)],
        "results": list(_results(report, codes)),
    }
    if not report.root:
        del run["originalUriBaseIds"]
    return run


def _all_findings(report: Report) -> tuple[Finding, ...]:
    return (*report.findings, *report.known, *(item.finding for item in report.silenced))


def _driver(codes: Sequence[str]) -> Record:
    version = tool_version()
    return {
        "name": "quell",
        "informationUri": DOCS,
        **({"version": version} if version else {}),
        "rules": [_rule(code) for code in codes],
    }


def _rule(code: str) -> Record:
    text = page_text(code)
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in CODES[code].split("_")),
        "shortDescription": {"text": summary_of(code)},
        "fullDescription": {"text": summary_of(code)},
        "help": {"text": text, "markdown": text},
        "helpUri": docs_url(code),
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["performance", "database", "django"], "precision": "very-high"},
    }


def _invocation(pages: Iterable[Page]) -> Record:
    notes = [
        {"level": "error" if page.is_broken else "note", "message": {"text": f"{page.path}: {page.problem}"}}
        for page in pages
        if page.problem
    ]
    return {"executionSuccessful": True, "toolExecutionNotifications": notes}


def _results(report: Report, codes: Sequence[str]) -> Iterable[Record]:
    for finding in report.findings:
        yield _result(finding, codes, report.root)
    for finding in report.known:
        reason = f"known to {report.baseline}" if report.baseline else "known"
        yield _result(finding, codes, report.root) | _suppressed("external", reason)
    seen = set()
    for item in report.silenced:
        key = (item.by, item.where, item.finding.fingerprint)
        if key not in seen:
            seen.add(key)
            yield _result(item.finding, codes, report.root) | _suppressed(_KINDS[item.by], _why(item))


def _suppressed(kind: str, justification: str) -> Record:
    return {"suppressions": [{"kind": kind, "justification": justification}]}


def _why(item: Silenced) -> str:
    return item.reason or f"silenced by a {item.by}"


def _result(finding: Finding, codes: Sequence[str], root: str) -> Record:
    spot = spot_of(finding)
    others = [other for other in (finding.trigger, *finding.triggers) if other is not None and other != spot]
    related = [
        {"id": number, **_location(other, root), "message": {"text": "This line causes the queries."}}
        for number, other in enumerate(dict.fromkeys(others), 1)
    ]
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _LEVELS[finding.level],
        "message": {"text": _message(finding)},
        "locations": [_location(spot, root)] if spot is not None else [],
        "relatedLocations": related,
        "partialFingerprints": {"quellFingerprint/v1": finding.fingerprint},
        "properties": _properties(finding),
    }


def _message(finding: Finding) -> str:
    told = finding.message or f"{finding.count} queries, {finding.saved_queries} of them needless"
    return f"{what_of(finding)}: {told.rstrip('.')}. Write {finding.suggestion}"


def _properties(finding: Finding) -> Mapping[str, object]:
    found: Record = {
        "count": finding.count,
        "savedQueries": finding.saved_queries,
        "suggestion": finding.suggestion,
        "place": finding.place,
        "labels": list(finding.labels),
    }
    if finding.proof is not None:
        found["proof"] = finding.proof.verdict
    return found


def _location(spot: Location, root: str) -> Record:
    file = below(spot.file, root)
    artifact = {"uri": uri_of(file), "uriBaseId": _ROOT} if file else {"uri": uri_of(spot.file)}
    # A line of 0 is no line: where the code was not found.
    region = {"region": {"startLine": spot.line}} if spot.line > 0 else {}
    physical: Record = {"physicalLocation": {"artifactLocation": artifact, **region}}
    if not spot.function:
        return physical
    return {**physical, "logicalLocations": [{"fullyQualifiedName": spot.function, "kind": "function"}]}
