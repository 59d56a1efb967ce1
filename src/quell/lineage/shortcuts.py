"""
What a process remembers of a statement, so that the way to it is not walked frame by frame again.

# Note [Shortcuts]
A statement comes from the same place again and again: a loop repeats it, and so does each request. If the same frames
of the ORM lie between the same text of SQL and the frame that asks the ORM, each at the same instruction, then they are
asked nothing, and only what leads to that frame is walked, mostly up to a mark (see Note [Marked frames]). Where a
queryset ran the statement, the fetch is mostly the one that began last in this thread, and what the frames told about
it the last time is true of it, too: only the instance that asked is another. Elsewhere, as where two keys of a row have
the same text, the frames that name the instance and the compiler are looked at again, each by its depth.
"""

import sys
from types import CodeType, FrameType
from typing import Any, NamedTuple, Protocol

from quell.lineage.accesses import ALWAYS_ASKED, ASKED_OF_ORM, ROLES, Access, Handler, see_declared
from quell.lineage.alias import FetchAlias, FetchRecord
from quell.lineage.callpath import CallPath, Outer, Route, current_unit
from quell.lineage.repeated import Repeated, repeated_of
from quell.lineage.usercode import ORM
from quell.lineage.walking import see_user, walk

# recall(), Scope._record() and Scope.__call__() lie between here and the frame of the cursor.
_DEPTH = 3
_MAX_STATEMENTS = 1_024
_MAX_LENGTH = 8_192  # of a text that is remembered: longer ones are batches, and each is another
_MAX_WAYS = 4  # frames that ask the ORM for one text
_MAX_ENDS = 64  # ways to each of them
_MAX_ENDS_OF_ALL = 4_096
_MAX_TRIES = 16  # after which another way is learnt again


class _End(NamedTuple):
    """What leads to the frame that asks the ORM, and what the frames further in are to be asked."""

    route: Route
    repeated: Repeated | None
    asked: tuple[tuple[int, CodeType, Handler], ...]
    # What they would tell the same each time.
    method: str
    is_declared: bool


class _Way:
    """Where a frame lies that asks the ORM."""

    __slots__ = ("called", "code", "ends", "inner", "is_user", "lasti")

    def __init__(self, frame: FrameType, inner: tuple[tuple[CodeType, int], ...]) -> None:
        self.code = frame.f_code
        self.lasti = frame.f_lasti
        # What it leads to, from the cursor on: hooks and cursors that log come and go.
        self.inner = inner
        # Then a mark tells all that lies outside: that of the frame, or, as a function that a loop calls has a new
        # frame each time, that of its caller.
        self.is_user = ROLES.get(id(frame.f_code)) is see_user
        # By what lies outside of the ORM.
        self.ends: dict[tuple[Any, ...], _End] = {}
        # By the instruction of the caller, and the number of its mark.
        self.called: dict[tuple[int, int], _End] = {}

    def is_at(self, frame: FrameType, inner: tuple[tuple[CodeType, int], ...]) -> bool:
        """Tell whether this is the frame, at the same instruction."""
        return (frame.f_code, frame.f_lasti, inner) == (self.code, self.lasti, self.inner)

    def find(self, cursor: FrameType) -> _End | None:
        """Return what is known of the way that leads to the frame of a cursor, ``None`` if it is another one."""
        frame: Any = cursor
        try:
            for code, lasti in self.inner:
                if frame.f_lasti != lasti or frame.f_code is not code:
                    return None
                frame = frame.f_back
            if frame.f_lasti != self.lasti or frame.f_code is not self.code:
                return None
        except AttributeError:
            # There are fewer frames: a test for each would cost as much as the rest.
            return None
        mark: Any = frame.f_trace
        if self.is_user and type(mark) is Outer:
            return self.ends.get((id(self.code) + self.lasti, mark.number))
        if self.is_user and mark is None and (place := _place_of(frame.f_back)) is not None:
            end = self.called.get(place)
            if end is not None:
                return end
        return self.ends.get(walk(frame, Access()))

    def keep(self, frame: FrameType, end: _End) -> None:
        """Remember the way that leads to the frame."""
        if len(self.ends) >= _MAX_ENDS:
            self.ends.clear()
            self.called.clear()
        self.ends[walk(frame, Access())] = end
        place = _place_of(frame.f_back) if self.is_user else None
        if place is not None:
            self.called[place] = end


class Paths(Protocol):
    """What knows the path of a route: a scope."""

    paths: dict[tuple[Route, int], CallPath]

    def path_of(self, route: Route) -> CallPath:
        """Return the path."""


class Statement:
    """A text of SQL, and the way to it."""

    __slots__ = ("_tries", "_ways", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        # The last one first; replaced whole, as another thread may be reading.
        self._ways: tuple[_Way, ...] = ()
        self._tries = -1

    def recall(
        self, pending: FetchRecord | None, paths: Paths
    ) -> tuple[CallPath, FetchRecord | None, Access | None] | None:
        """
        Return the path of the last time, if this is the same place.

        Args:
            pending: The fetch that began last in this thread.
            paths: What knows the path of a route.

        Returns:
            The path, the fetch, and what the frames of the ORM told where they had to be asked; ``None`` where all
            frames have to be walked.
        """
        end = None
        cursor = sys._getframe(_DEPTH)
        for way in self._ways:
            end = way.find(cursor)
            if end is not None:
                break
        if end is None:
            return None
        # Seen before by this scope, mostly.
        path = paths.paths.get((end.route, current_unit.get())) or paths.path_of(end.route)
        repeated = end.repeated
        if repeated is None:
            self._tries = 0
            return _ask(end, path)
        if pending is None or pending.model is not repeated.model:
            return None
        # A fetch that has run was told by another scope of this context.
        if not pending.has_run and not repeated.tell(pending, path):
            return None
        self._tries = 0
        return path, pending, None

    def learn(
        self,
        frame: FrameType | None,
        access: Access,
        route: Route,
        fetch: FetchRecord | None,
        pending: FetchRecord | None,
    ) -> None:
        """
        Remember the way from the frame of the cursor to the user's code, from the second time on.

        Args:
            frame: The frame of the cursor.
            access: What the frames told.
            route: The frames of the path.
            fetch: The one that runs, if a queryset is behind the statement.
            pending: The one that began last in this thread.
        """
        self._tries += 1
        # A text that comes from another place each time is learnt ever more rarely, up to a limit.
        is_rare = bool(self._tries & (self._tries - 1) and self._tries % _MAX_TRIES)
        if not self._tries or is_rare or access.is_threaded:
            return
        asked: list[tuple[int, CodeType, Handler]] = []
        inner: list[tuple[CodeType, int]] = []
        first: FrameType | None = None
        depth = 0
        while frame is not None:
            code = frame.f_code
            role = ROLES.get(id(code))
            if first is None and not code.co_filename.startswith(ORM):
                first = frame
            if role is see_user or (callable(role) and id(code) not in ASKED_OF_ORM):
                end = _End(
                    route,
                    repeated_of(fetch, pending, self.text),
                    tuple(asked),
                    access.method,
                    access.is_declared,
                )
                self._keep(first or frame, tuple(inner), end)
                return
            if callable(role) and role is not see_declared:
                asked.append((depth, code, role))
            if first is None:
                inner.append((code, frame.f_lasti))
            frame = frame.f_back
            depth += 1

    def _keep(self, frame: FrameType, inner: tuple[tuple[CodeType, int], ...], end: _End) -> None:
        _Remembered.end_count += 1
        if _Remembered.end_count > _MAX_ENDS_OF_ALL:
            forget()
        way = next((way for way in self._ways if way.is_at(frame, inner)), None)
        if way is None:
            way = _Way(frame, inner)
            self._ways = (way, *self._ways[: _MAX_WAYS - 1])
        way.keep(frame, end)


# The statements of the process, by their text.
statements: dict[str, Statement] = {}


class _Remembered:
    """How many ways were learnt since the statements were forgotten."""

    end_count = 0


def forget() -> None:
    """Forget all statements."""
    statements.clear()
    _Remembered.end_count = 0


def new_statement(text: str) -> Statement:
    """Return something to remember a statement by."""
    made = Statement(text)
    if len(text) > _MAX_LENGTH:
        return made
    if len(statements) >= _MAX_STATEMENTS:
        forget()
    # A loop makes the same text again and again, and one copy is enough.
    return statements.setdefault(text, made)


def _place_of(caller: FrameType | None) -> tuple[int, int] | None:
    """Return the instruction that calls a frame, and the number of its frame's mark; ``None`` without one."""
    mark: Any = caller.f_trace if caller is not None else None
    if caller is None or type(mark) is not Outer or id(caller.f_code) in ALWAYS_ASKED:
        return None
    return id(caller.f_code) + caller.f_lasti, mark.number


def _ask(end: _End, path: CallPath) -> tuple[CallPath, FetchRecord | None, Access | None] | None:
    access = Access()
    for depth, code, handler in end.asked:
        frame = sys._getframe(_DEPTH + 1 + depth)
        if frame.f_code is not code:
            return None
        handler(frame, access)
    access.method = end.method
    access.is_declared = end.is_declared
    return path, fetch_of(access), access


def fetch_of(access: Access) -> FetchRecord | None:
    """Return the fetch that a compiler runs."""
    using = getattr(access.compiler, "using", None)
    return using.fetch if type(using) is FetchAlias else None
