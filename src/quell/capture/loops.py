"""
Whether a call path runs through a loop that somebody wrote over rows.

That is a ``for``, a ``while`` or a comprehension of user code, ``{% for %}`` of a user's template, or a library that
runs the statement itself: a serializer, a form, a changelist. A library that calls user code again and again, such as
an admin that asks for a permission, is no loop over rows by itself.
"""

import dis
import os
from functools import lru_cache
from types import CodeType

from django import db
from django.template.base import Node
from django.template.defaulttags import ForNode

from quell.lineage.callpath import CallPath, Frame
from quell.lineage.drivers import FieldNote
from quell.lineage.usercode import is_user_code, is_user_file

_MAPPING = frozenset({"map", "filter", "starmap", "reduce"})
_ORM = os.path.dirname(db.__file__) + os.sep


def is_in_user_loop(path: CallPath) -> bool:
    """Tell whether a loop over rows leads to a statement; kept per path."""
    known: bool | None = path.facts.get("is_in_user_loop")
    if known is None:
        known = path.facts["is_in_user_loop"] = _is_run_by_library(path) or any(
            isinstance(frame.note, FieldNote) or is_user_loop(frame) for frame in path.frames
        )
    return known


def _is_run_by_library(path: CallPath) -> bool:
    for frame in path.frames:
        if not frame.code.co_filename.startswith(_ORM):
            return not is_user_code(frame.code)
    return False


def is_user_loop(frame: Frame) -> bool:
    """Tell whether a frame of the user's, or ``{% for %}`` of their template, is in the middle of a loop."""
    if isinstance(frame.note, Node):
        origin = getattr(frame.note, "origin", None)
        return isinstance(frame.note, ForNode) and origin is not None and is_user_file(str(origin.name))
    return is_user_code(frame.code) and is_at_loop(frame)


def is_at_loop(frame: Frame) -> bool:
    """Tell whether a frame is in the middle of a loop, whoever wrote it."""
    return any(start <= frame.lasti <= end for start, end in _loop_ranges(frame.code))


def is_at_map(frame: Frame) -> bool:
    """Tell whether a frame of the user's is in the middle of ``map()`` or the like: a loop without a frame."""
    if isinstance(frame.note, Node) or _MAPPING.isdisjoint(frame.code.co_names):
        return False
    return is_user_code(frame.code) and _is_inside_of_map(frame.code, frame.lasti)


@lru_cache(maxsize=2048)
def _is_inside_of_map(code: CodeType, lasti: int) -> bool:
    """Tell whether the call that an instruction makes contains the name of such a function."""
    instructions = tuple(dis.get_instructions(code))
    call = next((found.positions for found in instructions if found.offset == lasti), None)
    return call is not None and any(
        found.argval in _MAPPING and found.offset < lasti and _is_within(found.positions, call)
        for found in instructions
        if "LOAD" in found.opname
    )


def _is_within(part: dis.Positions | None, whole: dis.Positions) -> bool:
    if part is None or None in (*part, *whole):
        # Python was told to keep no columns.
        return False
    start, end = (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)
    return (whole.lineno, whole.col_offset) <= start and end <= (whole.end_lineno, whole.end_col_offset)


@lru_cache(maxsize=2048)
def _loop_ranges(code: CodeType) -> tuple[tuple[int, int], ...]:
    """Return first and last offset of every loop: what lies between a jump back and its target."""
    return tuple(
        (instruction.argval, instruction.offset)
        for instruction in dis.get_instructions(code)
        if "JUMP_BACKWARD" in instruction.opname
    )
