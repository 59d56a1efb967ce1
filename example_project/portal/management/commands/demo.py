"""The main job on the twelve problems: find, explain, fix, prove."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from accounts.models import User
from problems import PROBLEMS, Problem
from quell.findings import Finding
from quell.management.profiling.isolation import Aliases, in_memory
from quell.management.profiling.running import PageProfiler
from quell.management.profiling.visiting import Visitor
from quell.reporting.report import Page
from quell.reporting.terminal import Paint
from quell.reporting.text import short_path
from seeding.world import ADMIN_EMAIL

MIN_QUERIES_SAVED = 0.95


@dataclass(frozen=True, slots=True)
class Verdict:
    """One problem with the visits of its slow and its fast page."""

    problem: Problem
    slow: Page
    fast: Page

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that name the problem's model and one of its paths, deepest first."""
        mine = [
            finding
            for finding in self.slow.findings
            if finding.model == self.problem.model and finding.path in self.problem.paths
        ]
        return tuple(sorted(mine, key=lambda finding: -len(finding.path)))

    @property
    def is_found(self) -> bool:
        """Whether every path is named, with the queryset to change and the line that caused it."""
        complete = all(finding.origin and finding.trigger for finding in self.findings)
        return complete and {finding.path for finding in self.findings} == set(self.problem.paths)

    @property
    def is_proven(self) -> bool:
        """Whether the rerun gave the same bytes with a twentieth of the queries; the fast page must be clean."""
        return self.is_found and self.slow.is_fixed and self.saved >= MIN_QUERIES_SAVED and self.is_fast_clean

    @property
    def is_fast_clean(self) -> bool:
        """Whether nothing is found on the fast page."""
        return not self.fast.findings and not self.fast.problem

    @property
    def saved(self) -> float:
        """The share of the page's queries that the fix removes."""
        return 1 - (self.slow.queries_fixed or self.slow.queries) / max(self.slow.queries, 1)


class Command(BaseCommand):
    """Profile the twelve naive pages and print what quell found and proved."""

    help = "Find the twelve N+1 problems of the help desk, and prove the fix of each."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the number of timed runs."""
        parser.add_argument("--repeat", type=int, default=3, help="timed runs of each page (default: 3)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 0 exactly when all twelve are found and proven."""
        paint = Paint(is_on=self._is_terminal())
        with in_memory():
            verdicts = self._visit(options["repeat"])
        say: Callable[[str], Any] = self.stdout.write
        _print_problems(verdicts, say, paint)
        _print_table(verdicts, say, paint)
        found = sum(verdict.is_found for verdict in verdicts)
        proven = sum(verdict.is_proven for verdict in verdicts)
        say(f"found: {found} of {len(verdicts)} problems")
        say(f"proven: {proven} of {len(verdicts)} fixes")
        if proven < len(verdicts):
            sys.exit(1)

    def _visit(self, repeat: int) -> list[Verdict]:
        admin = User.objects.get(email=ADMIN_EMAIL)
        verdicts = []
        for problem in PROBLEMS:
            if self._is_terminal():
                self.stderr.write(f"\r\x1b[K{problem.number}/{len(PROBLEMS)} {problem.title}", ending="")
            profiler = PageProfiler(Visitor(Aliases(), admin if problem.needs_user else None), repeat=repeat)
            verdicts.append(
                Verdict(problem, profiler.profile(problem.slow_path), profiler.profile(problem.fast_path))
            )
        if self._is_terminal():
            self.stderr.write("\r\x1b[K", ending="")
        return verdicts

    def _is_terminal(self) -> bool:
        return bool(getattr(self.stdout, "isatty", lambda: False)())


def _print_problems(verdicts: Sequence[Verdict], say: Callable[[str], Any], paint: Paint) -> None:
    for verdict in verdicts:
        problem = verdict.problem
        say(paint(f"{problem.number:>2}  {problem.title}", "bold") + f"  {problem.slow_path}")
        if verdict.slow.problem:
            say(f"    {paint(verdict.slow.problem, 'red')}")
        for finding in verdict.findings:
            say(f"    {finding.code} {finding.model} {finding.path}: {finding.count} queries")
            place = f" ({finding.place})" if finding.place else ""
            say(f"      change   {short_path(finding.origin)}{place}")
            say(f"      because  {short_path(finding.trigger)}")
        if verdict.findings:
            label = "write"
            for code in dict.fromkeys(map(_code, verdict.findings)):
                say(f"      {label:<5}    {code}")
                label = ""
            proof = verdict.findings[0].proof
            say(f"      proof    {_proof_text(verdict, proof.reason if proof is not None else '')}")
        say("")


def _code(finding: Finding) -> str:
    """Return the code for the queryset: that of the plan which all findings of one queryset share."""
    if finding.plan is None or not finding.suggestion.startswith("."):
        return finding.suggestion
    return finding.plan.as_code(apps.get_model(finding.model))


def _proof_text(verdict: Verdict, reason: str) -> str:
    if not verdict.slow.is_fixed:
        return f"not proven: {reason}"
    how = " with batched answers" if reason else ""
    return f"same bytes{how}, {verdict.slow.queries} -> {verdict.slow.queries_fixed} queries"


def _print_table(verdicts: Sequence[Verdict], say: Callable[[str], Any], paint: Paint) -> None:
    width = max(len(verdict.problem.title) for verdict in verdicts)
    columns = f"{'queries':>12}  {'saved':>6}  {'rows':>14}  {'ms':>14}  output  fast page"
    head = f" #  {'problem':<{width}}  {columns}"
    say(paint(head, "dim"))
    for verdict in verdicts:
        say(_row(verdict, width, paint))
    before = sum(verdict.slow.ms for verdict in verdicts)
    after = sum(verdict.slow.ms_fixed or verdict.slow.ms for verdict in verdicts)
    queries = sum(verdict.slow.queries for verdict in verdicts)
    fixed = sum(verdict.slow.queries_fixed or verdict.slow.queries for verdict in verdicts)
    say(
        f"    {'all twelve':<{width}}  {f'{queries} -> {fixed}':>12}  {1 - fixed / queries:>6.1%}  {'':>14}  "
        f"{f'{before:.0f} -> {after:.0f}':>14}  time down by {1 - after / before:.0%}"
    )
    say("")


def _row(verdict: Verdict, width: int, paint: Paint) -> str:
    slow = verdict.slow
    queries = f"{slow.queries} -> {slow.queries_fixed}" if slow.is_fixed else f"{slow.queries}"
    rows = f"{slow.rows} -> {slow.rows_fixed}" if slow.is_fixed else f"{slow.rows}"
    times = f"{slow.ms:.0f} -> {slow.ms_fixed:.0f}" if slow.is_fixed else f"{slow.ms:.0f}"
    same = paint("same  ", "green") if slow.is_fixed else paint("-     ", "red")
    clean = paint("clean", "green") if verdict.is_fast_clean else paint("findings", "red")
    return (
        f"{verdict.problem.number:>2}  {verdict.problem.title:<{width}}  "
        f"{queries:>12}  {verdict.saved:>6.1%}  {rows:>14}  {times:>14}  {same}  {clean}"
    )
