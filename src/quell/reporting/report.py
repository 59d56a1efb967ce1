"""A report: what ran, what was found, and what somebody chose not to hear of; every sink takes one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from quell.events import Span
from quell.findings import Finding, Silenced
from quell.reporting.trace import Trace

if TYPE_CHECKING:
    from quell.silencing.baseline import Entry

PageKind = Literal["page", "command", "script", "task", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    One page, or something else that ran: what it costs, unchanged and fixed.

    Where it cannot be judged ``problem`` says why, and ``is_broken`` whether that is an error of its own. ``seen`` is
    the code that was at work, ``trace`` the statements of the unchanged run. ``advice`` is no part of ``findings``, as
    no rerun can prove it.
    """

    path: str
    label: str
    kind: PageKind = "page"
    problem: str = ""
    is_broken: bool = False
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
    trace: Trace | None = None

    @property
    def is_fixed(self) -> bool:
        """Tell whether every finding of the page is proven."""
        return bool(self.findings) and all(is_proven(finding) for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    What a run of all pages comes to.

    ``findings`` are the problems that fail it, and behind them advice, which does not; ``known`` are those that a
    baseline lets pass, ``stale`` what the baseline knows and is gone. ``remarks`` are lines about comments and patterns
    that are wrong, or that silenced nothing. ``baseline`` is the name of its file, ``root`` the folder that the paths
    of a code host begin at.
    """

    pages: tuple[Page, ...]
    findings: tuple[Finding, ...]
    known: tuple[Finding, ...] = ()
    stale: "tuple[Entry, ...]" = ()
    silenced: tuple[Silenced, ...] = ()
    remarks: tuple[str, ...] = ()
    baseline: str = ""
    root: str = ""


def is_proven(finding: Finding) -> bool:
    """Tell whether a rerun proved the fix of a finding."""
    return finding.proof is not None and finding.proof.verdict == "proven"
