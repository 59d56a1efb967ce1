"""What the visits of a page showed."""

from dataclasses import dataclass, replace

from quell.advice.comparison import UNSTABLE
from quell.events import Span
from quell.findings import Finding, Proof, Silenced

WRITES = "the page writes rows, so it was not run again"
FIRST_ONLY = "only the first visit shows it, which writes rows, so it was not run again"
# Reasons that say nothing about a fix: it was not tried.
UNTRIED = frozenset({WRITES, FIRST_ONLY, UNSTABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    One page: what it costs, unchanged and fixed; where it cannot be judged, ``problem`` says why.

    ``seen`` is the code that was at work. ``advice`` is no part of ``findings``, as no rerun can prove it.
    """

    path: str
    label: str
    problem: str = ""
    note: str = ""
    queries: int = 0
    queries_fixed: int | None = None
    rows: int = 0
    rows_fixed: int | None = None
    ms: float = 0.0
    ms_fixed: float | None = None
    findings: tuple[Finding, ...] = ()
    advice: tuple[Finding, ...] = ()
    silenced: tuple[Silenced, ...] = ()
    seen: frozenset[Span] = frozenset()

    @property
    def is_fixed(self) -> bool:
        """Tell whether every finding of the page is proven."""
        return bool(self.findings) and all(is_proven(finding) for finding in self.findings)


def is_proven(finding: Finding) -> bool:
    """Tell whether a rerun proved the fix of a finding."""
    return finding.proof is not None and finding.proof.verdict == "proven"


def is_rejected(finding: Finding) -> bool:
    """Tell whether a rerun was made and did not prove the fix."""
    return finding.proof is not None and not is_proven(finding) and finding.proof.reason not in UNTRIED


def untried(page: Page, reason: str) -> Page:
    """Return a page whose fixes could not be tried."""
    proof = Proof(verdict="not proven", reason=reason)
    return replace(page, findings=tuple(replace(finding, proof=proof) for finding in page.findings))
