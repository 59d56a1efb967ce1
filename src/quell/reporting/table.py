"""A report as text for a terminal: a table of pages, a block per finding, and a last line that sums up."""

from collections import Counter
from collections.abc import Sequence

from quell.findings import CODES_OF_PROFILES, Finding, docs_url, of_level
from quell.reporting.report import Page, Report, is_proven
from quell.reporting.terminal import PLAIN, Paint
from quell.reporting.text import block, plural
from quell.wording import outcomes

_COLUMN = 15


def render(report: Report, paint: Paint = PLAIN) -> str:
    """Return a table of the pages, a block per new cause, and a line for what is known, silenced or out of date."""
    lines = page_table(report.pages, paint) if report.pages else []
    for finding in report.findings:
        head, *rest = block(finding)
        code = paint.link(finding.code, docs_url(finding.code))
        lines.extend(["", paint(f"{code}{head.removeprefix(finding.code)}", "bold"), *rest])
    lines.extend(["", *notes(report), summary(report.pages, report.findings)])
    return "\n".join(lines)


def notes(report: Report) -> list[str]:
    """Return the lines about what is known, silenced or out of date."""
    lines = []
    if report.silenced:
        causes = {(item.by, item.where, item.finding.fingerprint) for item in report.silenced}
        ways = Counter(way for way, _, _ in causes)
        by = ", ".join(outcomes.WAYS[way](count=count) for way, count in sorted(ways.items()))
        lines.append(outcomes.SILENCED(findings=outcomes.FINDINGS(count=len(causes)), ways=by))
    if report.known:
        found = outcomes.FINDINGS(count=len(report.known))
        lines.append(outcomes.KNOWN(findings=found, baseline=report.baseline))
    lines.extend(outcomes.GONE(baseline=report.baseline, entry=str(entry)) for entry in report.stale)
    return [*lines, *report.remarks]


def page_table(pages: Sequence[Page], paint: Paint) -> list[str]:
    """Return one aligned line per page; of tests, of which there may be thousands, those that say something."""
    told = [page for page in pages if page.kind != "test" or page.findings or page.problem]
    noun = noun_of(pages)
    width = max([len(page.path) for page in told] + [len(noun)])
    heads = "  ".join(f"{name:>{_COLUMN}}" for name in ("queries", "rows", "ms"))
    head = paint(f"{noun:<{width}}  {heads}  result", "dim")
    return [head, *(_page_line(page, width, paint) for page in told)] if told else []


def noun_of(pages: Sequence[Page]) -> str:
    """Return what ran: pages, tests, a command or a script; never several of them."""
    return pages[0].kind if pages else "page"


def _page_line(page: Page, width: int, paint: Paint) -> str:
    if page.problem:
        columns, result = ["-", "-", "-"], paint(page.problem, "red")
    else:
        columns = [
            _change(page.queries, page.queries_fixed),
            _change(page.rows, page.rows_fixed),
            _change(round(page.ms), None if page.ms_fixed is None else round(page.ms_fixed)),
        ]
        result = _result(page, paint)
    numbers = "  ".join(f"{column:>{_COLUMN}}" for column in columns)
    return f"{page.path:<{width}}  {numbers}  {result}"


def _change(before: int, after: int | None) -> str:
    return f"{before}" if after is None else f"{before} -> {after}"


def _result(page: Page, paint: Paint) -> str:
    note = f"{page.note}; " if page.note else ""
    note += f"{plural(len(page.advice), 'piece')} of advice, " if page.advice else ""
    if not page.findings:
        return paint(f"{note}nothing needless", "green")
    count = f"{note}{plural(len(page.findings), 'finding')}"
    if page.is_fixed:
        return f"{count}, {paint('fix proven', 'green')}"
    unused = sum(finding.code in CODES_OF_PROFILES for finding in page.findings)
    tried = [finding for finding in page.findings if finding.proof is not None]
    if unused:
        count += f" ({unused} unused)"
    if not tried:
        return paint(count, "red")
    reasons = {finding.proof.reason for finding in tried if finding.proof and not is_proven(finding)}
    proven = sum(map(is_proven, tried))
    if proven == len(tried):
        return f"{count}, {paint('fix proven', 'green')}"
    some = f"{proven} proven, {len(tried) - proven} " if proven else ""
    return f"{count}, {paint(f'{some}not proven', 'red')}: {'; '.join(sorted(reasons))}"


def summary(pages: Sequence[Page], findings: Sequence[Finding]) -> str:
    """Return the last line: pages, causes and proofs."""
    if not pages:
        return "There is no page to visit: no route goes without arguments, QUELL_SAMPLE_URLS names none."
    failed = sum(bool(page.problem) for page in pages)
    not_judged = f" ({failed} not judged)" if failed else ""
    problems, advice = of_level(findings, "problem"), of_level(findings, "advice")
    proven = f", {sum(map(is_proven, problems))} with a proven fix" if problems else ""
    extra = f", {plural(len(advice), 'piece')} of advice" if advice else ""
    return (
        f"{plural(len(pages), noun_of(pages))}{not_judged}; {plural(len(problems), 'finding')}{proven}{extra}"
    )
