"""What the panel shows of a watch, as plain values: the store of the toolbar writes them as JSON."""

from typing import Any

from django.core import signing

from quell.contrib.debug_toolbar.tree import Row, grow, rows_of
from quell.events import Location
from quell.findings import Finding, docs_url
from quell.pipeline import watch
from quell.reporting.text import encodable, relative, short_path

# What is signed for the page that shows code is of no use elsewhere.
SALT = "quell.contrib.debug_toolbar"
_MOST_LINES = 10


def facts_of(seen: watch) -> dict[str, Any]:
    """Return everything that the panel shows of a watch that has ended."""
    outcome = seen.outcome
    findings = outcome.findings
    tree = grow(seen.recording, findings)
    return {
        "has_failed": seen.scope.has_failed,
        "query_count": len(seen.queries) + seen.dropped_count,
        "dropped_count": seen.dropped_count,
        "needless_count": sum(finding.saved_queries for finding in findings),
        "total_ms": round(tree.total_ms, 2),
        "findings": [_facts_of_finding(number, each) for number, each in enumerate(findings, 1)],
        "silenced": [
            {
                "what": _what(item.finding),
                "count": item.finding.count,
                "by": relative(item.where),
                "reason": item.reason,
            }
            for item in outcome.silenced
        ],
        "complaints": [relative(text) for text in outcome.complaints],
        "nodes": [_facts_of_row(row) for row in rows_of(tree.roots)],
        "left_out_count": tree.left_out_count,
    }


def _facts_of_finding(number: int, finding: Finding) -> dict[str, Any]:
    triggers = [spot for spot in finding.triggers or (finding.trigger,) if spot not in {None, finding.origin}]
    return {
        "number": number,
        "code": finding.code,
        "docs": docs_url(finding.code),
        "level": finding.level,
        "what": _what(finding),
        "message": finding.message,
        "count": finding.count,
        "saved": finding.saved_queries,
        "suggestion": finding.suggestion,
        "listing": finding.listing,
        "place": finding.place,
        "change": _spot(finding.origin or finding.trigger),
        "because": [_spot(spot) for spot in triggers[:_MOST_LINES]],
    }


def _what(finding: Finding) -> str:
    return f"{finding.model} {finding.path}".strip()


def _facts_of_row(row: Row) -> dict[str, Any]:
    node = row.node
    return {
        "opens": bool(node.children),
        # A loop of the template runs over it, as often as there are lists to end.
        "closes": "/" * row.closed_count,
        "name": node.name,
        "kind": node.kind,
        "count": node.count,
        "ms": round(node.ms, 2),
        "sql": node.sql,
        "alias": node.alias,
        "findings": sorted(node.findings),
        "trigger": _spot(node.trigger),
        "origin": _spot(node.origin) if node.origin != node.trigger else None,
        "bars": node.bars(),
    }


def _spot(spot: Location | None) -> dict[str, str] | None:
    """Return a line as text, with what asks the panel's own page for its code."""
    if spot is None:
        return None
    key = signing.dumps({"file": spot.file, "line": spot.line}, salt=SALT, compress=True)
    return {"text": encodable(short_path(spot)), "function": spot.function, "key": key}
