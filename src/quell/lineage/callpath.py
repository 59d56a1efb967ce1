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
from collections.abc import Callable, Hashable, Mapping
from contextvars import ContextVar
from dis import opmap
from functools import partial
from itertools import count
from types import CodeType, FrameType
from typing import Any, NamedTuple

from asgiref.sync import SyncToAsync

from quell.lineage.accesses import ALWAYS_ASKED, LOOPS, STOP, Access
from quell.lineage.libraries import learned, prepare
from quell.lineage.ownthread import own

_THREAD_CODE = SyncToAsync.thread_handler.__code__
# The event loop takes a task one step further.
STEP_CODE = asyncio.Handle._run.__code__
_PRECALL = opmap.get("PRECALL", -1)
_numbers = count(1)

# What waits for a thread, and that thread: asgiref copies context variables back to those who waited, and to them
# their own frames are no caller.
caller_path: ContextVar[tuple[object, "Outer | None"]] = ContextVar("quell_caller_path", default=(None, None))
# What made the task that runs: its own stack begins in the event loop.
created_path: ContextVar["Outer | None"] = ContextVar("quell_created_path", default=None)
# Told apart by number, so that two requests of one scope are never one loop.
current_unit: ContextVar[int] = ContextVar("quell_unit", default=0)


class Frame(NamedTuple):
    """A frame of a path: its code, its instruction, and what it was walking over."""

    code: CodeType
    lasti: int
    note: Any

    @property
    def same(self) -> tuple[Any, ...]:
        """What is equal where the frame is; a view may be one that has no hash, and whoever has the frame keeps it."""
        note = self.note
        return id(self.code), self.lasti, id(note[1]) if type(note) is tuple else note


# Its own constructor is a Python call.
_new_frame: Callable[[tuple[Any, ...]], Frame] = partial(tuple.__new__, Frame)


class Route:
    """The frames of a path, innermost first; one for all who go it, for as long as it is remembered."""

    __slots__ = ("_frames", "_raw", "_same", "_shape")

    def __init__(self, frames: tuple[Frame, ...]) -> None:
        self._raw = frames
        self._frames: tuple[Frame, ...] | None = None
        self._same: tuple[Any, ...] | None = None
        self._shape: int | None = None

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames, with the instruction that each of them was at."""
        if sys.version_info < (3, 13):
            if self._frames is None:
                self._frames = tuple(
                    item._replace(lasti=beginning_of(item.code, item.lasti)) for item in self._raw
                )
            return self._frames
        return self._raw

    @property
    def same(self) -> tuple[Any, ...]:
        """What is equal where the frames are; one path may be met by other offsets and marks."""
        if self._same is None:
            self._same = tuple(item.same for item in self.frames)
        return self._same

    @property
    def shape(self) -> int:
        """A hash of what tells the route from others."""
        if self._shape is None:
            self._shape = hash(self.same)
        return self._shape

    @property
    def code(self) -> list[CodeType]:
        """The code of each frame, which keeps its address as long as somebody keeps it."""
        return [item.code for item in self._raw]


class CallPath:
    """A path that a scope saw, and the request that it was part of."""

    __slots__ = ("_known", "_number", "facts", "route", "surroundings", "unit")

    def __init__(
        self, route: Route, known: dict[Hashable, int], surroundings: Mapping[int, tuple[int, ...]]
    ) -> None:
        self.route = route
        self._known = known
        self.unit = current_unit.get()
        self._number = 0
        self.facts: dict[Hashable, Any] = {}
        # Where the frames around the scope are, by the address of their code.
        self.surroundings = surroundings

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames, innermost first."""
        return self.route.frames

    @property
    def number(self) -> int:
        """What tells the paths of a scope apart."""
        if not self._number:
            self._number = self._known.setdefault((self.unit, self.route.same), next(_numbers))
        return self._number


class Outer:
    """What lies outside of a frame; it marks that frame. See Note [Marked frames]."""

    __slots__ = ("frames", "number")

    def __init__(self, frames: tuple[Frame, ...]) -> None:
        # Less than any address.
        self.number = -next(_numbers)
        self.frames = frames

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        """Trace nothing: a tracer that was started meanwhile takes this for its own."""


def collect(frame: FrameType | None, *, by_marks: bool = False) -> tuple[Frame, ...]:
    """Return the frames of a path, the outer ones from a mark where there is one; done once per path."""
    if len(sys.modules) != learned.module_count:
        # The first request imports the views, and with them serializers and the admin.
        prepare()
    found: list[tuple[Any, ...]] = []
    add = found.append
    special = ALWAYS_ASKED
    outer, created = callers(), created_path.get()
    while frame is not None:
        code = frame.f_code
        if code is _THREAD_CODE:
            # asgiref may run the job on a thread that itself waits, deep inside of other user code.
            found.extend(outer.frames if outer is not None else ())
            outer = created = None
        elif code is STEP_CODE and created is not None:
            # What lies further out is whatever the event loop is run by.
            add((code, frame.f_lasti, None))
            outer = created
            break
        note = special[id(code)](frame, Access()) if id(code) in special else None
        if note is STOP:
            add((code, frame.f_lasti, view_of(frame)))
            break
        add((code, frame.f_lasti, note))
        if by_marks:
            mark: Any = frame.f_trace
            if type(mark) is Outer:
                outer = mark
                break
        frame = frame.f_back
    # Made at once, which is half of the work.
    return (*map(_new_frame, found), *(outer.frames if outer is not None else ()))


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


def callers() -> Outer | None:
    """Return what waits for this thread."""
    key, outer = caller_path.get()
    return outer if outer is not None and key is own.key else None


def view_of(frame: FrameType) -> Any:
    """Return the view of a request whose frame this is."""
    view = frame.f_locals.get("callback")
    return ("view", view) if view is not None else None


def created_number(frame: FrameType, access: Access) -> int | None:
    """Tell what made the task that the event loop takes one step further."""
    created = created_path.get()
    return created.number if created is not None else None


ALWAYS_ASKED[id(STEP_CODE)] = created_number
# Its frame stays while tasks and rounds come and go.
LOOPS.add(id(asyncio.BaseEventLoop.run_forever.__code__))
