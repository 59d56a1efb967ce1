"""
Watches around the tests of others, inside the process that runs them.

``tools.upstream`` starts that process, and says in variables of the environment what it wants.
"""

import json
import os
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from quell.pipeline import watch as Watch  # noqa: N812 -- a class that is used like a function

# Set by tools.upstream: the file for the outcomes, "on", "batch" or "off", and the tests to leave out.
FILE_VARIABLE = "QUELL_UPSTREAM_FILE"
WATCH_VARIABLE = "QUELL_UPSTREAM_WATCH"
OMIT_VARIABLE = "QUELL_UPSTREAM_OMIT"

_statistics: Counter[str] = Counter()
_quell_errors: list[str] = []


def is_watching() -> bool:
    """Tell whether this run is the one with quell."""
    return os.environ[WATCH_VARIABLE] == "on"


def is_batching() -> bool:
    """Tell whether this run is the one with ``batch_loading()`` around everything."""
    return os.environ[WATCH_VARIABLE] == "batch"


def omitted() -> frozenset[str]:
    """Return the ids of the tests to leave out."""
    return frozenset(json.loads(os.environ[OMIT_VARIABLE]))


def write(outcomes: Mapping[str, tuple[str, str]]) -> None:
    """Write what came of the tests, by id, to where it is asked for."""
    record = {"outcomes": dict(outcomes), "statistics": _statistics}
    Path(os.environ[FILE_VARIABLE]).write_text(json.dumps(record, indent=1, sort_keys=True))


def raise_errors(stack: ExitStack) -> None:
    """Let no error inside quell stay unseen from now on; Django's settings have to be there."""
    from quell import guard
    from quell.conf import override

    settings = stack.enter_context(override(on_error="raise"))

    def note_error() -> object:
        # The guard reads the settings only when a part of quell failed; the test may swallow what it raises.
        _quell_errors.append(traceback.format_exc())
        return settings

    stack.enter_context(mock.patch.object(guard, "get_settings", note_error))


@contextmanager
def watched(label: str) -> Iterator[None]:
    """
    Open a watch around one test, and evaluate it.

    Raises:
        RuntimeError: If quell failed, ran a statement of its own, or left something behind.
    """
    import quell

    _quell_errors.clear()
    # A test of a test framework runs tests of its own below the watch around it.
    outer = set(_wrappers())
    watch = quell.watch(label=label)
    try:
        with watch:
            try:
                yield
            finally:
                _analyse(watch)
    finally:
        for complaint in _leftovers(outer):
            raise RuntimeError(complaint)


@contextmanager
def batched() -> Iterator[None]:
    """Batch the on-demand loads of one test."""
    import quell
    from quell.lineage.ondemand import loader

    with quell.batch_loading():
        current: Any = loader.get()
        try:
            yield
        finally:
            _statistics["batches"] += current.state.batch_count
            _statistics["answers"] += current.state.answer_count


@contextmanager
def no_errors() -> Iterator[None]:
    """
    Run a test.

    Raises:
        RuntimeError: If quell failed meanwhile, also where the test swallowed that.
    """
    _quell_errors.clear()
    yield
    if _quell_errors:
        msg = f"{len(_quell_errors)} errors inside quell, the first: {_quell_errors[0]}"
        raise RuntimeError(msg)


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
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        for wrapper in connection.execute_wrappers:
            if type(wrapper).__module__.startswith("quell."):
                yield id(wrapper)
