"""One cause, one finding: what many pages show, folded by cause."""

from collections.abc import Iterable
from dataclasses import replace

from quell.findings import Finding
from quell.management.profiling.running import Page


def fold(pages: Iterable[Page]) -> tuple[Finding, ...]:
    """Return each cause once, with all pages it was seen on; most saved queries first."""
    folded: dict[tuple[str, ...], Finding] = {}
    for page in pages:
        for finding in page.findings:
            key = _cause(finding)
            folded[key] = _joined(folded[key], finding) if key in folded else finding
    return tuple(sorted(folded.values(), key=lambda finding: -finding.saved_queries))


def _cause(finding: Finding) -> tuple[str, ...]:
    return (finding.code, finding.model, finding.path, str(finding.origin), str(finding.trigger))


def _joined(one: Finding, other: Finding) -> Finding:
    proof = one.proof
    if other.proof is not None and other.proof.verdict != "proven":
        # One page that disproves a fix outweighs all that profit from it.
        proof = replace(other.proof, reason=f"{', '.join(other.labels)}: {other.proof.reason}")
    return replace(
        one,
        count=one.count + other.count,
        saved_queries=one.saved_queries + other.saved_queries,
        labels=tuple(dict.fromkeys((*one.labels, *other.labels))),
        proof=proof,
        plan=one.plan if proof is one.proof else other.plan,
    )
