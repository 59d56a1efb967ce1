"""
Where an open transaction began, found when an error has to say so.

# Note [Finding an atomic block]
Django's blocks do not know their line. A block that is a decorator has a frame of ``contextlib`` that holds it; one
that is a ``with`` statement has nothing, so the source of each running function is searched for the ``with`` around
the line that it is at. Both happen on the way to an error only.
"""

import ast
import linecache
import sys
from collections.abc import Iterator
from contextlib import ContextDecorator
from textwrap import dedent
from types import CodeType, FrameType
from typing import NamedTuple

from django.core.handlers.base import BaseHandler
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import Atomic

from quell.events import Location
from quell.lineage.usercode import is_user_file

# The function that every decorator of ContextDecorator returns: its frame holds the block.
_DECORATED = [code for code in ContextDecorator.__call__.__code__.co_consts if isinstance(code, CodeType)]


class Origin(NamedTuple):
    """What opened a transaction, in words, and the line where it did."""

    opened_by: str
    opened_at: Location | None

    def __str__(self) -> str:
        return f"{self.opened_by} at {self.opened_at}" if self.opened_at else self.opened_by


class Place(NamedTuple):
    """An instruction, from which the line is worked out only when somebody asks."""

    code: CodeType
    lasti: int

    def location(self) -> Location:
        """Return the line."""
        lines = (line for first, last, line in self.code.co_lines() if first <= self.lasti < last and line)
        return Location(self.code.co_filename, next(lines, self.code.co_firstlineno), self.code.co_qualname)


def place_of(frame: FrameType | None) -> Place | None:
    """Return the first place of user code from a frame outwards; the frame itself where there is none."""
    found = frame
    while found is not None and not is_user_file(found.f_code.co_filename):
        found = found.f_back
    found = found or frame
    return Place(found.f_code, found.f_lasti) if found is not None else None


def origin_of(connection: BaseDatabaseWrapper, block: Atomic | None) -> Origin:
    """
    Tell where the transaction of a connection began.

    Args:
        connection: A connection with an open transaction.
        block: Its outermost block, ``None`` where autocommit is switched off by hand.
    """
    if block is None:
        return Origin("set_autocommit(False)", None)
    name = getattr(block, "service", "")
    if name:
        place: Place | None = getattr(block, "place", None)
        return Origin(name, place.location() if place else None)
    frames = list(_frames())
    return _decorator(block, frames, connection) or _statement(frames) or Origin("transaction.atomic()", None)


def origin_at(connection: BaseDatabaseWrapper, block: Atomic, frame: FrameType) -> Origin:
    """
    Tell where a transaction began that has just been opened.

    Args:
        connection: Its connection.
        block: Its outermost block.
        frame: The code that entered the block.
    """
    if getattr(block, "service", ""):
        return origin_of(connection, block)
    place = place_of(frame)
    found = _decorator(block, [frame], connection)
    return found or Origin("transaction.atomic()", place.location() if place is not None else None)


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _decorator(block: Atomic, frames: list[FrameType], connection: BaseDatabaseWrapper) -> Origin | None:
    for frame in frames:
        if frame.f_code not in _DECORATED or frame.f_locals.get("self") is not block:
            continue
        function = frame.f_locals.get("func")
        code = getattr(function, "__code__", None)
        at = Location(code.co_filename, code.co_firstlineno, code.co_qualname) if code else None
        if connection.settings_dict.get("ATOMIC_REQUESTS") and _is_called_by_handler(frame):
            return Origin("ATOMIC_REQUESTS, around the view", at)
        return Origin("@transaction.atomic", at)
    return None


def _is_called_by_handler(frame: FrameType) -> bool:
    caller = frame.f_back
    return caller is not None and caller.f_code is BaseHandler.__dict__["_get_response"].__code__


def _statement(frames: list[FrameType]) -> Origin | None:
    """Return the outermost ``with ...atomic(...)`` around a line that is running."""
    for frame in reversed(frames):
        for line in _atomic_lines(frame):
            return Origin(
                "transaction.atomic()", Location(frame.f_code.co_filename, line, frame.f_code.co_qualname)
            )
    return None


def _atomic_lines(frame: FrameType) -> Iterator[int]:
    code = frame.f_code
    source = linecache.getlines(code.co_filename, frame.f_globals)
    last = max((line for _, _, line in code.co_lines() if line), default=0)
    if not any("atomic" in text for text in source[code.co_firstlineno - 1 : last]):
        return
    try:
        tree = ast.parse(dedent("".join(source)))
    except SyntaxError:  # a file that changed since it was imported
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.With) and code.co_firstlineno <= node.lineno <= frame.f_lineno <= _end(node):
            yield from (item.context_expr.lineno for item in node.items if _is_atomic(item.context_expr))


def _end(node: ast.With) -> int:
    return node.end_lineno or node.lineno


def _is_atomic(node: ast.expr) -> bool:
    function = node.func if isinstance(node, ast.Call) else node
    return getattr(function, "attr", getattr(function, "id", "")) == "atomic"
