"""Comments in SQL that lead from the database back to route and line: ``QUELL_SQL_COMMENTS``."""

import sys
from contextvars import ContextVar, Token
from functools import lru_cache
from types import CodeType, FrameType, TracebackType
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest

from quell.capture.connecting import open_connections
from quell.capture.lines import line_of, node_location
from quell.capture.scope import Scope
from quell.conf import base_dir, get_settings
from quell.events import Location
from quell.guard import guarded
from quell.lineage.sites import NODE_CODE
from quell.lineage.usercode import is_user_file
from quell.paths import project_path
from quell.sqltext import append_comment, comment_of

_current: ContextVar[HttpRequest | None] = ContextVar("quell_request", default=None)


class commented:  # noqa: N801 -- used like a function
    """Let the statements of a block tell the route of a request, where the setting is on."""

    __slots__ = ("_request", "_token")

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._token: Token[HttpRequest | None] | None = None

    def __enter__(self) -> None:
        if get_settings().sql_comments:
            self._token = _current.set(self._request)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)


def route_of(request: HttpRequest) -> str:
    """Return the route of a request with its placeholders; an empty text as long as there is none."""
    match = request.resolver_match
    return f"/{match.route.removeprefix('^')}" if match is not None else ""


def install(*, is_on: bool) -> None:
    """Let the connections that open from now on, and those of this thread, write comments; or stop that."""
    if is_on:
        connection_created.connect(_see_connection, dispatch_uid="quell.comments")
        for connection in open_connections():
            _add(connection)
        return
    connection_created.disconnect(dispatch_uid="quell.comments")
    for connection in connections.all(initialized_only=True):
        connection.execute_wrappers[:] = [
            item for item in connection.execute_wrappers if item is not _comment
        ]


def _see_connection(*, connection: BaseDatabaseWrapper, **_: object) -> None:
    _add(connection)


def _add(connection: BaseDatabaseWrapper) -> None:
    """Add the wrapper behind scopes, which see statements as they were, and never last: Django takes that one off."""
    wrappers = connection.execute_wrappers
    if any(item is _comment for item in wrappers):
        return
    position = next(
        (index for index, item in enumerate(wrappers) if not isinstance(item, Scope)), len(wrappers)
    )
    wrappers.insert(position, _comment)


def _comment(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: ANN401, FBT001
    """
    Run a statement with a comment behind it: this is the execute wrapper.

    A statement for many sets of parameters is left as it is: drivers make one INSERT of them by what it ends with.
    """
    if type(sql) is str and not many and get_settings().sql_comments:
        sql = guarded(_always, sql, _with_comment, sql, params is not None)
    return execute(sql, params, many, context)


def _with_comment(sql: str, is_formatted: bool) -> str:  # noqa: FBT001 -- guarded() takes no keywords
    request = _current.get()
    route = route_of(request) if request is not None else ""
    # This function, guarded() and the wrapper lie between.
    return append_comment(sql, _text_of(_origin_of(sys._getframe(3)), route), is_formatted=is_formatted)


def _origin_of(frame: FrameType | None) -> str:
    """Return the innermost line of user code, or of a template, below the project."""
    while frame is not None:
        code = frame.f_code
        if code is NODE_CODE:
            spot: Location | None = node_location(frame.f_locals["self"])
            if spot is not None and is_user_file(spot.file):
                return f"{project_path(spot.file, base_dir())}:{spot.line}"
        elif is_user_file(code.co_filename):
            return _line(code, frame.f_lasti)
        frame = frame.f_back
    return ""


@lru_cache(maxsize=4096)
def _line(code: CodeType, lasti: int) -> str:
    return f"{project_path(code.co_filename, base_dir())}:{line_of(code, lasti)}"


@lru_cache(maxsize=4096)
def _text_of(origin: str, route: str) -> str:
    return comment_of({"origin": origin, "route": route})


def _always() -> bool:
    return True
