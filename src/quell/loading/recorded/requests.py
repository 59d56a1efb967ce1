"""Whether the request that is being answered may write: then its rows are loaded as if there were no plans."""

from collections.abc import Mapping
from contextvars import ContextVar

from django.core.signals import request_finished, request_started

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})
_unsafe: ContextVar[bool] = ContextVar("quell_unsafe_request", default=False)


def is_unsafe() -> bool:
    """Tell whether the request of this context has a method that may write; ``False`` outside of requests."""
    return _unsafe.get()


def _begin(
    *, environ: Mapping[str, object] | None = None, scope: Mapping[str, object] | None = None, **_: object
) -> None:
    """See ``request_started``, which WSGI sends with an environment, and ASGI with a scope."""
    method = (environ or {}).get("REQUEST_METHOD") or (scope or {}).get("method") or "GET"
    _unsafe.set(str(method).upper() not in _SAFE)


def _end(**_: object) -> None:
    _unsafe.set(False)


def follow_requests() -> None:
    """Learn of each request that begins; done once."""
    request_started.connect(_begin, dispatch_uid="quell.recorded")
    request_finished.connect(_end, dispatch_uid="quell.recorded")
