"""One cause, one finding: what two calls of one helper show is the same line to change."""

from collections.abc import Hashable, Iterable
from dataclasses import replace

from quell.analysis.families import Family
from quell.findings import Finding, Load


def merge_causes(findings: Iterable[tuple[Family, Finding]]) -> tuple[Finding, ...]:
    """Return the findings, those of one call, one queryset and one line as one; in order of appearance."""
    merged: dict[Hashable, Finding] = {}
    for family, finding in findings:
        call = family.first.method, family.first.variant
        key = (call, finding.model, finding.path, finding.origin, finding.trigger, finding.place)
        merged[key] = together(merged[key], finding) if key in merged else finding
    return _apart(tuple(merged.values()))


def _apart(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings, the calls of one line with identities of their own; one of them keeps that of the line."""
    first: dict[Hashable, str] = {}
    for finding in findings:
        line = _line_of(finding)
        # By name: which of them runs first depends on the rows.
        first[line] = min(first.get(line, finding.asked), finding.asked)
    return tuple(replace(item, is_beside=item.asked != first[_line_of(item)]) for item in findings)


def _line_of(finding: Finding) -> Hashable:
    return finding.code, finding.model, finding.path, finding.origin or finding.trigger, finding.call


def together(one: Finding, other: Finding) -> Finding:
    """Return two findings of one cause as one, with the numbers, lines and statements of both."""
    return replace(
        one,
        count=one.count + other.count,
        saved_queries=one.saved_queries + other.saved_queries,
        triggers=tuple(dict.fromkeys((*one.triggers, *other.triggers))),
        fetches=(*one.fetches, *other.fetches),
        loads=_sum(one.loads, other.loads),
        statements=(*one.statements, *other.statements),
    )


def _sum(loads: Iterable[Load], others: Iterable[Load]) -> tuple[Load, ...]:
    found = {load.path: load for load in loads}
    for load in others:
        known = found.get(load.path)
        found[load.path] = load if known is None else _both(known, load)
    return tuple(found.values())


def _both(one: Load, other: Load) -> Load:
    return replace(
        one,
        row_count=one.row_count + other.row_count,
        distinct_count=one.distinct_count + other.distinct_count,
        evaluation_count=one.evaluation_count + other.evaluation_count,
    )
