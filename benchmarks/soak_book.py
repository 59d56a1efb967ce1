"""What each request of the soak has to report, and a book of what went wrong; without Django."""

from threading import Lock
from typing import TypeAlias

from quell.events import QueryEvent
from quell.findings import Finding

# Of a finding: kind, path, how many queries, the function that built the queryset; and how many statements ran.
Report: TypeAlias = tuple[tuple[tuple[str, str, int, str], ...], int]
NOTHING: Report = ((), 0)

_lock = Lock()


class Book:
    """What went wrong, over all threads; a few examples are kept."""

    def __init__(self) -> None:
        self.checked = 0
        self.reported = 0
        self.wrong: list[str] = []

    def check(self, name: str, number: int, label: str, reports: list[tuple[str, Report]]) -> None:
        """Compare what was reported for one request or task with what it has to be."""
        wanted = expected(name, number)
        right = [(label, wanted)] if wanted != NOTHING else []
        with _lock:
            self.checked += 1
            self.reported += len(reports)
            if reports != right:
                self.wrong = [*self.wrong, f"{label} {number}: {reports} instead of {right}"][:20]


def expected(name: str, number: int) -> Report:
    """Return what a page has to report when it is asked for a number of rows, at least 3."""
    kinds = {
        "lazy": ("n_plus_one", "customer"),
        "answers": ("n_plus_one", "comments"),
        "fail": ("n_plus_one", "customer"),
        "pooled": ("n_plus_one", "customer"),
        "waiting": ("n_plus_one", "customer"),
        "loop": ("query_in_loop", ""),
        "awaiting": ("query_in_loop", ""),
    }
    if name not in kinds:
        return NOTHING
    kind, relation = kinds[name]
    first = 1 if kind == "n_plus_one" else 0
    return ((kind, relation, number, name),), number + first


def report_of(findings: tuple[Finding, ...], queries: tuple[QueryEvent, ...]) -> Report:
    """Return what can be compared of a report."""
    return (
        tuple((item.kind, item.path, item.count, _function_of(item)) for item in findings),
        len(queries),
    )


def _function_of(finding: Finding) -> str:
    # Before Python 3.12 a comprehension is a function of its own.
    return finding.origin.function.partition(".")[0] if finding.origin is not None else ""
