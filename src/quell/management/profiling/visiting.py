"""Visits that leave nothing behind: in this process, in transactions that are rolled back."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError, connections, transaction
from django.http import HttpResponseBase
from django.shortcuts import resolve_url
from django.test import Client
from django.test.utils import override_settings

from quell.advice.comparison import Output

_MEMORY_CACHE = "django.core.cache.backends.locmem.LocMemCache"


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of one page."""

    output: Output
    seconds: float = 0.0
    problem: str = ""
    error: BaseException | None = field(default=None, compare=False)


@contextmanager
def in_memory() -> Iterator[None]:
    """Send mail, caches and sessions to memory, and keep expected errors out of the log."""
    caches = {name: {"BACKEND": _MEMORY_CACHE, "LOCATION": f"quell-{name}"} for name in settings.CACHES}
    overridden: dict[str, Any] = {
        "CACHES": caches or {"default": {"BACKEND": _MEMORY_CACHE}},
        "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
        "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
        "ALLOWED_HOSTS": [*settings.ALLOWED_HOSTS, "testserver"],
    }
    logger = logging.getLogger("django.request")
    was_disabled, logger.disabled = logger.disabled, True
    try:
        with override_settings(**overridden):
            yield
    finally:
        logger.disabled = was_disabled


@contextmanager
def rolled_back(unreachable: set[str]) -> Iterator[None]:
    """Run a block in a transaction on each alias, and undo it; an alias that is down is noted and left out."""
    with ExitStack() as stack:
        opened = [alias for alias in connections if alias not in unreachable and _enter(alias, stack, unreachable)]
        try:
            yield
        finally:
            for alias in opened:
                _mark_for_rollback(alias)


def _enter(alias: str, stack: ExitStack, unreachable: set[str]) -> bool:
    atomic = transaction.atomic(using=alias)
    # As in Django's own TestCase: a durable block of the application may still open inside.
    atomic._from_testcase = True  # type: ignore[attr-defined]  # the flag that TestCase sets
    try:
        stack.enter_context(atomic)
    except DatabaseError:
        unreachable.add(alias)
        return False
    return True


def _mark_for_rollback(alias: str) -> None:
    if connections[alias].in_atomic_block:
        transaction.set_rollback(True, using=alias)


class Visitor:
    """Visits pages as one user, or as nobody."""

    def __init__(self, user: AbstractBaseUser | None = None) -> None:
        self.unreachable: set[str] = set()
        self._user = user
        self._client = Client(raise_request_exception=False)

    def visit(self, path: str) -> Visit:
        """Visit a page once; whatever it writes to a database is undone."""
        with rolled_back(self.unreachable):
            if self._user is not None and settings.SESSION_COOKIE_NAME not in self._client.cookies:
                self._client.force_login(self._user)
            start = perf_counter()
            response = self._client.get(path)
            body = _body(response)
            seconds = perf_counter() - start
        error = _error(response)
        output = Output(response.status_code, _headers(response), body)
        return Visit(output, seconds, _problem(response, error, self.unreachable), error)


def _body(response: Any) -> bytes:
    if not getattr(response, "streaming", False):
        return bytes(response.content)
    if getattr(response, "is_async", False):
        return b"".join(response)
    return b"".join(response.streaming_content)


def _headers(response: Any) -> dict[str, str]:
    cookies = {f"Set-Cookie {name}": morsel.value for name, morsel in response.cookies.items()}
    return {**dict(response.headers), **cookies}


def _error(response: Any) -> BaseException | None:
    info = getattr(response, "exc_info", None)
    return info[1] if info else None


def _problem(response: HttpResponseBase, error: BaseException | None, unreachable: set[str]) -> str:
    """Return why a page cannot be judged, in one line, or an empty text."""
    if error is not None:
        return _error_text(error, unreachable)
    status = response.status_code
    if status in {301, 302, 303, 307, 308}:
        target = response.headers.get("Location", "")
        if target.startswith(resolve_url(settings.LOGIN_URL)) or "/login/" in target:
            return "needs a login: name a user with --user"
        return ""
    known = {
        401: "needs a login: name a user with --user",
        403: "is forbidden to this user: name another one with --user",
        404: "answers 404: no such page",
        405: "accepts no GET",
    }
    if status in known:
        return known[status]
    return f"answers {status}" if status >= 400 else ""


def _error_text(error: BaseException, unreachable: set[str]) -> str:
    text = f"raises {type(error).__name__}: {' '.join(str(error).split())}"
    if isinstance(error, DatabaseError) and unreachable:
        return f"{text[:160]} (the database {', '.join(sorted(unreachable))} does not answer)"
    return text[:200]
