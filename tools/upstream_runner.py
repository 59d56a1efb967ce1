"""
The test runner that Django's suite runs under: it records outcomes, and may open a watch around each test.

It runs inside the process of Django's suite; ``tools.upstream`` starts that, and reads the file it writes.
"""

import functools
import json
import os
import traceback
import unittest
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from unittest import mock

from django.db import connections
from django.test.runner import DiscoverRunner

# Django's stubs lack this function.
from django.test.utils import iter_test_cases  # type: ignore[attr-defined]

if TYPE_CHECKING:
    from quell.pipeline import watch as Watch  # noqa: N812 -- a class that is used like a function

# Set by tools.upstream: the file for the outcomes, "on" or "off", and the tests to leave out.
FILE_VARIABLE = "QUELL_UPSTREAM_FILE"
WATCH_VARIABLE = "QUELL_UPSTREAM_WATCH"
OMIT_VARIABLE = "QUELL_UPSTREAM_OMIT"

# What unittest hands over as an error.
ErrorInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

_statistics: Counter[str] = Counter()
_quell_errors: list[str] = []


class Outcomes(unittest.TextTestResult):
    """A result that also keeps the outcome of each test by its id; parts of a test count for the whole."""

    outcomes: dict[str, tuple[str, str]]

    def startTestRun(self) -> None:  # noqa: N802 -- unittest's name
        """Begin with no outcome."""
        super().startTestRun()
        self.outcomes = {}

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802 -- unittest's name
        """Keep a pass."""
        super().addSuccess(test)
        self._keep(test, "passed")

    def addFailure(self, test: unittest.TestCase, err: ErrorInfo) -> None:  # noqa: N802 -- unittest's name
        """Keep a failed assertion."""
        super().addFailure(test, err)
        self._keep(test, "failed", err)

    def addError(self, test: unittest.TestCase, err: ErrorInfo) -> None:  # noqa: N802 -- unittest's name
        """Keep an error."""
        super().addError(test, err)
        self._keep(test, "error", err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802 -- unittest's name
        """Keep a skip."""
        super().addSkip(test, reason)
        self._keep(test, "skipped")

    def addExpectedFailure(self, test: unittest.TestCase, err: ErrorInfo) -> None:  # noqa: N802 -- unittest's name
        """Keep a failure that Django expects on this database."""
        super().addExpectedFailure(test, err)
        self._keep(test, "expected failure")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802 -- unittest's name
        """Keep a success where Django expects a failure."""
        super().addUnexpectedSuccess(test)
        self._keep(test, "unexpected success")

    def addSubTest(  # noqa: N802 -- unittest's name
        self, test: unittest.TestCase, subtest: unittest.TestCase, err: ErrorInfo | None
    ) -> None:
        """Keep a part of a test that failed."""
        super().addSubTest(test, subtest, err)
        if err is not None and err[0] is not None:
            self._keep(test, "failed" if issubclass(err[0], test.failureException) else "error", err)

    def _keep(self, test: unittest.TestCase, outcome: str, err: ErrorInfo | None = None) -> None:
        name = getattr(test, "test_case", test).id()
        if self.outcomes.get(name, ("",))[0] in {"failed", "error"}:
            return
        detail = f"{err[0].__qualname__}: {err[1]}" if err is not None and err[0] is not None else ""
        self.outcomes[name] = outcome, detail


class Recorder(DiscoverRunner):
    """Django's runner, writing the outcomes to the file that the environment names."""

    def get_resultclass(self) -> type[Outcomes]:
        """Return the result class that keeps outcomes."""
        return Outcomes

    def build_suite(self, test_labels: Sequence[str] | None = None, **kwargs: object) -> unittest.TestSuite:
        """Build the suite without the tests that are left out."""
        suite = super().build_suite(test_labels, **kwargs)
        omitted = set(json.loads(os.environ[OMIT_VARIABLE]))
        return self.test_suite(test for test in iter_test_cases(suite) if test.id() not in omitted)

    def run_suite(self, suite: unittest.TestSuite, **kwargs: object) -> unittest.TextTestResult:
        """Run the tests, watched where that is asked for, and write what came of them."""
        with ExitStack() as stack:
            if os.environ[WATCH_VARIABLE] == "on":
                _watch_tests(stack)
            result: Any = super().run_suite(suite, **kwargs)
        record = {"outcomes": result.outcomes, "statistics": _statistics}
        Path(os.environ[FILE_VARIABLE]).write_text(json.dumps(record, indent=1, sort_keys=True))
        return result  # type: ignore[no-any-return]  # Django's stubs do not know the result class


def _watch_tests(stack: ExitStack) -> None:
    """Open a watch around each test method from now on, and let no error inside quell stay unseen."""
    from quell import guard
    from quell.conf import override

    settings = stack.enter_context(override(on_error="raise"))

    def note_error() -> object:
        # The guard reads the settings only when a part of quell failed; the test may swallow what it raises.
        _quell_errors.append(traceback.format_exc())
        return settings

    stack.enter_context(mock.patch.object(guard, "get_settings", note_error))
    # Not TestCase.run(): an error of the analysis has to count for the test, and that is over by then.
    original = unittest.TestCase.__dict__["_callTestMethod"]
    stack.enter_context(mock.patch.object(unittest.TestCase, "_callTestMethod", _watched(original)))


def _watched(original: Callable[..., None]) -> Callable[..., None]:
    import quell

    @functools.wraps(original)
    def call(case: unittest.TestCase, method: Callable[[], object]) -> None:
        _quell_errors.clear()
        # A test of the test framework runs tests of its own below the watch around it.
        outer = set(_wrappers())
        watch = quell.watch(label=case.id())
        try:
            with watch:
                try:
                    original(case, method)
                finally:
                    _analyse(watch)
        finally:
            for complaint in _leftovers(outer):
                raise RuntimeError(complaint)

    return call


def _analyse(watch: "Watch") -> None:
    """Evaluate everything that a watch offers; none of that runs a statement."""
    query_count = len(watch.queries)
    findings = watch.findings
    watch.report()
    _statistics["watches"] += 1
    _statistics["queries"] += len(tuple(watch.queries))
    _statistics["findings"] += len(findings)
    _statistics.update(f"findings: {finding.kind}" for finding in findings)
    if len(watch.queries) != query_count:
        msg = f"quell ran {len(watch.queries) - query_count} statements of its own"
        raise RuntimeError(msg)


def _leftovers(outer: set[int]) -> Iterator[str]:
    """Yield what a closed watch must not leave behind."""
    if _quell_errors:
        yield f"{len(_quell_errors)} errors inside quell, the first: {_quell_errors[0]}"
    if not outer.issuperset(_wrappers()):
        yield "a closed watch left its wrapper on a connection"


def _wrappers() -> Iterator[int]:
    for connection in connections.all(initialized_only=True):
        for wrapper in connection.execute_wrappers:
            if type(wrapper).__module__.startswith("quell."):
                yield id(wrapper)
