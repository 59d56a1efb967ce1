"""One cause, one finding: what many pages show, folded by cause."""

from collections.abc import Iterable
from dataclasses import replace

from quell.advice.planning import merge
from quell.exceptions import PlanConflict
from quell.findings import Finding
from quell.management.profiling.pages import is_rejected
from quell.reporting.report import Page, is_proven
from quell.wording.outcomes import OF_PAGES


def fold(pages: Iterable[Page]) -> tuple[Finding, ...]:
    """Return each cause once, with all pages it was seen on; most saved queries first."""
    folded: dict[tuple[str, ...], Finding] = {}
    for page in pages:
        for finding in page.findings:
            key = _cause(finding)
            folded[key] = _joined(folded[key], finding) if key in folded else finding
    ordered = sorted(folded.values(), key=lambda finding: -finding.saved_queries)
    try:
        return merge(ordered)
    except PlanConflict:
        # Two pages give one name two meanings; each finding keeps the plan of its own page.
        return tuple(ordered)


def _cause(finding: Finding) -> tuple[str, ...]:
    """Return what one change cures: the same code to write at the same line."""
    is_joined = finding.suggestion.startswith("list_select_related")
    code = "" if is_joined else finding.suggestion
    place = finding.origin or finding.trigger
    return (finding.code, finding.model, finding.path, str(place), code)


def _joined(one: Finding, other: Finding) -> Finding:
    best = _stronger(one, other)
    proof = best.proof
    if proof is not None and is_rejected(best) and best is other:
        proof = replace(proof, reason=OF_PAGES(pages=", ".join(other.labels), reason=proof.reason))
    return replace(
        one,
        count=one.count + other.count,
        saved_queries=one.saved_queries + other.saved_queries,
        labels=tuple(dict.fromkeys((*one.labels, *other.labels))),
        triggers=tuple(dict.fromkeys((*one.triggers, *other.triggers))),
        proof=proof,
        plan=None if is_rejected(best) else best.plan,
    )


def _stronger(one: Finding, other: Finding) -> Finding:
    """Choose whose proof counts: a page that disproves a fix outweighs all that profit from it."""
    for judged in (is_rejected, is_proven):
        for finding in (one, other):
            if judged(finding):
                return finding
    return one
