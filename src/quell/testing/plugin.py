"""
The pytest plugin: ``--quell-record``.

Pytest loads it in each run of each project that has quell installed, so it imports nothing of quell or of Django
before an option asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from quell.testing.recording import Recording

_KEY: pytest.StashKey[Recording] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("quell")
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
    """Begin to record, where the option asks for it."""
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Record the call of a test; one that fails adds nothing."""
    recording = item.config.stash.get(_KEY, None)
    if recording is None:
        return (yield)
    with recording.test():
        return (yield)


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
    """Say what the recording came to."""
    recording = config.stash.get(_KEY, None)
    if recording is not None and recording.lines:
        terminalreporter.section("quell record")
        for line in recording.lines:
            terminalreporter.write_line(line)
