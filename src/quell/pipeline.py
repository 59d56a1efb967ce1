"""Wires capture, analysis, advice and reporting for one scope."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import ParamSpec, Self, TypeAlias, TypeVar

from asgiref.sync import iscoroutinefunction
from django.utils.translation import override

from quell.advice.planning import advise
from quell.analysis.n_plus_one import with_labels
from quell.analysis.reduced import without
from quell.analysis.rules import find_all
from quell.capture.freeze import freeze, freeze_event
from quell.capture.scope import Scope
from quell.conf import get_settings
from quell.events import QueryEvent, Recording
from quell.exceptions import UsageError
from quell.findings import Finding, Silenced
from quell.guard import guarded
from quell.lineage.threads import carry
from quell.reporting.text import render, silenced_lines
from quell.signals import findings_reported
from quell.silencing.judging import Outcome, silence
from quell.silencing.patterns import parse
from quell.telling import Report, has_sinks, is_logged, log, tell

P = ParamSpec("P")
R = TypeVar("R")

_FAILED = 'quell failed inside this block and stopped watching; the log of the logger "quell" has the error.'


def analyse(recording: Recording) -> tuple[Finding, ...]:
    """Run every rule over a recording, as the settings say; most saved queries first."""
    settings = get_settings()
    return find_all(
        recording,
        rows=settings.lineage_threshold,
        loops=settings.loop_threshold,
        wide_share=settings.wide_column_share,
        limit_ms=settings.long_transaction_ms,
    )


class watch:  # noqa: N801 -- used like a function
    """
    Watch the statements of a block, or of each call of a function, and explain the needless ones.

    Works as ``with``, as ``async with``, and as a decorator of sync and async functions. Watches nest; an
    outer one sees everything. The outermost one reports what it found by the signal ``findings_reported``,
    that of a decorated function also by the log ``quell``. Once closed it can be opened again, and starts
    anew.

    Args:
        label: What the findings are labelled with: a page, a test, a task.
        profile: Whether to measure also what is loaded and never used (Q106, Q107). These findings are there
            once the block has ended, and only if it ended without an error and nothing was dropped: before that,
            what is missing may be the use.
        transactions: Whether to look for side effects in transactions, and for long ones (Q201, Q202); without it
            ``QUELL_TRANSACTION_HYGIENE`` decides.

    Raises:
        UsageError: If it is opened while it is open, or decorates a generator or a class.

    Cost: no statement, nothing per row or attribute; analysis runs when findings are asked for. A profile costs
    some per row and per attribute that is read, and runs no statement either.
    """

    def __init__(self, *, label: str = "", profile: bool = False, transactions: bool | None = None) -> None:
        self.label = label
        self._is_profiling = profile
        self._transactions = transactions
        self._is_logged = False
        self._judge: Judge = judge_scope
        self._begin(None)

    def _begin(self, scope: Scope | None) -> None:
        self._scope = scope
        self._queries: tuple[QueryEvent, ...] = ()
        self._known: tuple[object, Outcome] | None = None

    @property
    def scope(self) -> Scope:
        """The scope behind this watch, for a rerun of what it saw."""
        if self._scope is None:
            msg = "This watch has not been opened yet: use it in a with statement first."
            raise UsageError(msg)
        return self._scope

    @property
    def queries(self) -> tuple[QueryEvent, ...]:
        """The statements so far, of all aliases, in order of execution."""
        scope = self._scope
        known = self._queries
        if scope is not None and len(known) < scope.event_count:
            new = guarded(scope.switch_off, (), _freeze_from, scope, len(known))
            known = self._queries = known + new
        return known

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
        """What the statements so far show, most saved queries first; empty after an error inside quell."""
        return self.outcome.findings

    @property
    def silenced(self) -> tuple[Silenced, ...]:
        """The findings that a comment, a block or a setting silences, each with the reason; in no other result."""
        return self.outcome.silenced

    @property
    def outcome(self) -> Outcome:
        """Findings, silenced ones, and what is wrong with comments on their lines."""
        scope = self._scope
        if scope is None or scope.has_failed:
            return Outcome()
        state = scope.version, self.label, scope.is_entered
        if self._known is None or self._known[0] != state:
            found = guarded(scope.switch_off, Outcome(), self._judge, scope, self.label)
            self._known = state, found
        return self._known[1]

    def report(self) -> str:
        """Return the findings as text for a terminal."""
        findings = self.findings
        if self._scope is not None and self._scope.has_failed:
            return _FAILED
        query_count = len(self.queries) + self.dropped_count
        text = render(findings, query_count=query_count, dropped_count=self.dropped_count)
        return "\n".join([text, *silenced_lines(self.silenced, self.outcome.complaints)])

    def __enter__(self) -> Self:
        if self._scope is not None and self._scope.is_entered:
            msg = "This watch is already open. Make a new one with quell.watch() for a nested block."
            raise UsageError(msg)
        hygiene = get_settings().transaction_hygiene if self._transactions is None else self._transactions
        scope = Scope(is_profiling=self._is_profiling, sees_transactions=hygiene)
        self._begin(scope)
        guarded(scope.switch_off, None, scope.open)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        findings = self._close(error)
        if findings:
            findings_reported.send_robust(sender=watch, **self._message(findings))

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        findings = self._close(error)
        if findings:
            # A sync receiver may query, which Django refuses in an event loop; this runs it in a thread.
            await findings_reported.asend_robust(sender=watch, **self._message(findings))

    def _close(self, error: BaseException | None) -> tuple[Finding, ...]:
        """End the scope; return what the signal has to tell, which is nothing where nobody listens."""
        scope = self._scope
        if scope is None or not scope.is_entered:
            return ()
        if error is not None and scope.profile is not None:
            scope.profile.is_complete = False
        guarded(scope.switch_off, None, scope.close)
        is_heard = findings_reported.has_listeners()
        is_written = self._is_logged and is_logged()
        if not scope.is_outermost or not (is_heard or is_written or has_sinks()):
            return ()
        outcome = self.outcome
        if is_written:
            guarded(scope.switch_off, None, log, outcome.findings, outcome.complaints, self.label)
        if outcome.findings and has_sinks():
            guarded(scope.switch_off, None, tell, self._told(outcome.findings, scope))
        return outcome.findings if is_heard else ()

    def _told(self, findings: tuple[Finding, ...], scope: Scope) -> Report:
        seen, dropped = scope.event_count, scope.dropped_count
        return Report(findings=findings, label=self.label, query_count=seen + dropped, dropped_count=dropped)

    def _message(self, findings: tuple[Finding, ...]) -> dict[str, object]:
        return {"findings": findings, "queries": self.queries, "label": self.label}

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Watch each call of a function on its own."""
        if isinstance(function, (staticmethod, classmethod)):
            return type(function)(self(function.__func__))
        _refuse(function)
        label, profile, hygiene = self.label or _name_of(function), self._is_profiling, self._transactions
        if iscoroutinefunction(function):

            @functools.wraps(function)
            async def watched_async(*args: P.args, **kwargs: P.kwargs) -> object:
                async with logged_watch(label, profile=profile, transactions=hygiene):
                    return await function(*args, **kwargs)

            return watched_async  # type: ignore[return-value]  # a coroutine function, like the one given

        @functools.wraps(function)
        def watched(*args: P.args, **kwargs: P.kwargs) -> R:
            with logged_watch(label, profile=profile, transactions=hygiene):
                return function(*args, **kwargs)

        return watched


def judge_scope(scope: Scope, label: str) -> Outcome:
    """Return what a scope showed."""
    return judge(freeze(scope), label)


Judge: TypeAlias = Callable[[Scope, str], Outcome]


def logged_watch(
    label: str = "",
    *,
    profile: bool = False,
    transactions: bool | None = None,
    judge: Judge = judge_scope,
) -> watch:
    """Return a watch that also logs what it found, where it is the outermost."""
    made = watch(label=label, profile=profile, transactions=transactions)
    made._is_logged, made._judge = True, judge
    return made


def _freeze_from(scope: Scope, start: int) -> tuple[QueryEvent, ...]:
    return tuple(freeze_event(event) for event in scope.events_from(start))


def _name_of(function: Callable[..., object]) -> str:
    # A functools.partial and an object with __call__ have no name of their own.
    inner = getattr(function, "func", function)
    return str(getattr(inner, "__qualname__", type(inner).__qualname__))


def _refuse(function: object) -> None:
    """Refuse what runs in pieces, or not at all, when it is called."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        msg = (
            f"quell.watch() cannot decorate the generator {_name_of(function)}: its body runs between the "
            "statements of whoever iterates over it. Write `with quell.watch():` around the loop instead."
        )
        raise UsageError(msg)
    if isinstance(function, type) or not callable(function):
        msg = f"quell.watch() decorates functions, and {function!r} is none. Decorate its methods instead."
        raise UsageError(msg)


def judge(recording: Recording, label: str = "") -> Outcome:
    """Return the findings of a recording with their plans and suggestions, and those that are silenced."""
    found = with_labels(analyse(recording), label)
    if not found:
        return Outcome()
    patterns = parse(get_settings().ignore)
    outcome = silence(found, recording, patterns, analyse=analyse, without=without)
    # Names of models may be translated, and what is kept of a finding must not depend on who asked for a page.
    with override(None):
        # Apart, so that no plan to write holds what nobody wants to write.
        advised = advise((item.finding for item in outcome.silenced), recording)
        findings = advise(outcome.findings, recording)
    silenced = tuple(replace(item, finding=new) for item, new in zip(outcome.silenced, advised, strict=True))
    return replace(outcome, findings=findings, silenced=silenced)


def wrap_thread(function: Callable[P, R]) -> Callable[P, R]:
    """
    Return the function bound to the watches that are open here, for a pool that quell does not know.

    Raises:
        UsageError: If it is a coroutine function: those follow their context by themselves.
    """
    if iscoroutinefunction(function):
        msg = f"The coroutine {_name_of(function)} follows its context: it needs no quell.wrap_thread()."
        raise UsageError(msg)
    return carry(function)
