"""
Whether a call path runs through a loop that somebody wrote over rows.

That is a ``for``, a ``while`` or a comprehension of user code, ``{% for %}`` of a user's template, or a library that
runs the statement itself: a serializer, a form, a changelist. A library that calls user code again and again, such as
an admin that asks for a permission, is no loop over rows by itself.
"""

import dis
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from types import CodeType, FrameType

from quell.lineage.callpath import CallPath, Frame
from quell.lineage.drivers import FieldNote, NodeNote
from quell.lineage.usercode import ORM, is_user_code, is_user_file

_MAPPING = frozenset({"map", "filter", "starmap", "reduce"})


# The loops that were running when a scope was opened: the offsets in the code of each frame around it.
Surroundings = Mapping[int, tuple[int, ...]]


def surroundings_of(frame: FrameType | None) -> Surroundings:
    """Return where the frames around a scope are while it is open: a loop around the scope runs it once per round."""
    found: dict[int, tuple[int, ...]] = {}
    while frame is not None:
        number = id(frame.f_code)
        found[number] = (*found.get(number, ()), frame.f_lasti)
        frame = frame.f_back
    return found


def is_in_user_loop(path: CallPath) -> bool:
    """Tell whether a loop over rows leads to a statement; kept per path."""
    known: bool | None = path.facts.get("is_in_user_loop")
    if known is None:
        known = path.facts["is_in_user_loop"] = _is_run_by_library(path) or any(
            isinstance(frame.note, FieldNote) or is_user_loop(frame, path.surroundings)
            for frame in path.frames
        )
    return known


def _is_run_by_library(path: CallPath) -> bool:
    for frame in path.frames:
        if not frame.code.co_filename.startswith(ORM):
            return not is_user_code(frame.code)
    return False


def is_user_loop(frame: Frame, surroundings: Surroundings) -> bool:
    """Tell whether a frame of the user's, or ``{% for %}`` of their template, is in the middle of a loop."""
    if isinstance(frame.note, NodeNote):
        origin = frame.note.origin
        return frame.note.is_loop and origin is not None and is_user_file(str(origin.name))
    return is_user_code(frame.code) and is_at_loop(frame, surroundings)


def is_at_loop(frame: Frame, surroundings: Surroundings) -> bool:
    """Tell whether a frame is in the middle of a loop inside of the scope, whoever wrote it."""
    return bool(_loops_around(frame, surroundings))


def is_at_while(frame: Frame, surroundings: Surroundings) -> bool:
    """Tell whether the innermost loop that a frame is in goes on until something holds, rather than over things."""
    if isinstance(frame.note, NodeNote):
        return False
    around = [(end - start, start) for start, end in _loops_around(frame, surroundings)]
    return bool(around) and min(around)[1] not in _iterating(frame.code)


def _loops_around(frame: Frame, surroundings: Surroundings) -> list[tuple[int, int]]:
    outside = surroundings.get(id(frame.code), ())
    return [
        (start, end)
        for start, end in _loop_ranges(frame.code)
        if start <= frame.lasti <= end and not any(start <= offset <= end for offset in outside)
    ]


def is_at_map(frame: Frame, surroundings: Surroundings) -> bool:
    """Tell whether a frame of the user's is in the middle of ``map()`` or the like: a loop without a frame."""
    if isinstance(frame.note, NodeNote) or _MAPPING.isdisjoint(frame.code.co_names):
        return False
    is_inside = frame.lasti not in surroundings.get(id(frame.code), ())
    return is_inside and is_user_code(frame.code) and _is_inside_of_map(frame.code, frame.lasti)


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
    instructions = tuple(dis.get_instructions(code))
    return tuple(
        (found.argval, found.offset)
        for before, found in pairwise(instructions)
        if "JUMP_BACKWARD" in found.opname and not _is_of_await(before, found)
    )


def _is_of_await(before: dis.Instruction, jump: dis.Instruction) -> bool:
    """Tell whether a jump only waits for a coroutine, or leads back from what was thrown into one."""
    return "NO_INTERRUPT" in jump.opname or before.opname == "CLEANUP_THROW"


@lru_cache(maxsize=2048)
def _iterating(code: CodeType) -> frozenset[int]:
    """Return the offsets at which a loop takes its next thing, with those of the prefixes of the instruction."""
    found: set[int] = set()
    prefixes: list[int] = []
    for instruction in dis.get_instructions(code):
        prefixes.append(instruction.offset)
        if instruction.opname in {"FOR_ITER", "GET_ANEXT"}:
            found.update(prefixes)
        if instruction.opname != "EXTENDED_ARG":
            prefixes = []
    return frozenset(found)
