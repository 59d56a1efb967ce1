"""
The call path of a statement: which code ran it, by which instruction of each frame.

# Note [One path, one loop]
A path is the code object and the instruction of every frame, from the statement out to the request, task or test
that runs the code. Two statements with the same path were run by a frame that did not move on in between: nothing
else can reach the same instruction of every frame twice. So equal paths are a loop, and a helper that is called
from two lines is not. Frames that walk over things of other people (a template's nodes, a serializer's fields)
stay at one instruction although they moved on, so what they walk over belongs to the path.
"""

import sys
from collections.abc import Hashable
from contextvars import ContextVar
from dis import opmap
from itertools import count
from threading import get_ident
from types import CodeType, FrameType
from typing import Any

from asgiref.sync import SyncToAsync

from quell.lineage.accesses import ALWAYS_ASKED, ASKED_OF_ORM, STOP, Access, stop
from quell.lineage.sites import is_manager_code
from quell.lineage.usercode import is_user_file, known_files

_THREAD_CODE = SyncToAsync.thread_handler.__code__
_PRECALL = opmap.get("PRECALL", -1)
_numbers = count(1)

# The frames that wait for a thread, and that thread: asgiref copies context variables back to those who waited,
# and to them their own frames are no caller.
caller_path: ContextVar[tuple[int, tuple["Frame", ...]]] = ContextVar("quell_caller_path", default=(0, ()))
# Told apart by number, so that two requests of one scope are never one loop.
current_unit: ContextVar[int] = ContextVar("quell_unit", default=0)


class Frame:
    """A frame of a path: its code, its instruction, and what it was walking over."""

    __slots__ = ("code", "lasti", "note")

    def __init__(self, code: CodeType, lasti: int, note: Any) -> None:
        self.code = code
        self.lasti = lasti
        self.note = note


class CallPath:
    """A path that a scope saw, with the frames innermost first, and the request that it was part of."""

    __slots__ = ("facts", "frames", "number", "unit")

    def __init__(self, frames: tuple[Frame, ...], unit: int) -> None:
        self.number = next(_numbers)
        self.frames = frames
        self.unit = unit
        self.facts: dict[Hashable, Any] = {}


def walk(frame: FrameType | None, access: Access, last: FrameType | None = None) -> list[Any]:
    """
    Return the key of the path that leads to a frame, and fill ``access`` from the frames of the ORM.

    Args:
        frame: The innermost frame.
        access: What to fill.
        last: Where to stop: a frame that opened the scope waits, and so do all that called it.
    """
    key: list[Any] = []
    add = key.append
    special, of_orm = ALWAYS_ASKED, ASKED_OF_ORM
    is_open = True
    while frame is not None:
        code = frame.f_code
        number = id(code)
        # An instruction has an address of its own, as it is part of its code object.
        add(number + frame.f_lasti)
        if number in special:
            note = special[number](frame, access)
            if note is not None:
                if note is STOP:
                    break
                add(note)
        elif is_open:
            file = code.co_filename
            if number in of_orm:
                of_orm[number](frame, access)
            elif known_files[file] if file in known_files else is_user_file(file):
                is_open = is_manager_code(code, frame)
        frame = frame.f_back if frame is not last else None
    return key


def collect(frame: FrameType | None) -> tuple[Frame, ...]:
    """Return the frames of a path; done once per path."""
    frames: list[Frame] = []
    waiting = callers()
    while frame is not None:
        if frame.f_code is _THREAD_CODE:
            # asgiref may run the job on a thread that itself waits, deep inside of other user code.
            frames.extend(waiting)
            waiting = ()
        handler = ALWAYS_ASKED.get(id(frame.f_code))
        note = handler(frame, Access()) if handler is not None else None
        if note is STOP:
            frames.append(Frame(frame.f_code, beginning_of(frame), _boundary(frame)))
            break
        frames.append(Frame(frame.f_code, beginning_of(frame), note))
        frame = frame.f_back
    return (*frames, *waiting)


def beginning_of(frame: FrameType) -> int:
    """
    Return the offset of the instruction that a frame is at.

    Before Python 3.13 a call that the interpreter has specialised rests elsewhere, so that one loop would have two
    paths: that of a property or a generator on the inline cache behind its instruction, and in Python 3.11 that of
    ``list()`` on the PRECALL in front of its CALL.
    """
    offset = frame.f_lasti
    if sys.version_info < (3, 13):
        code = frame.f_code.co_code
        while offset > 0 and not code[offset]:
            offset -= 2
        if code[offset] == _PRECALL:
            offset += 4
    return offset


def instructions(frame: FrameType | None) -> tuple[tuple[int, int], ...]:
    """Return code and instruction of every frame, without notes: what a rerun of unchanged code repeats."""
    found = []
    while frame is not None:
        number = id(frame.f_code)
        found.append((number, beginning_of(frame)))
        if ALWAYS_ASKED.get(number) is stop:
            break
        frame = frame.f_back
    found.extend((id(item.code), item.lasti) for item in callers())
    return tuple(found)


def callers() -> tuple[Frame, ...]:
    """Return the frames that wait for this thread, innermost first."""
    thread, frames = caller_path.get()
    return frames if frames and thread == get_ident() else ()


def _boundary(frame: FrameType) -> Any:
    view = frame.f_locals.get("callback")
    return ("view", view) if view is not None else None
