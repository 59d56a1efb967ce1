"""
The call path of a statement: which code ran it, by which instruction of each frame.

# Note [One path, one loop]
A path is the code object and the instruction of every frame, from the statement out to the request, task or test
that runs the code. Two statements with the same path were run by a frame that did not move on in between: nothing
else can reach the same instruction of every frame twice. So equal paths are a loop, and a helper that is called
from two lines is not. Frames that walk over things of other people (a template's nodes, a serializer's fields)
stay at one instruction although they moved on, so what they walk over belongs to the path.
"""

import asyncio
import sys
import threading
from collections.abc import Callable, Hashable, Mapping
from contextvars import ContextVar
from dis import opmap
from functools import partial
from itertools import count
from types import CodeType, FrameType
from typing import Any, NamedTuple

from asgiref.sync import SyncToAsync

from quell.lineage.accesses import ALWAYS_ASKED, STOP, Access
from quell.lineage.libraries import learned, prepare

_THREAD_CODE = SyncToAsync.thread_handler.__code__
# The event loop takes a task one step further.
STEP_CODE = asyncio.Handle._run.__code__
_PRECALL = opmap.get("PRECALL", -1)
_numbers = count(1)

# The frames that wait for a thread, and that thread: asgiref copies context variables back to those who waited,
# and to them their own frames are no caller.
caller_path: ContextVar[tuple[object, tuple["Frame", ...]]] = ContextVar(
    "quell_caller_path", default=(None, ())
)
# The frames that made the task that runs: its own stack begins in the event loop.
created_path: ContextVar[tuple["Frame", ...]] = ContextVar("quell_created_path", default=())
# Told apart by number, so that two requests of one scope are never one loop.
current_unit: ContextVar[int] = ContextVar("quell_unit", default=0)


class _Thread(threading.local):
    """What tells a thread apart for good: the next one may get the number of one that has ended."""

    def __init__(self) -> None:
        self.key = object()


_thread = _Thread()


def thread_key() -> object:
    """Return what tells this thread from every other one."""
    return _thread.key


class Frame(NamedTuple):
    """A frame of a path: its code, its instruction, and what it was walking over."""

    code: CodeType
    lasti: int
    note: Any


# Its own constructor is a Python call.
_new_frame: Callable[[tuple[Any, ...]], Frame] = partial(tuple.__new__, Frame)


class CallPath:
    """A path that a scope saw, with the frames innermost first, and the request that it was part of."""

    __slots__ = ("_frames", "_known", "_number", "facts", "surroundings", "unit")

    def __init__(self, frames: tuple[Frame, ...], known: dict[Hashable, int]) -> None:
        self._frames = frames
        self._known = known
        self.unit = current_unit.get()
        self._number = 0
        self.facts: dict[Hashable, Any] = {}
        # Where the frames around the scope are, by the address of their code.
        self.surroundings: Mapping[int, tuple[int, ...]] = {}

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames, with the instruction that each of them was at."""
        frames: tuple[Frame, ...] | None = self.facts.get("frames")
        if frames is None:
            frames = tuple(item._replace(lasti=beginning_of(item.code, item.lasti)) for item in self._frames)
            self.facts["frames"] = frames
        return frames

    @property
    def shape(self) -> int:
        """What paths of two scopes have in common: a hash of the code and the instruction of each frame."""
        # An instruction has an address of its own, as it is part of its code object.
        return hash(tuple([id(code) + lasti for code, lasti, _ in self._frames]))

    @property
    def code(self) -> list[CodeType]:
        """The code of each frame, which keeps its address as long as somebody keeps it."""
        return [item.code for item in self._frames]

    @property
    def number(self) -> int:
        """What tells paths apart; one path may be met by other offsets and marks."""
        if not self._number:
            same = (self.unit, *((id(item.code), item.lasti, item.note) for item in self.frames))
            self._number = self._known.setdefault(same, next(_numbers))
        return self._number


class Outer:
    """What lies outside of a frame; it marks that frame. See Note [Marked frames]."""

    __slots__ = ("frames", "marks", "number")

    def __init__(self, number: int, frames: tuple[Frame, ...], marks: "Marks") -> None:
        self.number = number
        self.frames = frames
        self.marks = marks

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        """Trace nothing: a tracer that was started meanwhile takes this for its own."""


Marks = dict[tuple[Any, ...], Outer]


def collect(frame: FrameType | None, marks: Marks | None = None) -> tuple[Frame, ...]:
    """Return the frames of a path, the outer ones from a mark where there is one; done once per path."""
    if len(sys.modules) != learned.module_count:
        # The first request imports the views, and with them serializers and the admin.
        prepare()
    found: list[tuple[Any, ...]] = []
    add = found.append
    special = ALWAYS_ASKED
    waiting, created = callers(), created_path.get()
    while frame is not None:
        code = frame.f_code
        if code is _THREAD_CODE:
            # asgiref may run the job on a thread that itself waits, deep inside of other user code.
            found.extend(waiting)
            waiting = created = ()
        elif code is STEP_CODE and created:
            # What lies further out is whatever the event loop is run by.
            add((code, frame.f_lasti, None))
            waiting = created
            break
        note = special[id(code)](frame, Access()) if id(code) in special else None
        if note is STOP:
            add((code, frame.f_lasti, _boundary(frame)))
            break
        add((code, frame.f_lasti, note))
        if marks is not None:
            mark: Any = frame.f_trace
            if type(mark) is Outer and mark.marks is marks:
                waiting = mark.frames
                break
        frame = frame.f_back
    # Made at once, which is half of the work.
    return (*map(_new_frame, found), *waiting)


def beginning_of(code: CodeType, offset: int) -> int:
    """
    Return the offset of the instruction that a frame is at, for the offset that the frame tells.

    Before Python 3.13 a call that the interpreter has specialised rests elsewhere, so that one loop would have two
    paths: that of a property or a generator on the inline cache behind its instruction, and in Python 3.11 that of
    ``list()`` on the PRECALL in front of its CALL.
    """
    if sys.version_info < (3, 13):
        text = code.co_code
        while offset > 0 and not text[offset]:
            offset -= 2
        if text[offset] == _PRECALL:
            offset += 4
    return offset


def instructions(frame: FrameType | None) -> tuple[tuple[int, int], ...]:
    """Return code and instruction of every frame, without notes: what a rerun of unchanged code repeats."""
    return tuple((id(item.code), beginning_of(item.code, item.lasti)) for item in collect(frame))


def callers() -> tuple[Frame, ...]:
    """Return the frames that wait for this thread, innermost first."""
    key, frames = caller_path.get()
    return frames if frames and key is thread_key() else ()


def _boundary(frame: FrameType) -> Any:
    view = frame.f_locals.get("callback")
    return ("view", view) if view is not None else None
