"""
The pytest plugin: ``--quell``, ``--quell-report``, ``--quell-record``, a marker and fixtures.

Pytest loads it in each run of each project that has quell installed, so it imports nothing of quell or of Django
before an option asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

pytest_plugins = ["quell.testing.snapshot_plugin"]

if TYPE_CHECKING:
    from quell.pipeline import watch
    from quell.testing.recording import Recording

_KEY: pytest.StashKey[Recording] = pytest.StashKey()
# What the tests of a run came to, by test, and what the one that runs came to.
_FOUND: pytest.StashKey[dict[str, list[dict[str, Any]]]] = pytest.StashKey()
_OWN: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()
# A watch that a fixture made, and that runs while the function of the test does.
_PENDING: pytest.StashKey[watch] = pytest.StashKey()


class _Collector:
    """Collects what tests came to, in the process that gets their reports."""

    def __init__(self, found: dict[str, list[dict[str, Any]]]) -> None:
        self._found = found

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a report has."""
        items = getattr(report, "quell", None)
        if items:
            self._found[report.nodeid] = items


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("quell")
    group.addoption("--quell", action="store_true", help="fail tests that do needless database work")
    group.addoption(
        "--quell-report",
        action="store_true",
        help="summarise needless database work, and fail nothing for it",
    )
    group.addoption(
        "--quell-record",
        metavar="FILE",
        help="add to this file what each queryset of the code under test needs",
    )
    group.addoption(
        "--quell-record-check",
        action="store_true",
        help="with --quell-record: change nothing, fail where the file has drifted",
    )
    group.addoption(
        "--quell-record-anew",
        action="store_true",
        help="with --quell-record: forget what this run does not use",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to record, where the option asks for it; declare the marker."""
    _begin_recording(config)
    config.addinivalue_line(
        "markers", "quell(max_queries=None, ignore=()): what the queries of this test are held to"
    )
    config.stash[_FOUND] = {}
    config.pluginmanager.register(_Collector(config.stash[_FOUND]), "quell-collector")


def _begin_recording(config: pytest.Config) -> None:
    file = config.getoption("--quell-record")
    is_checking = config.getoption("--quell-record-check")
    is_anew = config.getoption("--quell-record-anew")
    if file is None:
        if is_checking or is_anew:
            msg = "--quell-record-check and --quell-record-anew need --quell-record FILE"
            raise pytest.UsageError(msg)
        return
    from quell.testing.recording import Recording

    config.stash[_KEY] = Recording(config.rootpath / file, is_checking=is_checking, is_anew=is_anew)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let messages have the colours that the terminal of this run has, and name files as it does."""
    from quell.testing import colouring, placing

    placing.name_from(str(session.config.rootpath))
    colouring.switch(is_on=session.config.get_terminal_writer().hasmarkup)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Watch and record the call of a test; one that fails adds nothing to the recording."""
    with ExitStack() as stack:
        if item.get_closest_marker("quell") or _is_on(item.config):
            stack.enter_context(_judged(item))
        pending = item.stash.get(_PENDING, None)
        if pending is not None:
            from quell.testing.watching import watched

            stack.enter_context(watched(item, pending))
        recording = item.config.stash.get(_KEY, None)
        if recording is not None:
            stack.enter_context(recording.test())
        return (yield)


def _is_on(config: pytest.Config) -> bool:
    return bool(config.getoption("--quell") or config.getoption("--quell-report"))


@contextmanager
def _judged(item: pytest.Item) -> Iterator[None]:
    """Watch the call of a test, and fail it where it does what it must not."""
    from quell.exceptions import UsageError
    from quell.pipeline import watch
    from quell.testing.watching import Limits, data_of, verdict, watched

    try:
        limits = Limits(item)
    except UsageError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    seen = watch(label=item.nodeid)
    try:
        with watched(item, seen):
            yield
    finally:
        if item.config.getoption("--quell-report"):
            item.stash[_OWN] = data_of(limits.left(seen.findings, with_advice=True))
    message = verdict(seen, limits, is_strict=item.config.getoption("--quell"))
    if message:
        pytest.fail(message, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Put what a test came to on its report, which pytest-xdist sends to the controller."""
    report = yield
    if report.when == "call" and _OWN in item.stash:  # type: ignore[attr-defined]  # a TestReport
        report.quell = item.stash[_OWN]  # type: ignore[attr-defined]  # as above
    return report


@pytest.fixture
def quell_watch(request: pytest.FixtureRequest) -> watch:
    """Give a watch that runs while the function of the test does; what other fixtures run is not in it."""
    from quell.pipeline import watch

    request.node.stash[_PENDING] = seen = watch(label=request.node.nodeid)
    return seen


@pytest.fixture
def assert_max_queries() -> Callable[[int], AbstractContextManager[watch]]:
    """Give ``quell.testing.assert_max_queries()``."""
    from quell.testing import asserting

    return asserting.assert_max_queries


@pytest.fixture
def assert_no_findings() -> Callable[[], AbstractContextManager[watch]]:
    """Give ``quell.testing.assert_no_findings()``."""
    from quell.testing import asserting

    return asserting.assert_no_findings


@pytest.fixture
def assert_constant_queries() -> Callable[..., None]:
    """Give ``quell.testing.assert_constant_queries()``."""
    from quell.testing import asserting

    return asserting.assert_constant_queries


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """Take in what a worker of pytest-xdist recorded."""
    recording = node.config.stash.get(_KEY, None)  # type: ignore[attr-defined]  # xdist has no types
    if recording is not None:
        recording.take(getattr(node, "workeroutput", {}))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the file or compare it; a worker hands over what it has."""
    recording = session.config.stash.get(_KEY, None)
    if recording is None or session.config.option.collectonly:
        return
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        recording.hand_over(output)
    elif recording.finish() and session.exitstatus in {
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    }:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what the tests and the recording came to."""
    if config.getoption("--quell-report"):
        from quell.testing.watching import summary

        terminalreporter.section("quell report")
        found = config.stash[_FOUND]
        for line in summary(found):
            terminalreporter.write_line(line)
    recording = config.stash.get(_KEY, None)
    if recording is not None and recording.lines:
        terminalreporter.section("quell record")
        for line in recording.lines:
            terminalreporter.write_line(line)
