"""Count the Python calls of quell that a block makes."""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import quell
from quell.lineage.effects import _Audit

# Once a test has added it, it is called for good: for what Python does, not for what quell does.
_HOOK = _Audit._hook.__code__
_HOME = str(Path(quell.__file__).parent)
Calls = Counter[str]


@contextmanager
def _by_monitoring(calls: Calls) -> Iterator[None]:
    """Count starts and resumptions of all threads."""
    monitoring: Any = sys.monitoring
    events = monitoring.events
    tool = next(number for number in range(6) if monitoring.get_tool(number) is None)

    def see(code: CodeType, offset: int) -> None:
        if code.co_filename.startswith(_HOME) and code is not _HOOK:
            calls[code.co_qualname] += 1

    monitoring.use_tool_id(tool, "quell-cost")
    try:
        for event in (events.PY_START, events.PY_RESUME):
            monitoring.register_callback(tool, event, see)
        monitoring.set_events(tool, events.PY_START | events.PY_RESUME)
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)


@contextmanager
def _by_profile(calls: Calls) -> Iterator[None]:
    """Count calls of this thread, and of those that are started in the block; a resumption is a call, too."""

    def see(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(_HOME) and code is not _HOOK:
            calls[code.co_qualname] += 1

    before = sys.getprofile()
    threading.setprofile(see)
    sys.setprofile(see)
    try:
        yield
    finally:
        sys.setprofile(before)
        threading.setprofile(None)


_count: Callable[[Calls], AbstractContextManager[None]] = (
    _by_monitoring if sys.version_info >= (3, 12) else _by_profile
)


@contextmanager
def counted() -> Iterator[Calls]:
    """Yield the calls of quell's code in this thread, by qualified name."""
    calls: Calls = Counter()
    with _count(calls):
        yield calls


def calls_of(work: Callable[[], object]) -> Calls:
    """Return the calls of quell's code that some work makes."""
    with counted() as calls:
        work()
    return calls


def calls_by_size(work: Callable[[int], object], *sizes: int) -> list[Calls]:
    """Return the calls at each size, all on one line; first runs fill the caches."""
    # What comes from another place each time is learnt ever more rarely: not in the fourth round.
    found = [calls_of(partial(work, size)) for size in sizes * 4]
    return found[-len(sizes) :]
