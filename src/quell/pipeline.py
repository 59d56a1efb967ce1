"""Wires capture, analysis, advice and reporting for one scope."""

import functools
import inspect
import logging
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, overload

from quell.advice.planning import advise

from quell.analysis import n_plus_one, query_in_loop
from quell.analysis.n_plus_one import with_labels
from quell.capture.freeze import freeze, freeze_event
from quell.capture.scope import RawEvent, Scope
from quell.conf import get_settings
from quell.events import QueryEvent, Recording
from quell.exceptions import UsageError
from quell.findings import Finding
from quell.guard import guarded
from quell.lineage._patches import carry, active
from quell.reporting.text import describe, render
from quell.signals import findings_reported

logger = logging.getLogger("quell")

P = ParamSpec("P")
R = TypeVar("R")


class Queries(Sequence[QueryEvent]):
    """The statements of a watch, growing while it is open; a record is made when it is asked for."""

    __slots__ = ("_events",)

    def __init__(self, events: list[RawEvent]) -> None:
        self._events = events

    def __len__(self) -> int:
        return len(self._events)

    @overload
    def __getitem__(self, index: int) -> QueryEvent: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[QueryEvent, ...]: ...
    def __getitem__(self, index: int | slice) -> QueryEvent | tuple[QueryEvent, ...]:
        if isinstance(index, slice):
            return tuple(freeze_event(event) for event in self._events[index])
        return freeze_event(self._events[index])

    def __iter__(self) -> Iterator[QueryEvent]:
        return (freeze_event(event) for event in self._events)


def analyse(recording: Recording) -> tuple[Finding, ...]:
    """Run every rule over a recording; most saved queries first."""
    settings = get_settings()
    found = (
        *n_plus_one.find(
            recording, threshold=settings.lineage_threshold, loop_threshold=settings.loop_threshold
        ),
        *query_in_loop.find(recording, threshold=settings.loop_threshold),
    )
    return tuple(sorted(found, key=lambda finding: -finding.saved_queries))


class watch:  # noqa: N801 -- used like a function
    """
    Watch the statements of a block, or of each call of a function, and explain the needless ones.

    Works as ``with``, as ``async with``, and as a decorator of sync and async functions; a decorated function
    reports by the signal ``findings_reported`` and by the log. Watches nest; an outer one sees everything.

    Args:
        label: What the findings are labelled with: a page, a test, a task.

    Cost: no statement, nothing per row or attribute; analysis runs when findings are asked for.
    """

    def __init__(self, *, label: str = "") -> None:
        self.label = label
        self._scope: Scope | None = None
        self._known: tuple[int, tuple[Finding, ...]] | None = None
        self._is_outermost = False

    @property
    def scope(self) -> Scope:
        """The scope behind this watch, for a rerun of what it saw."""
        if self._scope is None:
            msg = "This watch has not been opened yet: use it in a with statement first."
            raise UsageError(msg)
        return self._scope

    @property
    def queries(self) -> Sequence[QueryEvent]:
        """The statements so far, of all aliases, in order of execution."""
        return Queries(self._scope.events if self._scope is not None else [])

    @property
    def dropped_count(self) -> int:
        """How many statements came after ``QUELL_MAX_EVENTS`` and were only counted."""
        return self._scope.dropped_count if self._scope is not None else 0

    @property
    def recording(self) -> Recording:
        """Everything that was seen until now, as plain records."""
        return freeze(self._scope) if self._scope is not None else Recording()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the statements so far show, most saved queries first."""
        size = len(self.queries)
        if self._known is None or self._known[0] != size:
            self._known = size, explain(self.recording, self.label)
        return self._known[1]

    def report(self) -> str:
        """Return the findings as text for a terminal."""
        return render(self.findings, query_count=len(self.queries) + self.dropped_count, dropped_count=self.dropped_count)

    def __enter__(self) -> "watch":
        if self._scope is not None and self._scope.is_open:
            msg = "This watch is already open. Make a new one with quell.watch() for a nested block."
            raise UsageError(msg)
        self._is_outermost = active.get(None) is None
        self._known = None
        self._scope = Scope()
        self._scope.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._scope is None:
            return
        scope = self._scope
        scope.close()
        if self._is_outermost and findings_reported.has_listeners():
            guarded(scope.switch_off, None, self._send)

    async def __aenter__(self) -> "watch":
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def _send(self) -> None:
        findings = self.findings
        if findings:
            findings_reported.send_robust(
                sender=watch, findings=findings, queries=tuple(self.queries), label=self.label
            )

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Watch each call of a function on its own."""
        label = self.label or function.__qualname__
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def watched_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                async with watch(label=label) as inner:
                    result = await function(*args, **kwargs)
                inner.log()
                return result

            return watched_async  # type: ignore[return-value]  # a coroutine function, like the one given

        @functools.wraps(function)
        def watched(*args: P.args, **kwargs: P.kwargs) -> R:
            with watch(label=label) as inner:
                result = function(*args, **kwargs)
            inner.log()
            return result

        return watched

    def log(self) -> None:
        """Write the findings to the log ``quell``, one warning each."""
        for finding in self.findings:
            logger.warning("%s", describe(finding), extra={"quell_finding": finding})


def explain(recording: Recording, label: str = "") -> tuple[Finding, ...]:
    """Return the findings of a recording with their plans and suggestions."""
    return advise(with_labels(analyse(recording), label), recording)


def wrap_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function bound to the watches that are open here, for a pool that quell does not know."""
    return carry(function)
