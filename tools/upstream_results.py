"""What came of the tests of others, without and with quell, and the table of it."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from tools.environments import ROOT

EXCEPTIONS = ROOT / "tools" / "upstream_exceptions.toml"
MAX_EXPLAINED = 10
_ABSENT = ("not run", "")
# The table of exceptions for each way to run with quell, and what it counts.
EXPLAINED = {"on": "explained", "batch": "batching"}
_OUTCOMES = ("tests", "passed", "same", "different", "explained")
_COUNTS = {"on": ("watches", "queries", "findings"), "batch": ("batches", "answers")}


class RunError(Exception):
    """A run that came to no result; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a suite: outcome and detail per test id, and what the watches counted."""

    outcomes: Mapping[str, tuple[str, str]]
    statistics: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one suite, such as ``"Django 6.1.3"``, came to without and with quell."""

    suite: str
    off: Run
    on: Run
    explained: frozenset[str]
    way: str = "on"

    def differences(self) -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
        """Yield the id, the outcome without and the outcome with quell of each test that differs."""
        for name in sorted({*self.off.outcomes, *self.on.outcomes}):
            without, with_quell = (run.outcomes.get(name, _ABSENT) for run in (self.off, self.on))
            if without[0] != with_quell[0]:
                yield name, without, with_quell

    @property
    def unexplained(self) -> tuple[str, ...]:
        """One block of text per difference that nobody explained."""
        return tuple(
            f"{self.suite}: {name}\n  off: {_tell(without)}\n  on:  {_tell(with_quell)}"
            for name, without, with_quell in self.differences()
            if name not in self.explained
        )

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table, the suite first."""
        different = [name for name, _, _ in self.differences()]
        passed = sum(outcome == "passed" for outcome, _ in self.on.outcomes.values())
        explained = sum(name in self.explained for name in different)
        total = len({*self.off.outcomes, *self.on.outcomes})
        counts = [total, passed, total - len(different), len(different) - explained, explained]
        counts += [self.on.statistics.get(name, 0) for name in _COUNTS[self.way]]
        return self.suite, *map(str, counts)


def _tell(outcome: tuple[str, str]) -> str:
    return ": ".join(filter(None, outcome))


@cache
def read_exceptions(way: str = "on") -> tuple[Mapping[str, str], Mapping[str, str]]:
    """
    Return the explained differences of a way to run, and the omitted tests, each by test id with a reason.

    Raises:
        RunError: If there are more explained differences than may be.
    """
    tables = tomllib.loads(EXCEPTIONS.read_text())
    if len(tables["explained"]) > MAX_EXPLAINED:
        msg = f"{EXCEPTIONS.name} explains {len(tables['explained'])} tests; {MAX_EXPLAINED} is the most"
        raise RunError(msg)
    return tables[EXPLAINED[way]], tables["omitted"]


def render(comparisons: Sequence[Comparison]) -> str:
    """Return the table, one line per suite."""
    rows = [("", *_OUTCOMES, *_COUNTS[comparisons[0].way]), *(comparison.row() for comparison in comparisons)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *cells in rows:
        aligned = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append("  ".join([name.ljust(widths[0]), *aligned]))
    return "\n".join(lines)
