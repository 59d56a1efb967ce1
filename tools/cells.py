"""Run one cell of the matrix: one command in one environment, and what came of it."""

import os
import re
import subprocess
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tools.databases import SERVERS
from tools.environments import HOME, ROOT, Environment, InstallationError, MissingError, clean_environ, ensure

LOGS = HOME / "logs"
_TIMEOUT_S = 3600
_TAIL_LINES = 60
_COUNTS = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One command to run in one environment."""

    environment: Environment
    part: str
    command: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)
    is_tests: bool = True
    server: str | None = None

    @property
    def name(self) -> str:
        """The name that people select it by."""
        return f"{self.environment.name} {self.part}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one cell; a cell that could not run has a `reason`."""

    cell: Cell
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    duration_s: float = 0.0
    reason: str = ""
    log: Path | None = None

    def line(self) -> str:
        """Return the cell's line in the summary."""
        if self.reason:
            state = "FAILED" if self.failed else "skipped"
            return f"{self.cell.name:28} {state}: {self.reason}"
        return f"{self.cell.name:28} {self._outcome()} in {self.duration_s:.0f} s"

    def _outcome(self) -> str:
        if not self.cell.is_tests:
            return "FAILED" if self.failed else "ok"
        failed = f", {self.failed} FAILED" if self.failed else ""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed{failed}{skipped}"

    def tail(self) -> str:
        """Return the end of the log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log else []
        return "\n".join(lines[-_TAIL_LINES:])


def run(cell: Cell) -> Result:
    """Run a cell to its end; what is missing is a skip here and a failure under ``CI=true``."""
    complaint = SERVERS[cell.server].complaint() if cell.server else None
    error = _prepare(cell.environment) if complaint is None else MissingError(complaint)
    if isinstance(error, MissingError):
        is_ci = os.environ.get("CI") == "true"
        return Result(cell=cell, failed=int(is_ci), skipped=int(not is_ci), reason=str(error))
    if error is not None:
        return Result(cell=cell, failed=1, reason=str(error))
    return _execute(cell)


@cache
def _prepare(environment: Environment) -> MissingError | InstallationError | None:
    """Ensure an environment once per run, also when that fails."""
    try:
        ensure(environment)
    except (MissingError, InstallationError) as error:
        return error
    return None


def _execute(cell: Cell) -> Result:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{cell.name.replace(' ', '-')}.log"
    # Two runs in one checkout must not write into each other's log.
    working = log.with_suffix(f".{os.getpid()}")
    started = time.monotonic()
    code = _call(cell, working)
    duration_s = time.monotonic() - started
    working.replace(log)
    counts = count_outcomes(log.read_text(errors="replace")) if cell.is_tests else {}
    failed = counts.get("failed", 0) + counts.get("error", 0)
    return Result(
        cell=cell,
        passed=counts.get("passed", 0),
        failed=max(failed, int(code != 0)),
        skipped=counts.get("skipped", 0),
        duration_s=duration_s,
        log=log,
    )


def _call(cell: Cell, log: Path) -> int:
    with log.open("w") as output:
        try:
            return subprocess.run(
                cell.command,
                cwd=ROOT,
                env=clean_environ(cell.environment, cell.variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=_TIMEOUT_S,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            output.write(f"\ngave up after {_TIMEOUT_S} s\n")
            return 1


def count_outcomes(output: str) -> dict[str, int]:
    """Read pytest's last summary line; xfailed counts as passed, as strict xpasses are failures."""
    for line in reversed(output.splitlines()):
        if re.search(r" in [\d.]+s\b", line) and ("no tests ran" in line or _COUNTS.search(line)):
            counts = {word.removesuffix("s"): int(number) for number, word in _COUNTS.findall(line)}
            counts["passed"] = counts.get("passed", 0) + counts.pop("xfailed", 0)
            return counts
    return {}
