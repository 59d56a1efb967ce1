"""What one origin needs: the findings about it, gathered, and why some of them take no part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from quell.advice.models import find_model
from quell.advice.unused import read_removal
from quell.exceptions import QuellError
from quell.findings import Finding
from quell.loading.plan import FetchPlan
from quell.loading.rendering import queryset_code
from quell.management.fixing.source import CannotFixError
from quell.management.fixing.wanted import Wanted, read_wanted
from quell.management.profiling.unused import CODES
from quell.reporting.report import Page, is_proven

_ONLY_CODE = "only other code helps, which a person has to write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """
    One queryset to change, by where it is built.

    ``findings`` are those that unchanged code profits from; ``answers`` those whose triggers have to read what the
    queryset then holds; ``unused`` those about what it loads for nothing, which have no others beside them.
    """

    findings: tuple[Finding, ...] = ()
    answers: tuple[Finding, ...] = ()
    unused: tuple[Finding, ...] = ()

    @property
    def all(self) -> tuple[Finding, ...]:
        """Return all findings of the origin."""
        return (*self.findings, *self.answers, *self.unused)

    @property
    def first(self) -> Finding:
        """Return the finding that saves most queries."""
        return max(self.all, key=lambda finding: finding.saved_queries)

    @property
    def plan(self) -> FetchPlan:
        """Return what unchanged code profits from."""
        plan = FetchPlan()
        for finding in self.findings:
            found = finding.plan or FetchPlan()
            # Columns that nothing reads are a change of their own.
            plan |= FetchPlan(*found.paths, join=found.join, separate=found.separate)
        # Of a finding whose rows are loaded for another one the plan counts nothing any more.
        return plan


@dataclass(frozen=True, slots=True)
class Refusal:
    """A finding that nothing is written for, and the reason."""

    finding: Finding
    reason: str


def gather(findings: Iterable[Finding]) -> tuple[list[Unit], list[Refusal]]:
    """Gather proven findings by origin; the others are refused with their reason."""
    units: dict[tuple[str, ...], Unit] = {}
    refusals = []
    for finding in findings:
        reason = _problem(finding)
        if reason:
            refusals.append(Refusal(finding, reason))
            continue
        is_unused = finding.code in CODES
        key = (str(finding.origin), finding.model, "unused" if is_unused else "")
        unit = units.get(key, Unit())
        if is_unused:
            units[key] = replace(unit, unused=(*unit.unused, finding))
        elif needs_trigger(finding):
            units[key] = replace(unit, answers=(*unit.answers, finding))
        else:
            units[key] = replace(unit, findings=(*unit.findings, finding))
    return list(units.values()), refusals


def _problem(finding: Finding) -> str:
    proof = finding.proof
    is_unused = finding.code in CODES
    # What takes something away is proven by a run of the code as it is written.
    if proof is None and not is_unused:
        return "nothing was tried, so nothing is proven"
    if proof is not None and not is_proven(finding):
        return f"not proven: {proof.reason}"
    is_code = finding.suggestion.startswith(".")
    if is_unused:
        is_code = is_code or read_removal(finding.suggestion) is not None
    if not is_code and (finding.plan is None or is_unused):
        return _ONLY_CODE
    if finding.origin is None:
        return "nothing tells where the queryset is built"
    if not finding.origin.file.endswith(".py"):
        return "the queryset is built in a template: build it in Python"
    return "" if find_model(finding.model) is not None else _ONLY_CODE


def needs_trigger(finding: Finding) -> bool:
    """Tell whether the line that asked has to read something else for the fix to help."""
    plan = finding.plan
    if plan is None:
        return True
    path = finding.path
    own = (*plan.counts.values(), *plan.exists.values(), *(spec[0] for spec in plan.filters.values()))
    return path in own and finding.proof is not None and bool(finding.proof.reason)


def wanted_by(plan: FetchPlan, label: str) -> Wanted:
    """
    Return the calls of a plan.

    Raises:
        CannotFixError: If there is no code for it.
    """
    model = find_model(label)
    if model is None:
        raise CannotFixError(_ONLY_CODE)
    try:
        # Whatever else the queryset joins, a subquery leaves its rows alone.
        return read_wanted(queryset_code(plan, model, may_group=False))
    except QuellError as error:
        raise CannotFixError(str(error)) from error


def answer_of(finding: Finding) -> Wanted:
    """
    Return the calls that let a queryset hold what a trigger asks for.

    Raises:
        CannotFixError: If the code to write is none that is appended to a queryset.
    """
    plan = finding.plan
    if plan is None:
        return read_wanted(finding.suggestion)
    path = finding.path
    own = FetchPlan(
        counts={name: item for name, item in plan.counts.items() if item == path},
        exists={name: item for name, item in plan.exists.items() if item == path},
        filters={name: spec for name, spec in plan.filters.items() if spec[0] == path},
    )
    return wanted_by(own, finding.model)


def attribute_of_answer(finding: Finding) -> str:
    """Return the attribute that a trigger would read, where it has to read one; else an empty text."""
    if finding.proof is None or not is_proven(finding) or not needs_trigger(finding):
        return ""
    try:
        wanted = answer_of(finding)
    except CannotFixError:
        return ""
    names = [
        *(item.to_attr for item in wanted.lookups if item.to_attr),
        *(name for name, _ in wanted.columns),
    ]
    return names[0] if len(names) == 1 else ""


def pages_of(unit: Unit, pages: Sequence[Page]) -> list[str]:
    """Return the paths of the pages that showed an origin."""
    keys = {(str(finding.origin), finding.model) for finding in unit.all}
    labels = {label for finding in unit.unused for label in finding.labels}
    return [
        page.path
        for page in pages
        if page.label in labels
        or any((str(finding.origin), finding.model) in keys for finding in page.findings)
    ]
