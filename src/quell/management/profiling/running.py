"""Visit a page unchanged and changed, and say what the change proved."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from statistics import median

from quell.advice.comparison import Mask
from quell.advice.injection import Injection
from quell.advice.planning import merge
from quell.capture.rows import count_rows
from quell.capture.scope import Scope
from quell.capture.seen import seen_code
from quell.findings import Finding, Proof, of_level
from quell.guard import guarded
from quell.lineage._patches import answers_from
from quell.management.profiling.pages import FIRST_ONLY, ONCE, WRITES, untried
from quell.management.profiling.patterns import is_same_pattern, without, without_silenced
from quell.management.profiling.urls import label_of
from quell.management.profiling.visiting import Visit, Visits
from quell.pipeline import watch
from quell.proving import UNTRIABLE_REASON, injection_for, own_plan
from quell.reporting.report import Page
from quell.reporting.trace import trace_of
from quell.sqltext.operation import Operation, operation
from quell.wording import outcomes

_CHANGES = frozenset({"update", "delete"})
_WRITES_NOTE = outcomes.WRITES()
_FAILED = outcomes.QUELL_FAILED()


@dataclass(frozen=True, slots=True)
class _Run:
    """One visit with everything counted."""

    visit: Visit
    queries: int
    rows: int
    watch: watch

    @property
    def writes(self) -> bool:
        """Tell whether a row was written, whatever became of it."""
        return any(_is_write(event.operation, event.sql, event.row_count) for event in self.watch.queries)


class PageProfiler:
    """
    Profiles pages one by one.

    Args:
        visitor: Who visits, and how nothing is left behind.
        repeat: Timed runs before and after; their median counts.
    """

    def __init__(self, visitor: Visits, *, repeat: int = 1) -> None:
        self._visitor = visitor
        self._repeat = repeat

    def profile(self, path: str, label: str = "") -> Page:
        """Profile one page; an error inside quell is a problem of this page alone."""
        label = label or label_of(path)
        failed = Page(path=path, label=label, problem=_FAILED)
        return guarded(lambda: True, failed, self._profile, path, label)

    def run_once(self, path: str) -> Page:
        """Run what must not run again just to be judged, and leave its fixes untried."""
        page = Page(path=path, label=path)
        failed = replace(page, problem=_FAILED)
        return guarded(lambda: True, failed, lambda: untried(_seen_by(page, self._count(path, path)), ONCE))

    def _profile(self, path: str, label: str) -> Page:
        """Warm a page up, watch it, and rerun it with the fixes of what was found."""
        page = Page(path=path, label=label)
        with Scope() as scope:
            warm = self._visitor.visit(path)
        if warm.problem:
            return replace(page, problem=warm.problem, is_broken=warm.is_broken)
        if any(_is_write(operation(event.sql), event.sql, event.row_count) for event in scope.events_from()):
            with self._visitor.together() as visit_first:
                return self._judge_both(page, self._count(path, label, visit_first))
        return self._judge(page, self._count(path, label))

    def _judge_both(self, page: Page, first: _Run) -> Page:
        """Judge a page by a visit that finds what the first one wrote, and add what only the first one showed."""
        page = _seen_by(page, first)
        if page.problem:
            return page
        judged = self._judge(page, self._count(page.path, page.label))
        if judged.problem or judged.note == _WRITES_NOTE:
            return untried(replace(page, note=_WRITES_NOTE), WRITES)
        # What only a visitor who comes for the first time meets is no less a finding.
        only_first = untried(replace(page, findings=without(page.findings, judged.findings)), FIRST_ONLY)
        return replace(
            judged,
            note=outcomes.WRITES_FIRST(),
            findings=(*judged.findings, *only_first.findings),
            silenced=(*judged.silenced, *without_silenced(page.silenced, judged.silenced)),
            seen=page.seen | judged.seen,
        )

    def _judge(self, page: Page, control: _Run) -> Page:
        """Judge a page by a visit: time it, and prove what was found on it."""
        page = _seen_by(page, control)
        if page.problem:
            return page
        if control.writes:
            return untried(replace(page, note=_WRITES_NOTE), WRITES)
        timed = [self._visitor.visit(page.path) for _ in range(self._repeat)]
        page = replace(page, ms=_median_ms(timed))
        return self._prove(page, control, timed[-1]) if page.findings else page

    def _count(
        self,
        path: str,
        label: str,
        visit: Callable[[str], Visit] | None = None,
        *,
        injection: Injection | None = None,
    ) -> _Run:
        answers = answers_from(injection) if injection is not None else nullcontext()
        with count_rows() as rows, watch(label=label) as seen, answers:
            found = (visit or self._visitor.visit)(path)
        return _Run(found, len(seen.queries) + seen.dropped_count, rows.total, seen)

    def _prove(self, page: Page, control: _Run, again: Visit) -> Page:
        try:
            return _Proving(self, page, control, Mask(control.visit.output, again.output)).run()
        except ValueError:
            # Once more: a minute that ends in between may change more than a word, "59 minutes" to "1 hour".
            one, other = (self.visit(page.path).output for _ in range(2))
        try:
            return _Proving(self, page, control, Mask(one, other)).run()
        except ValueError as error:
            return untried(page, str(error))

    def rerun(self, page: Page, control: _Run, findings: Sequence[Finding]) -> tuple[Injection, _Run | None]:
        """Visit a page with the fixes of some findings; not where one of them cannot be tried."""
        injection = injection_for(control.watch.scope, findings)
        if injection.failures:
            return injection, None
        return injection, self._count(page.path, page.label, injection=injection)

    def visit(self, path: str) -> Visit:
        """Visit a page unchanged."""
        return self._visitor.visit(path)

    def time_fixed(self, page: Page, control: _Run, findings: Sequence[Finding]) -> float:
        """Return the median time of a page with its fixes."""
        timed = []
        for _ in range(self._repeat):
            # A new one each time: its batches must run their queries again.
            with answers_from(injection_for(control.watch.scope, findings, is_checked=True)):
                timed.append(self._visitor.visit(page.path))
        return _median_ms(timed)


class _Proving:
    """Tries the fixes of one page: all together, and where that fails, one after the other."""

    def __init__(self, profiler: PageProfiler, page: Page, control: _Run, mask: Mask) -> None:
        self._profiler = profiler
        self._page = page
        self._control = control
        self._mask = mask

    def run(self) -> Page:
        """
        Return the page with a proof for each finding.

        Raises:
            ValueError: If the page turned out to differ without a change.
        """
        own = [own_plan(finding) for finding in self._page.findings]
        good, reasons = list(own), dict[int, str]()
        last, fault = self._try(own)
        if fault:
            good, last = [], None
            for position, finding in enumerate(own):
                # With those that are proven already, so that in the end all of them are proven together.
                tried, fault = self._try([*good, finding])
                if fault:
                    reasons[position] = fault
                else:
                    good, last = [*good, finding], tried
        judged = [self._judged(finding, last, reasons.get(at, "")) for at, finding in enumerate(own)]
        return self._with_numbers(last, good, merge(judged))

    def _try(self, findings: Sequence[Finding]) -> tuple[_Run | None, str]:
        """Rerun the page with the fixes; return why that does not prove them, or an empty text."""
        injection, fixed = self._profiler.rerun(self._page, self._control, findings)
        if injection.failures or fixed is None:
            return None, injection.failures[0]
        if fixed.visit.problem:
            return None, outcomes.BROKEN_WITH_FIX(problem=fixed.visit.problem)
        difference = self._mask.difference(fixed.visit.output)
        if difference:
            # The clock may have gone on since the controls.
            self._mask.learn(self._profiler.visit(self._page.path).output)
            difference = self._mask.difference(fixed.visit.output)
        if difference:
            return None, outcomes.OUTPUT_DIFFERS(difference=difference)
        return fixed, _useless(self._control, fixed, injection, findings)

    def _judged(self, finding: Finding, fixed: _Run | None, fault: str) -> Finding:
        if fault or fixed is None:
            proof = Proof(verdict="not proven", reason=fault, is_tried=fault != UNTRIABLE_REASON)
            return replace(finding, plan=None, proof=proof)
        plan = finding.plan
        is_rewrite = plan is None or bool(plan.counts or plan.exists or plan.filters)
        batched = outcomes.BATCHED(code=finding.suggestion)
        proof = Proof(
            verdict="proven",
            reason=batched if is_rewrite else "",
            queries_before=self._control.queries,
            queries_after=fixed.queries,
            rows_before=self._control.rows,
            rows_after=fixed.rows,
        )
        return replace(finding, proof=proof)

    def _with_numbers(self, fixed: _Run | None, good: Sequence[Finding], judged: Sequence[Finding]) -> Page:
        page = replace(self._page, findings=tuple(judged))
        if fixed is None:
            return page
        ms = self._profiler.time_fixed(page, self._control, good)
        timed = tuple(_with_times(finding, page.ms, ms) for finding in page.findings)
        return replace(page, queries_fixed=fixed.queries, rows_fixed=fixed.rows, ms_fixed=ms, findings=timed)


def _is_write(operation: Operation, sql: str, row_count: int) -> bool:
    """Tell whether a statement wrote: a change that met no row did not, one that does not tell may have."""
    if operation in _CHANGES:
        # SQLite knows how many rows it returns once they are read.
        return row_count != 0 or "RETURNING" in sql.upper()
    return operation == "insert"


def _seen_by(page: Page, run: _Run) -> Page:
    """Return the page as an unchanged visit shows it."""
    if run.visit.problem:
        return replace(page, problem=run.visit.problem, is_broken=run.visit.is_broken)
    recording, ms = run.watch.recording, run.visit.seconds * 1000
    return replace(
        page,
        note=run.visit.note,
        queries=run.queries,
        rows=run.rows,
        ms=ms,
        findings=of_level(run.watch.findings, "problem"),
        advice=of_level(run.watch.findings, "advice"),
        silenced=run.watch.silenced,
        seen=seen_code(run.watch.scope, recording),
        trace=trace_of(recording, ms=ms),
    )


def _with_times(finding: Finding, before_ms: float, after_ms: float) -> Finding:
    if finding.proof is None or finding.proof.verdict != "proven":
        return finding
    return replace(finding, proof=replace(finding.proof, ms_before=before_ms, ms_after=after_ms))


def _median_ms(visits: Sequence[Visit]) -> float:
    return median(visit.seconds for visit in visits) * 1000


def _useless(control: _Run, fixed: _Run, injection: Injection, findings: Sequence[Finding]) -> str:
    """Return why a rerun with the same output is no proof, or an empty text."""
    if injection.failures:
        return injection.failures[0]
    if not injection.met_count:
        return outcomes.NOT_MET()
    if fixed.queries >= control.queries:
        return outcomes.NOT_FEWER(count=fixed.queries, other=control.queries)
    for finding in findings:
        if any(is_same_pattern(finding, left) for left in fixed.watch.findings):
            return outcomes.STILL_THERE(pattern=finding.path or finding.kind)
    return ""
