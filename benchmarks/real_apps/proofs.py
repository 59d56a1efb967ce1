"""Rerun the pages with the fixes that quell proposes, and tell which of them are proven."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from protocol import App

if TYPE_CHECKING:
    from quell.findings import Finding

MISSING = "the finding did not come again"


@dataclass(frozen=True, slots=True)
class Trial:
    """A finding with a plan, and why a rerun did not prove it; an empty reason where it did."""

    page: str
    finding: Finding
    reason: str


def try_all(app: App, size: int, findings: Mapping[str, Sequence[Finding]]) -> tuple[Trial, ...]:
    """
    Rerun pages with the fixes of their findings, as `manage.py quell profile` does.

    The first page of a cause has the say, or where that page allows no rerun, the next one that shows the cause.
    """
    from quell.management.profiling.isolation import Aliases, in_memory
    from quell.management.profiling.pages import UNTRIED

    pages = app.pages(size)
    trials: dict[tuple[str, object], Trial] = {}
    with in_memory():
        profilers = _Profilers(Aliases())
        for page, found in findings.items():
            planned = {_identity(finding): finding for finding in found if finding.plan is not None}
            open_ones = {
                key: finding
                for key, finding in planned.items()
                if key not in trials or trials[key].reason in {*UNTRIED, MISSING}
            }
            if open_ones:
                profiler = profilers.of(pages[page].user)
                for trial in profiler.tries(page, pages[page].url, list(open_ones.values())):
                    key = _identity(trial.finding)
                    trials[key] = trials[key] if key in trials and trial.reason in UNTRIED else trial
    return tuple(trials.values())


def _identity(finding: Finding) -> tuple[str, object]:
    """Return what one cause has in common on all pages that show it."""
    return finding.fingerprint, finding.trigger


class _Profilers:
    """One profiler per user."""

    def __init__(self, aliases: object) -> None:
        self._aliases = aliases
        self._known: dict[str | None, _Profiler] = {}

    def of(self, user: str | None) -> _Profiler:
        if user not in self._known:
            self._known[user] = _Profiler(self._aliases, user)
        return self._known[user]


class _Profiler:
    def __init__(self, aliases: object, user: str | None) -> None:
        from quell.management.profiling.running import PageProfiler
        from quell.management.profiling.visiting import Visitor

        manager = get_user_model()._default_manager
        visitor = Visitor(aliases, manager.get_by_natural_key(user) if user else None)  # type: ignore[arg-type]
        self._profiler = PageProfiler(visitor)

    def tries(self, page: str, url: str, findings: Sequence[Finding]) -> Iterator[Trial]:
        profile = self._profiler.profile(url)
        proofs = {_identity(finding): finding.proof for finding in profile.findings}
        for finding in findings:
            proof = proofs.get(_identity(finding))
            if proof is None:
                yield Trial(page, finding, profile.problem or MISSING)
            else:
                yield Trial(page, finding, "" if proof.verdict == "proven" else proof.reason)


def trial_lines(trials: Sequence[Trial]) -> Iterator[str]:
    """Yield the fixes that were not proven, then their reasons and the share of the others."""
    failed = [trial for trial in trials if trial.reason]
    for trial in failed:
        finding = trial.finding
        yield f"NOT PROVEN {trial.page}: {finding.model} {finding.path}  {finding.trigger}  {finding.suggestion}"
        yield f"      {trial.reason}"
    for reason, count in Counter(trial.reason for trial in failed).most_common():
        yield f"not proven, {count}: {reason}"
    share = 100 * (len(trials) - len(failed)) / max(1, len(trials))
    yield f"fixes proven by rerun: {len(trials) - len(failed)} of {len(trials)} ({share:.1f} %)"
