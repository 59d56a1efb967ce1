"""Visits that leave nothing behind: in this process, by Django's test client."""

from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from time import perf_counter
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.cache import caches
from django.db.transaction import TransactionManagementError
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import NoReverseMatch

from quell.advice.comparison import Output
from quell.advice.injection import boundary
from quell.management.profiling.catching import Caught, one_line
from quell.management.profiling.isolation import SESSIONS, Aliases
from quell.management.profiling.surroundings import User
from quell.wording import outcomes

# What the test client adds to a response is in no type.
Response: TypeAlias = Any
STREAM_SECONDS = 10.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LOGIN_NAMES = frozenset({"login", "log-in", "signin", "sign-in"})


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of one page; where it cannot be judged, ``problem`` says why, and ``is_broken`` if that is an error."""

    output: Output
    seconds: float = 0.0
    problem: str = ""
    note: str = ""
    is_broken: bool = False


class Visits(Protocol):
    """Whoever runs something as often as it takes, and undoes what it wrote."""

    def visit(self, path: str) -> Visit:
        """Run it once, and undo what it wrote."""

    def together(self) -> AbstractContextManager[Callable[[str], Visit]]:
        """Give a way to run it for the first time: later runs of the block find what that one left."""


class EndlessStream(Exception):
    """A page that is still streaming after ``STREAM_SECONDS``."""


class Visitor:
    """
    Visits pages as one user, or as nobody.

    Args:
        aliases: The databases to roll back.
        user: Who visits.
    """

    def __init__(self, aliases: Aliases, user: User | None = None) -> None:
        self._aliases = aliases
        self._user = user
        self._client = Client(raise_request_exception=False)
        self._cookies: SimpleCookie = SimpleCookie()
        self._sessions: tuple[Any, Any] = ({}, {})
        if user is not None:
            # In a transaction of its own: it writes the time of the login, and would lock it for the views.
            with aliases.rolled_back():
                self._client.force_login(user)
            self._keep()

    def visit(self, path: str) -> Visit:
        """Visit a page once; whatever it writes to a database, a session or a cookie is undone."""
        self._restore()
        with self._aliases.rolled_back():
            return self._get(path)

    @contextmanager
    def together(self) -> Iterator[Callable[[str], Visit]]:
        """
        Give a way to visit a page for the first time: later visits of the block find what that one left.

        Its rows, its session and its cookies are undone with the block, what the others write with each of them.
        """
        before = self._cookies, self._sessions
        try:
            with self._aliases.rolled_back():
                yield self._visit_first
        finally:
            self._cookies, self._sessions = before

    def _visit_first(self, path: str) -> Visit:
        self._restore()
        with self._aliases.kept():
            found = self._get(path)
        self._keep()
        return found

    @boundary
    def _get(self, path: str) -> Visit:
        body = b""
        response: Response = None
        start = perf_counter()
        with Caught() as caught:
            response = self._client.get(path)
            body = _body(response)
        seconds = perf_counter() - start
        error = caught.error or _error(response)
        if isinstance(error, EndlessStream):
            return Visit(Output(0), seconds, outcomes.STREAMS(seconds=f"{STREAM_SECONDS:.0f}"))
        if error is not None:
            return Visit(Output(0), seconds, self._error_text(error), is_broken=True)
        output = Output(response.status_code, _headers(response), body)
        is_broken = response.status_code >= 500
        return Visit(output, seconds, self._problem(response), _note(response), is_broken)

    def _keep(self) -> None:
        store: Any = caches[SESSIONS]
        self._cookies = copy(self._client.cookies)
        self._sessions = dict(store._cache), dict(store._expire_info)

    def _restore(self) -> None:
        store: Any = caches[SESSIONS]
        store.clear()
        store._cache.update(self._sessions[0])
        store._expire_info.update(self._sessions[1])
        self._client.cookies = copy(self._cookies)

    def _problem(self, response: Response) -> str:
        """Return why a page cannot be judged, in one line, or an empty text."""
        status = response.status_code
        is_nobody = self._user is None
        login = outcomes.NEEDS_LOGIN if is_nobody else outcomes.NEEDS_OTHER_LOGIN
        if status in _REDIRECTS:
            return login() if _is_login(response.headers.get("Location", "")) else ""
        known = {
            401: login,
            403: outcomes.FORBIDDEN if is_nobody else outcomes.FORBIDDEN_TO_USER,
            404: outcomes.NO_PAGE,
            405: outcomes.NO_GET,
        }
        if status in known:
            return known[status]()
        return outcomes.ANSWERS(status=str(status)) if status >= 400 else ""

    def _error_text(self, error: BaseException) -> str:
        if isinstance(error, TransactionManagementError):
            return outcomes.RAISES_IN_VISIT(error=_told(error))
        # What a database said when it was opened for the visit, it says to the view again.
        down = [alias for alias, known in self._aliases.errors.items() if str(known) == str(error)]
        if down:
            return outcomes.RAISES_WITHOUT_DATABASE(error=_told(error), aliases=", ".join(down))
        return one_line(error)


def _told(error: BaseException) -> str:
    """Return what an error says, without the word that it was raised."""
    return one_line(error).removeprefix(outcomes.RAISES(error=""))


def _body(response: Response) -> bytes:
    if not getattr(response, "streaming", False):
        return bytes(response.content)
    end = perf_counter() + STREAM_SECONDS
    try:
        if response.is_async:
            # Not by iterating over the response: that warns.
            return async_to_sync(_read_async)(response.streaming_content, end)
        return _read(response.streaming_content, end)
    finally:
        # The client closes it behind the last part, and only there.
        if not response.closed:
            response.close()


def _read(stream: Iterable[bytes], end: float) -> bytes:
    parts = []
    for part in stream:
        parts.append(part)
        if perf_counter() > end:
            raise EndlessStream
    return b"".join(parts)


async def _read_async(stream: AsyncIterable[bytes], end: float) -> bytes:
    parts = []
    async for part in stream:
        parts.append(part)
        if perf_counter() > end:
            raise EndlessStream
    return b"".join(parts)


def _headers(response: Response) -> dict[str, str]:
    cookies = {f"Set-Cookie {name}": _cookie_text(morsel) for name, morsel in response.cookies.items()}
    return {**dict(response.headers), **cookies}


def _cookie_text(morsel: "Morsel[str]") -> str:
    # When it expires follows from the clock.
    attributes = {name: value for name, value in morsel.items() if value and name != "expires"}
    return "; ".join([morsel.value, *(f"{name}={value}" for name, value in sorted(attributes.items()))])


def _error(response: Response) -> BaseException | None:
    # A view may have handled an error that somebody reported by signal.
    info = getattr(response, "exc_info", None) if response.status_code >= 500 else None
    return info[1] if info else None


def _is_login(target: str) -> bool:
    path = urlsplit(target).path
    try:
        login = urlsplit(resolve_url(settings.LOGIN_URL)).path
    except NoReverseMatch:
        login = ""
    names = path.strip("/").lower().split("/")
    return path == login or bool(_LOGIN_NAMES & set(names))


def _note(response: Response) -> str:
    if response.status_code not in _REDIRECTS:
        return ""
    target = urlsplit(response.headers.get("Location", "")).path
    return outcomes.REDIRECTS(target=target) if target else outcomes.REDIRECTS_TO_ITSELF()
