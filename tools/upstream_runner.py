"""
The test runner that Django's suite runs under: it records outcomes, and may open a watch around each test.

It runs inside the process of Django's suite; ``tools.upstream`` starts that, and reads the file it writes.
"""

import functools
import unittest
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, TypeVar
from unittest import mock

from django.test.runner import DiscoverRunner

# Django's stubs lack this function.
from django.test.utils import iter_test_cases  # type: ignore[attr-defined]

from tools.upstream_watching import (
    batched,
    is_batching,
    is_watching,
    no_errors,
    omitted,
    raise_errors,
    watched,
    write,
)

R = TypeVar("R")

# What unittest hands over as an error.
ErrorInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


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
        left_out = omitted()
        return self.test_suite(test for test in iter_test_cases(suite) if test.id() not in left_out)

    def run_suite(self, suite: unittest.TestSuite, **kwargs: object) -> unittest.TextTestResult:
        """Run the tests, watched where that is asked for, and write what came of them."""
        with ExitStack() as stack:
            if is_watching():
                _watch_tests(stack)
            if is_batching():
                _batch_tests(stack)
            result: Any = super().run_suite(suite, **kwargs)
        write(result.outcomes)
        return result  # type: ignore[no-any-return]  # Django's stubs do not know the result class


def _watch_tests(stack: ExitStack) -> None:
    """Open a watch around each test method from now on."""
    raise_errors(stack)
    # Not TestCase.run(): an error of the analysis has to count for the test, and that is over by then.
    original = unittest.TestCase.__dict__["_callTestMethod"]
    stack.enter_context(mock.patch.object(unittest.TestCase, "_callTestMethod", _watched(original)))


def _watched(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def call(case: unittest.TestCase, method: Callable[[], object]) -> None:
        with watched(case.id()):
            original(case, method)

    return call


def _batch_tests(stack: ExitStack) -> None:
    """Open ``batch_loading()`` around each test from now on, what sets it up included."""
    raise_errors(stack)
    run, call = (unittest.TestCase.__dict__[name] for name in ("run", "_callTestMethod"))
    stack.enter_context(mock.patch.object(unittest.TestCase, "run", _within(batched, run)))
    # Here an error inside quell still counts for the test.
    stack.enter_context(mock.patch.object(unittest.TestCase, "_callTestMethod", _within(no_errors, call)))


def _within(
    block: Callable[[], AbstractContextManager[None]], original: Callable[..., R]
) -> Callable[..., R]:
    @functools.wraps(original)
    def call(*args: object, **kwargs: object) -> R:
        with block():
            return original(*args, **kwargs)

    return call
