"""The pytest plugin that Django REST framework's suite runs under: it records outcomes, and may watch each test."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tools.upstream_watching import is_watching, omitted, raise_errors, watched, write

_outcomes: dict[str, tuple[str, str]] = {}
_stack = ExitStack()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is to be left out."""
    items[:] = [item for item in items if item.nodeid not in omitted()]


def pytest_runtestloop() -> None:
    """Begin; by now Django is set up."""
    if is_watching():
        raise_errors(_stack)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Open a watch around a test, and its ``setUp()`` where it has one."""
    if not is_watching():
        return (yield)
    with watched(item.nodeid):
        return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the worst of what the phases of a test, and its parts, came to."""
    outcome: str = report.outcome
    if hasattr(report, "wasxfail"):
        outcome = f"expected failure, {outcome}"
    known = _outcomes.get(report.nodeid, ("passed", ""))[0]
    if known == "failed" or (outcome == "passed" and report.nodeid in _outcomes):
        return
    detail = report.longreprtext.strip().splitlines()[-1:] if outcome == "failed" else []
    _outcomes[report.nodeid] = outcome, "".join(detail)


def pytest_sessionfinish() -> None:
    """Write what came of the tests."""
    _stack.close()
    write(_outcomes)
