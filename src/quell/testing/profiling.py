"""
The plugin of ``quell profile -- pytest ...``: watches each test, and hands over what it showed.

It is loaded by that command alone. Each process, also each worker of pytest-xdist, appends to a file of its own as
each test ends.
"""

import os
import pickle
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import pytest

from quell.capture.rows import count_rows
from quell.pipeline import watch
from quell.reporting.report import Page
from quell.reporting.trace import trace_of
from quell.testing.watching import Limits, watched
from quell.wording.outcomes import FAILED_TEST, SKIPPED_TEST, SKIPPED_TEST_WHY

_FOLDER = "QUELL_PROFILE_FOLDER"
_MAX_LENGTH = 200


def pytest_configure(config: pytest.Config) -> None:
    """Say that pytest ran, even if no test does."""
    _hand_over(None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Watch the call of a test; one that fails is not judged."""
    seen = watch(label=item.nodeid)
    page = Page(path=item.nodeid, label=item.nodeid, kind="test")
    start = perf_counter()
    try:
        limits = Limits(item)
        with ExitStack() as stack:
            rows = stack.enter_context(count_rows())
            stack.enter_context(watched(item, seen))
            result = yield
    except BaseException as error:
        _hand_over(replace(page, problem=_reason(error), is_broken=not _is_skip(error)))
        raise
    ms = (perf_counter() - start) * 1000
    _hand_over(_with_results(page, seen, limits, rows.total, ms))
    return result


def _with_results(page: Page, seen: watch, limits: Limits, row_count: int, ms: float) -> Page:
    # Statements are for the advice, which was given.
    findings = tuple(replace(finding, statements=()) for finding in limits.left(seen.findings))
    return replace(
        page,
        queries=len(seen.queries) + seen.dropped_count,
        rows=row_count,
        ms=ms,
        findings=findings,
        silenced=tuple(replace(item, finding=replace(item.finding, statements=())) for item in seen.silenced),
        # Of thousands of tests those are looked at that show something.
        trace=trace_of(seen.recording, ms=ms) if findings else None,
    )


def _is_skip(error: BaseException) -> bool:
    return isinstance(error, pytest.skip.Exception)


def _reason(error: BaseException) -> str:
    told = " ".join(str(error).split())
    if _is_skip(error):
        text = SKIPPED_TEST_WHY(why=told) if told else SKIPPED_TEST()
    else:
        text = FAILED_TEST(error=f"{type(error).__name__}: {told}".removesuffix(": "))
    return text[:_MAX_LENGTH]


def _hand_over(page: Page | None) -> None:
    folder = os.environ.get(_FOLDER)
    if folder is None:
        msg = "quell.testing.profiling is loaded by quell profile -- pytest, and by nobody else"
        raise pytest.UsageError(msg)
    with (Path(folder) / f"{os.getpid()}").open("ab") as stream:
        pickle.dump(page, stream)
