"""``quell profile``: pages, a command, a script, a task or a test run; findings are a report, or a recording."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quell.exceptions import UsageError
from quell.findings import of_level
from quell.loading.recorded.keeping import check, keep
from quell.management.console import Console
from quell.management.profiling.calling import (
    changes_rows,
    command_caller,
    script_caller,
    task_caller,
    with_notes,
)
from quell.management.profiling.isolation import in_memory
from quell.management.profiling.options import CALLED, clash, subject_of
from quell.management.profiling.outputs import targets_of, write_report
from quell.management.profiling.pages import CHANGES, untried
from quell.management.profiling.process import run_tests
from quell.management.profiling.recorded import record_pages
from quell.management.profiling.running import PageProfiler
from quell.management.profiling.verdict import baseline_file, decide, read_baseline, rewrite
from quell.management.profiling.visits import (
    prepared,
    profile_pages,
    visits,
    wanted_of,
    warn_of_databases,
)
from quell.recording import Recorder
from quell.reporting.report import Page
from quell.silencing.baseline import Baseline, read

FOUND, NOT_JUDGED = 1, 2


def profile(options: dict[str, Any], console: Console) -> int:
    """
    Profile what the options ask for, and return how that ends: 0 where all is well.

    ``FOUND`` stands for findings, drift and tests that fail, ``NOT_JUDGED`` for pages that somebody named and that
    could not be judged, where there is nothing worse.

    Raises:
        UsageError: If the options, a file or the user are wrong.
    """
    problem = clash(options)
    if problem:
        raise UsageError(problem)
    if options["record"] is not None or options["check"] or options["anew"]:
        return _record(options, console)
    targets = targets_of(options)
    baseline = None if options["list"] else _baseline(options)
    pages, has_failed = _pages(options, console)
    if pages is None:
        return False
    if options["write_baseline"] is not None:
        file = baseline_file(options["write_baseline"] or options["baseline"])[0]
        console.warn(rewrite(pages, file, baseline[1] if baseline else Baseline()))
        baseline = file, read(file)
    is_whole = subject_of(options) == "urls" and not options["urls"]
    report = decide(pages, baseline, is_whole=is_whole)
    write_report(report, targets, console)
    failing = report.findings if options["advice"] else of_level(report.findings, "problem")
    if has_failed or failing:
        return FOUND
    return NOT_JUDGED if _is_unjudged(options, pages) else 0


def _is_unjudged(options: dict[str, Any], pages: Sequence[Page]) -> bool:
    """Tell whether a page that somebody named was not judged, or none of those that a file names."""
    problems = [page.problem for page in pages]
    if subject_of(options) in {"har", "access_log"}:
        return all(problems)
    return bool(options["urls"]) and any(problems)


def _pages(options: dict[str, Any], console: Console) -> tuple[list[Page] | None, bool]:
    """Return what ran, and whether it failed by itself."""
    kind = subject_of(options)
    if kind == "process":
        run = run_tests(options["process"])
        return list(run.pages), run.code == 1
    if kind in CALLED:
        page = _called(options, console)
        return [page], page.is_broken
    return profile_pages(wanted_of(options), console), False


_CALLERS = {"command": command_caller, "script": script_caller, "task": task_caller}


def _called(options: dict[str, Any], console: Console) -> Page:
    aliases = prepared(console)
    with in_memory():
        warn_of_databases(aliases, console)
        kind = subject_of(options)
        caller = _CALLERS[kind](options[kind], aliases)
        profiler = PageProfiler(caller, repeat=options["repeat"])
        page = profiler.run_once(caller.name)
        if options["prove"] and page.findings:
            # What it prints is all that is compared, which proves nothing of something that writes.
            is_reading = not changes_rows(page)
            page = profiler.profile(caller.name, caller.name) if is_reading else untried(page, CHANGES)
    if caller.printed:
        console.warn(caller.printed.rstrip())
    return with_notes(page, caller)


def _baseline(options: dict[str, Any]) -> tuple[Path, Baseline] | None:
    """Return what is known so far; a file that is to be written need not exist, but is not overwritten blindly."""
    if options["write_baseline"] is None:
        return read_baseline(options["baseline"])
    file = baseline_file(options["write_baseline"] or options["baseline"])[0]
    return (file, read(file)) if file.exists() else None


def _record(options: dict[str, Any], console: Console) -> bool:
    """Record what pages need; with ``--check``, tell whether the file says something else."""
    if options["record"] is None:
        msg = "--check and --anew are for a recording: name its file with --record FILE"
        raise UsageError(msg)
    file = Path(options["record"])

    def record(urls: Any, visitor: Any) -> Recorder:  # noqa: ANN401 -- as visits() passes them
        return record_pages(urls, visitor, warn=console.warn, show=console.show_progress)

    recorder = visits(wanted_of(options), console, record)
    if recorder is None:
        return False
    found = (check if options["check"] else keep)(recorder.needs, file, is_anew=options["anew"])
    console.print("\n".join(found.lines))
    return found.has_drifted
