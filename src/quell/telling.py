"""Who is told of findings beside the signal: the log, and sinks that need no statements."""

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic

from quell.conf import base_dir, get_settings
from quell.events import Location
from quell.findings import Finding, docs_url
from quell.reporting.text import below, describe, encodable

logger = logging.getLogger("quell")
_MAX_KNOWN = 4096  # findings whose last record is remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an outermost scope found, and how many statements it saw."""

    findings: tuple[Finding, ...]
    label: str
    query_count: int
    dropped_count: int = 0


Sink = Callable[[Report], None]
# Replaced whole, as another thread may be walking over it.
_sinks: tuple[Sink, ...] = ()


def add_sink(sink: Sink) -> None:
    """Tell a sink of the findings of each outermost scope from now on; adding it again changes nothing."""
    global _sinks  # noqa: PLW0603 -- one process, one list
    if sink not in _sinks:
        _sinks = (*_sinks, sink)


def remove_sink(sink: Sink) -> None:
    """Tell a sink nothing more."""
    global _sinks  # noqa: PLW0603 -- one process, one list
    _sinks = tuple(item for item in _sinks if item != sink)


def has_sinks() -> bool:
    """Tell whether anybody wants to be told."""
    return bool(_sinks)


def tell(report: Report) -> None:
    """Tell each sink; none of them may run a statement or wait."""
    for sink in _sinks:
        sink(report)


def identity_of(finding: Finding) -> str:
    """Return the fingerprint, which reads the source, of a finding; kept for findings of one cause."""
    asked = finding.asked if finding.is_beside else ""
    return _identity(
        finding.code, finding.model, finding.path, finding.origin, finding.trigger, finding.call, asked
    )


@lru_cache(maxsize=_MAX_KNOWN)
def _identity(
    code: str,
    model: str,
    path: str,
    origin: Location | None,
    trigger: Location | None,
    call: Location | None,
    asked: str,
) -> str:
    found = Finding(
        kind="",
        code=code,
        model=model,
        path=path,
        origin=origin,
        trigger=trigger,
        call=call,
        asked=asked,
        is_beside=bool(asked),
    )
    return found.fingerprint


def as_data(finding: Finding) -> dict[str, object]:
    """Return a finding as plain values that JSON holds."""
    return {
        "fingerprint": identity_of(finding),
        "code": finding.code,
        "kind": finding.kind,
        "level": finding.level,
        "model": finding.model,
        "path": finding.path,
        "count": finding.count,
        "saved_queries": finding.saved_queries,
        "origin": encodable(str(finding.origin or "")),
        "trigger": encodable(str(finding.trigger or "")),
        "place": finding.place,
        "suggestion": finding.suggestion,
        "message": finding.message,
        "labels": list(finding.labels),
        "docs": docs_url(finding.code),
    }


class _Seen:
    """When each finding was written to the log last, and how often it was seen since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, key: str, seconds: float) -> int | None:
        """Return how often a finding was kept back since its last record, ``None`` where it is kept back now."""
        now = monotonic()
        with self._lock:
            known = self._found.pop(key, None)
            if known is not None and now - known[0] < seconds:
                self._found[key] = known[0], known[1] + 1
                return None
            self._found[key] = now, 0
            if len(self._found) > _MAX_KNOWN:
                self._found.popitem(last=False)
        return known[1] if known is not None else 0

    def forget(self) -> None:
        """Take each finding for a new one."""
        with self._lock:
            self._found.clear()

    def renew_lock(self) -> None:
        """Leave the old one to a thread that a fork has left behind in the parent."""
        self._lock = threading.Lock()


seen = _Seen()
os.register_at_fork(after_in_child=seen.renew_lock)


class _Log:
    """Whether findings are written to the log; in all threads, as a profile is at work alone."""

    is_silent = False


@contextmanager
def without_log() -> Iterator[None]:
    """Write no findings to the log: whoever runs this block reports them."""
    before, _Log.is_silent = _Log.is_silent, True
    try:
        yield
    finally:
        _Log.is_silent = before


def is_logged() -> bool:
    """Tell whether the log takes findings."""
    return not _Log.is_silent and logger.isEnabledFor(logging.WARNING)


def log(findings: Sequence[Finding], complaints: Sequence[str], label: str) -> None:
    """
    Write findings to the log ``quell``, one warning each, and each at most once per ``QUELL_LOG_SECONDS``.

    A record has ``quell_finding``, plain values that JSON holds, ``quell_label``, and ``quell_repeated``: how often
    this process saw the finding since its last record without writing one.
    """
    seconds = get_settings().log_seconds
    for finding in findings:
        repeated = seen.take(identity_of(finding), seconds)
        if repeated is None:
            continue
        extra = {"quell_finding": as_data(finding), "quell_label": label, "quell_repeated": repeated}
        logger.warning("%s", describe(finding, base_dir()), extra=extra)
    for complaint in complaints:
        if seen.take(complaint, seconds) is not None:
            logger.warning("%s", below(complaint, base_dir()))
