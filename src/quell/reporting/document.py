"""
A report as JSON, for programs: everything that the other sinks show.

``schema/report-1.json`` describes it. Statements have no literals, parameters are nowhere.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from quell.findings import DOCS, Finding, Location, Silenced, docs_url
from quell.reporting.report import Page, Report
from quell.reporting.trace import Branch, Lane, Trace

# Counts up with each change that a reader could trip over; what is only added changes nothing.
VERSION = 1
SCHEMA = f"{DOCS}schema/report-{VERSION}.json"


def render(report: Report) -> str:
    """Return everything as JSON."""
    return json.dumps(document(report), indent=2)


def document(report: Report) -> dict[str, object]:
    """Return everything as plain values."""
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "tool": {"name": "quell", "version": tool_version()},
        "root": report.root,
        "pages": [_page_record(page) for page in report.pages],
        "findings": _finding_records(report.findings),
        "known": _finding_records(report.known),
        "silenced": [_silenced_record(item) for item in report.silenced],
        "stale": [asdict(entry) for entry in report.stale],
        "remarks": list(report.remarks),
    }


def schema() -> Mapping[str, object]:
    """Return the JSON schema of the document."""
    text = files("quell.reporting").joinpath(f"schema/report-{VERSION}.json").read_text(encoding="utf-8")
    found: Mapping[str, object] = json.loads(text)
    return found


def tool_version() -> str:
    """Return the version of quell, empty where it runs without being installed."""
    try:
        return version("django-quell")
    except PackageNotFoundError:
        return ""


def _silenced_record(item: Silenced) -> dict[str, object]:
    how = {"by": item.by, "where": item.where, "reason": item.reason}
    return {**how, "finding": _finding_record(item.finding)}


def _page_record(page: Page) -> dict[str, object]:
    return {
        "path": page.path,
        "label": page.label,
        "kind": page.kind,
        "problem": page.problem,
        "is_broken": page.is_broken,
        "note": page.note,
        "queries": {"before": page.queries, "after": page.queries_fixed},
        "rows": {"before": page.rows, "after": page.rows_fixed},
        "ms": {"before": page.ms, "after": page.ms_fixed},
        "findings": [finding.fingerprint for finding in (*page.findings, *page.advice)],
        "trace": _trace_record(page.trace) if page.trace is not None else None,
    }


def _finding_records(findings: Iterable[Finding]) -> list[dict[str, object]]:
    return [_finding_record(finding) for finding in findings]


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
        "message": finding.message,
        "suggestion": finding.suggestion,
        "listing": finding.listing,
        "plan": repr(finding.plan) if finding.plan is not None else None,
        "labels": list(finding.labels),
        "proof": asdict(finding.proof) if finding.proof is not None else None,
        "fingerprint": finding.fingerprint,
        "docs": docs_url(finding.code),
    }


def _place_record(spot: Location | None) -> dict[str, object] | None:
    return asdict(spot) if spot is not None else None


def _trace_record(trace: Trace) -> dict[str, object]:
    return {
        "ms": trace.ms,
        "dropped_count": trace.dropped_count,
        "branches": [_branch_record(branch) for branch in trace.branches],
        "lanes": [_lane_record(lane) for lane in trace.lanes],
    }


def _branch_record(branch: Branch) -> dict[str, object]:
    places = {"origin": _place_record(branch.origin), "trigger": _place_record(branch.trigger)}
    return {
        "number": branch.number,
        "parent": branch.parent,
        "kind": branch.kind,
        "model": branch.model,
        "path": branch.path,
        "count": branch.count,
        **places,
    }


def _lane_record(lane: Lane) -> dict[str, object]:
    return {
        "sql": lane.sql,
        "alias": lane.alias,
        "operation": lane.operation,
        "trigger": _place_record(lane.trigger),
        "branch": lane.branch,
        "count": lane.count,
        "row_count": lane.row_count,
        "ms": lane.ms,
        "runs": [list(run) for run in lane.runs],
    }
