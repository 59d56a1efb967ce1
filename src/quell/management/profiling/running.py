"""Visit a page unchanged and changed, and say what the change proved."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from statistics import median

from quell.advice.comparison import Mask
from quell.advice.injection import Injection
from quell.capture.rows import count_rows
from quell.findings import Finding, Proof
from quell.lineage._patches import answers_from
from quell.management.profiling.urls import route_of
from quell.management.profiling.visiting import Visit, Visitor
from quell.pipeline import watch
from quell.proving import injection_for

_WRITES = {"insert", "update", "delete"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the visits of one page showed."""

    path: str
    label: str
    problem: str = ""
    queries: int = 0
    queries_fixed: int | None = None
    rows: int = 0
    rows_fixed: int = 0
    ms: float = 0.0
    ms_fixed: float = 0.0
    findings: tuple[Finding, ...] = ()

    @property
    def is_fixed(self) -> bool:
        """Tell whether every finding of the page is proven."""
        return bool(self.findings) and all(_is_proven(finding) for finding in self.findings)


def _is_proven(finding: Finding) -> bool:
    return finding.proof is not None and finding.proof.verdict == "proven"


@dataclass(frozen=True, slots=True)
class _Run:
    """One visit with everything counted."""

    visit: Visit
    queries: int
    rows: int
    watch: watch


class PageProfiler:
    """
    Profiles pages one by one.

    Args:
        visitor: Who visits, and how nothing is left behind.
        repeat: Timed runs before and after; their median counts.
    """

    def __init__(self, visitor: Visitor, *, repeat: int = 1) -> None:
        self._visitor = visitor
        self._repeat = repeat

    def profile(self, path: str) -> Page:
        """Warm a page up, watch it, and rerun it with the fixes of what was found."""
        label = f"GET {route_of(path)}"
        warm = self._visitor.visit(path)
        if warm.problem:
            return Page(path=path, label=label, problem=warm.problem)
        control = self._count(path, label)
        if control.visit.problem:
            return Page(path=path, label=label, problem=control.visit.problem)
        timed = [self._visitor.visit(path) for _ in range(self._repeat)]
        findings = control.watch.findings
        page = Page(
            path=path,
            label=label,
            queries=control.queries,
            rows=control.rows,
            ms=_median_ms(timed),
            findings=findings,
        )
        if not findings:
            return page
        if any(event.operation in _WRITES for event in control.watch.queries):
            reason = "the page writes rows, so it was not run again"
            return replace(page, findings=_all(findings, Proof(verdict="not proven", reason=reason)))
        try:
            mask = Mask(control.visit.output, timed[-1].output)
        except ValueError as error:
            return replace(page, findings=_all(findings, Proof(verdict="not proven", reason=str(error))))
        return self._prove(page, control, mask)

    def _count(self, path: str, label: str, injection: Injection | None = None) -> _Run:
        with count_rows() as rows, watch(label=label) as seen:
            with answers_from(injection) if injection is not None else nullcontext():
                visit = self._visitor.visit(path)
        return _Run(visit, len(seen.queries) + seen.dropped_count, rows.total, seen)

    def _prove(self, page: Page, control: _Run, mask: Mask) -> Page:
        """Try all fixes of a page together; where that fails, try each alone to see which one is at fault."""
        fixed, reason = self._rerun(page, control, page.findings, mask)
        if not reason:
            return self._with_times(page, control, fixed)
        tried = []
        for finding in page.findings:
            alone, fault = self._rerun(page, control, (finding,), mask)
            tried.append(_judged(finding, control, alone, fault))
        good = [finding for finding in tried if _is_proven(finding)]
        if good:
            fixed, reason = self._rerun(page, control, good, mask)
            page = self._with_times(page, control, fixed, good) if not reason else page
        return replace(page, findings=tuple(tried))

    def _rerun(
        self, page: Page, control: _Run, findings: Sequence[Finding], mask: Mask
    ) -> tuple[_Run, str]:
        scope = control.watch.scope
        injection = injection_for(scope, findings)
        fixed = self._count(page.path, page.label, injection)
        return fixed, _fault(control, fixed, injection, findings, mask)

    def _with_times(
        self, page: Page, control: _Run, fixed: _Run, findings: Sequence[Finding] | None = None
    ) -> Page:
        chosen = page.findings if findings is None else findings
        timed = []
        for _ in range(self._repeat):
            # A new one each time: its batches must run their queries again.
            with answers_from(injection_for(control.watch.scope, chosen)):
                timed.append(self._visitor.visit(page.path))
        ms_fixed = _median_ms(timed)
        proven = [_judged(finding, control, fixed, "", page.ms, ms_fixed) for finding in page.findings]
        return replace(
            page,
            queries_fixed=fixed.queries,
            rows_fixed=fixed.rows,
            ms_fixed=ms_fixed,
            findings=tuple(proven),
        )


def _median_ms(visits: Sequence[Visit]) -> float:
    return median(visit.seconds for visit in visits) * 1000


def _all(findings: Sequence[Finding], proof: Proof) -> tuple[Finding, ...]:
    return tuple(replace(finding, proof=proof) for finding in findings)


def _fault(
    control: _Run, fixed: _Run, injection: Injection, findings: Sequence[Finding], mask: Mask
) -> str:
    """Return why a rerun does not prove its findings, or an empty text."""
    if injection.failures:
        return injection.failures[0]
    if fixed.visit.problem:
        return f"with the fix the page {fixed.visit.problem}"
    difference = mask.difference(fixed.visit.output)
    if difference:
        return f"output differs with the fix: {difference}"
    if fixed.queries >= control.queries:
        return f"no fewer queries with the fix: {fixed.queries} instead of {control.queries}"
    left = {(finding.kind, finding.model, finding.path) for finding in fixed.watch.findings}
    for finding in findings:
        if (finding.kind, finding.model, finding.path) in left:
            return f"the pattern is still there with the fix: {finding.path or finding.kind}"
    return ""


def _judged(
    finding: Finding, control: _Run, fixed: _Run, fault: str, ms_before: float = 0.0, ms_after: float = 0.0
) -> Finding:
    if fault:
        return replace(finding, plan=None, proof=Proof(verdict="not proven", reason=fault))
    is_rewrite = finding.plan is None or bool(finding.plan.counts or finding.plan.exists)
    batched = f"proved with batched answers; the code to write is {finding.suggestion}"
    proof = Proof(
        verdict="proven",
        reason=batched if is_rewrite else "",
        queries_before=control.queries,
        queries_after=fixed.queries,
        rows_before=control.rows,
        rows_after=fixed.rows,
        ms_before=ms_before,
        ms_after=ms_after,
    )
    return replace(finding, proof=proof)
