"""The part of the pytest plugin that keeps snapshots; like the rest, it imports nothing before it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from quell.pipeline import watch
    from quell.testing.snapshots import Snapshots

_KEY: pytest.StashKey[Snapshots] = pytest.StashKey()
# The names of all tests by module, where that has a file of snapshots, and of those that passed.
_COLLECTED: pytest.StashKey[dict[str, list[str] | None]] = pytest.StashKey()
_PASSED: pytest.StashKey[dict[str, list[str]]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option."""
    parser.getgroup("quell").addoption(
        "--quell-update-snapshots",
        action="store_true",
        help="write what the blocks of quell_snapshot run, and remove what is used no more",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing."""
    config.stash[_COLLECTED], config.stash[_PASSED] = {}, {}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Note the tests of a module that has snapshots, also those that are deselected later."""
    collected = item.config.stash[_COLLECTED]
    module = str(item.path)
    if module not in collected:
        file = item.path.parent / "__snapshots__" / f"{item.path.stem}.txt"
        collected[module] = [] if file.exists() else None
    names = collected[module]
    if names is not None:
        names.append(item.nodeid.partition("::")[2])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Note the tests that passed: what they do not use is used no more."""
    report = yield
    module = str(item.path)
    is_kept = item.config.stash[_COLLECTED].get(module) is not None
    if is_kept and report.when == "call" and report.passed:  # type: ignore[attr-defined]  # a TestReport
        item.config.stash[_PASSED].setdefault(module, []).append(item.nodeid.partition("::")[2])
    return report


def _snapshots(config: pytest.Config) -> Snapshots:
    if _KEY not in config.stash:
        from quell.testing.snapshots import Snapshots

        # Part of a module says nothing about the rest of it.
        is_complete = not (any("::" in each for each in config.args) or config.getoption("lf", default=False))
        is_updating = config.getoption("--quell-update-snapshots")
        config.stash[_KEY] = Snapshots(is_updating=is_updating, is_complete=is_complete)
    return config.stash[_KEY]


@pytest.fixture
def quell_snapshot(request: pytest.FixtureRequest) -> Callable[..., AbstractContextManager[watch]]:
    """Give blocks whose queries are compared with those in the file beside the test."""
    from quell.testing.snapshots import Snapshot

    return Snapshot(request.node, _snapshots(request.config))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """Take in what a worker of pytest-xdist has."""
    output = getattr(node, "workeroutput", {})
    if "quell_snapshots" in output:
        _snapshots(node.config).add(output)  # type: ignore[attr-defined]  # xdist has no types


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the files, or find what is used no more; a worker hands over what it has."""
    config = session.config
    collected: dict[str, list[str]] = {
        module: names for module, names in config.stash[_COLLECTED].items() if names is not None
    }
    if config.option.collectonly or not (collected or _KEY in config.stash):
        return
    snapshots = _snapshots(config)
    output = getattr(config, "workeroutput", None)
    passed = config.stash[_PASSED]
    snapshots.note(collected, passed)
    if output is not None:
        snapshots.hand_over(output)
    else:
        snapshots.finish()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was written, or is used no more."""
    snapshots = config.stash.get(_KEY, None)
    if snapshots is not None and snapshots.lines:
        terminalreporter.section("quell snapshots")
        for line in snapshots.lines:
            terminalreporter.write_line(line)
