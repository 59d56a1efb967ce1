"""
What a scope remembers of a statement, so that a loop that repeats it is not walked frame by frame.

# Note [Shortcuts]
A frame that carries our mark has the same frames outside of it as the last time (see Note [Marked frames]). If it
also rests at the same instruction, at the same depth above the same text of SQL, and if only the ORM runs in between,
then the path is the one of the last time. A function that a loop calls has a new frame each time; there the mark of
its caller tells. Only the frames that name the instance and the compiler are looked at again.
"""

import sys
from types import CodeType, FrameType

from quell.lineage.accesses import ALWAYS_ASKED, ASKED_OF_ORM, ROLES, Access, Handler
from quell.lineage.callpath import CallPath, Outer
from quell.lineage.walking import see_user

# recall(), Scope._record(), guarded() and Scope.__call__() lie between here and the frame of the cursor.
_DEPTH = 4


class Statement:
    """A text of SQL, and the way to it if a loop repeats it."""

    __slots__ = (
        "_asked", "_caller_code", "_caller_lasti", "_caller_mark", "_code", "_depth", "_lasti", "_mark", "_method",
        "_path", "_tries", "text",
    )  # fmt: skip

    def __init__(self, text: str) -> None:
        self.text = text
        self._path: CallPath | None = None
        self._tries = -1

    def recall(self, access: Access) -> CallPath | None:
        """Return the path of the last time and fill ``access``, if this is the same place; else ``None``."""
        if self._path is None:
            return None
        try:
            if not self._is_same(sys._getframe(_DEPTH + self._depth)):
                return None
            for depth, code, handler in self._asked:
                frame = sys._getframe(_DEPTH + depth)
                if frame.f_code is not code:
                    return None
                handler(frame, access)
        except ValueError:
            # The stack is not that deep.
            return None
        access.method = self._method
        self._tries = 0
        return self._path

    def _is_same(self, frame: FrameType) -> bool:
        if frame.f_lasti != self._lasti or frame.f_code is not self._code:
            return False
        mark = frame.f_trace
        if mark is not None:
            return mark is self._mark
        caller = frame.f_back
        return (
            caller is not None
            and caller.f_trace is self._caller_mark
            and caller.f_lasti == self._caller_lasti
            and caller.f_code is self._caller_code
        )

    def learn(self, frame: FrameType | None, access: Access, path: CallPath) -> None:
        """Remember the way from the frame of the cursor to the user's code, from the second time on."""
        self._tries += 1
        # A text that comes from another place each time is learnt ever more rarely.
        if not self._tries or self._tries & (self._tries - 1) or access.is_threaded:
            return
        self._path = None
        asked: list[tuple[int, CodeType, Handler]] = []
        depth = 0
        while frame is not None:
            code = frame.f_code
            role = ROLES.get(id(code))
            if role is see_user:
                self._end_at(frame, depth)
                self._asked, self._method, self._path = tuple(asked), access.method, path
                return
            if callable(role):
                if id(code) not in ASKED_OF_ORM:
                    # A template or a serializer walks over things that are no part of the stack.
                    return
                asked.append((depth, code, role))
            frame = frame.f_back
            depth += 1

    def _end_at(self, frame: FrameType, depth: int) -> None:
        self._depth, self._code, self._lasti = depth, frame.f_code, frame.f_lasti
        self._mark = frame.f_trace if isinstance(frame.f_trace, Outer) else self
        caller = frame.f_back
        self._caller_mark: object = self
        if caller is not None and isinstance(caller.f_trace, Outer) and id(caller.f_code) not in ALWAYS_ASKED:
            self._caller_mark = caller.f_trace
            self._caller_lasti, self._caller_code = caller.f_lasti, caller.f_code


class Statements(dict[str, Statement]):
    """The statements of a scope by their text; a loop makes the same text again and again, and one copy is enough."""

    def __missing__(self, text: str) -> Statement:
        made = self[text] = Statement(text)
        return made
