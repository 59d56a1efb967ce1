"""What is said of pages whose fixes were not tried, or tried in vain."""

from dataclasses import replace

from quell.advice.comparison import UNSTABLE
from quell.findings import Finding, Proof
from quell.reporting.report import Page, is_proven
from quell.wording import outcomes

WRITES = outcomes.PAGE_WRITES()
CHANGES = outcomes.CALL_WRITES()
FIRST_ONLY = outcomes.FIRST_ONLY()
ONCE = outcomes.ONCE()
# Reasons that say nothing about a fix: it was not tried.
UNTRIED = frozenset({WRITES, CHANGES, FIRST_ONLY, ONCE, UNSTABLE})


def is_rejected(finding: Finding) -> bool:
    """Tell whether a rerun was made and did not prove the fix."""
    return finding.proof is not None and not is_proven(finding) and finding.proof.reason not in UNTRIED


def untried(page: Page, reason: str) -> Page:
    """Return a page whose fixes could not be tried."""
    proof = Proof(verdict="not proven", reason=reason, is_tried=False)
    return replace(page, findings=tuple(replace(finding, proof=proof) for finding in page.findings))
