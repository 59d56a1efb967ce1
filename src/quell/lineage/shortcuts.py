"""
What a scope remembers of a statement, so that a loop that repeats it is not walked frame by frame.

# Note [Shortcuts]
A frame that carries our mark has the same frames outside of it as the last time (see Note [Marked frames]). If it
also rests at the same instruction, at the same depth above the same text of SQL, and if only the ORM runs in between,
then the path is the one of the last time. A function that a loop calls has a new frame each time; there the mark of
its caller tells. Where a queryset ran the statement, the fetch is the one that began last in this thread, and what
the frames told about it the last time is true of it, too: only the instance that asked is another. Elsewhere the
frames that name the instance and the compiler are looked at again.

A template or a serializer walks over things that are no part of the stack, and what they call lies below new frames
each time. There the frames of the ORM are passed over in the same way, and those that lie further out are walked.
"""

import os
import sys
from types import CodeType, FrameType
from typing import Any

from django import db

from quell.lineage.accesses import ALWAYS_ASKED, ASKED_OF_ORM, ROLES, Access, Handler
from quell.lineage.alias import FetchAlias, FetchRecord
from quell.lineage.callpath import CallPath, Marks, Outer
from quell.lineage.repeated import Repeated, repeated_of
from quell.lineage.walking import see_user, walk

# recall(), Scope._record() and Scope.__call__() lie between here and the frame of the cursor.
_DEPTH = 3
_ORM = os.path.dirname(db.__file__) + os.sep


class Statement:
    """A text of SQL, and the way to it if a loop repeats it."""

    __slots__ = (
        "_asked", "_caller_code", "_caller_lasti", "_caller_mark", "_code", "_depth", "_lasti", "_mark", "_method",
        "_path", "_repeated", "_rest", "_tries", "text",
    )  # fmt: skip

    def __init__(self, text: str) -> None:
        self.text = text
        self._path: CallPath | None = None
        self._repeated: Repeated | None = None
        # The key of what lies outside of the ORM, where that is walked each time.
        self._rest: tuple[Any, ...] = ()
        self._tries = -1

    def recall(
        self, pending: FetchRecord | None, marks: Marks
    ) -> tuple[CallPath, FetchRecord | None, Access | None] | None:
        """
        Return the path of the last time, if this is the same place.

        Args:
            pending: The fetch that began last in this thread.
            marks: What lies outside of the frames that were marked so far.

        Returns:
            The path, the fetch, and what the frames of the ORM told where they had to be asked; ``None`` where all
            frames have to be walked.
        """
        path, repeated = self._path, self._repeated
        if path is None:
            return None
        try:
            frame = sys._getframe(_DEPTH + self._depth)
            is_same = frame.f_lasti == self._lasti and frame.f_code is self._code
            if is_same and self._rest:
                is_same = walk(frame, Access(), marks) == self._rest
            elif is_same:
                mark = frame.f_trace
                is_same = mark is self._mark or (mark is None and self._is_called_as_before(frame.f_back))
            if is_same and repeated is None:
                return self._ask(path)
        except ValueError:
            # The stack is not that deep.
            return None
        if not is_same or repeated is None or pending is None or pending.model is not repeated.model:
            return None
        # A fetch that has run was told by another scope of this context.
        if not pending.has_run and not repeated.tell(pending):
            return None
        self._tries = 0
        return path, pending, None

    def _is_called_as_before(self, caller: FrameType | None) -> bool:
        return (
            caller is not None
            and caller.f_trace is self._caller_mark
            and caller.f_lasti == self._caller_lasti
            and caller.f_code is self._caller_code
        )

    def _ask(self, path: CallPath) -> tuple[CallPath, FetchRecord | None, Access | None] | None:
        access = Access()
        for depth, code, handler in self._asked:
            frame = sys._getframe(_DEPTH + 1 + depth)
            if frame.f_code is not code:
                return None
            handler(frame, access)
        access.method = self._method
        self._tries = 0
        return path, fetch_of(access), access

    def learn(
        self,
        frame: FrameType | None,
        access: Access,
        path: CallPath,
        fetch: FetchRecord | None,
        pending: FetchRecord | None,
        marks: Marks,
    ) -> None:
        """
        Remember the way from the frame of the cursor to the user's code, from the second time on.

        Args:
            frame: The frame of the cursor.
            access: What the frames told.
            path: The path that they are.
            fetch: The one that runs, if a queryset is behind the statement.
            pending: The one that began last in this thread.
            marks: What lies outside of the frames that were marked so far.
        """
        self._tries += 1
        # A text that comes from another place each time is learnt ever more rarely.
        if not self._tries or self._tries & (self._tries - 1) or access.is_threaded:
            return
        self._path = None
        asked: list[tuple[int, CodeType, Handler]] = []
        first: tuple[FrameType, int] | None = None
        depth = 0
        while frame is not None:
            code = frame.f_code
            role = ROLES.get(id(code))
            if first is None and not code.co_filename.startswith(_ORM):
                first = frame, depth
            is_user = role is see_user
            if is_user or (callable(role) and id(code) not in ASKED_OF_ORM):
                self._repeated = repeated_of(fetch, pending)
                if is_user and (self._tries == 1 or self._repeated is None):
                    self._end_at(frame, depth)
                    self._asked, self._method = tuple(asked), access.method
                    self._rest, self._path = (), path
                elif self._repeated is not None:
                    self._begin_at(*(first or (frame, depth)), marks)
                    self._path = path
                return
            if callable(role):
                asked.append((depth, code, role))
            frame = frame.f_back
            depth += 1

    def _begin_at(self, frame: FrameType, depth: int, marks: Marks) -> None:
        """Remember the frame that asks the ORM, and what leads to it."""
        self._depth, self._code, self._lasti = depth, frame.f_code, frame.f_lasti
        self._rest = walk(frame, Access(), marks)

    def _end_at(self, frame: FrameType, depth: int) -> None:
        self._depth, self._code, self._lasti = depth, frame.f_code, frame.f_lasti
        self._mark = frame.f_trace if isinstance(frame.f_trace, Outer) else self
        caller = frame.f_back
        self._caller_mark: object = self
        if caller is not None and isinstance(caller.f_trace, Outer) and id(caller.f_code) not in ALWAYS_ASKED:
            self._caller_mark = caller.f_trace
            self._caller_lasti, self._caller_code = caller.f_lasti, caller.f_code


def fetch_of(access: Access) -> FetchRecord | None:
    """Return the fetch that a compiler runs."""
    using = getattr(access.compiler, "using", None)
    return using.fetch if type(using) is FetchAlias else None
