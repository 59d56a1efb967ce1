"""The patches that see transactions and what happens in them, installed while a watch asks for it."""

import sys
import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

from django.conf import settings
from django.db.transaction import Atomic

from quell.events import EffectKind
from quell.lineage._patching import Installation, Patch
from quell.lineage.effects import audit, wrap_enter, wrap_exit, wrap_read, wrap_sleep, wrapping


class _Method(NamedTuple):
    module: str
    owner: str
    name: str
    kind: EffectKind
    library: str


# Each was imported by whoever uses it: quell imports none of them.
_LIBRARIES = (
    _Method("requests.sessions", "Session", "send", "http", "requests"),
    _Method("httpx", "HTTPTransport", "handle_request", "http", "httpx"),
    _Method("httpx", "AsyncHTTPTransport", "handle_async_request", "http", "httpx"),
    _Method("httpx", "MockTransport", "handle_request", "http", "httpx"),
    _Method("httpx", "MockTransport", "handle_async_request", "http", "httpx"),
    _Method("celery.app.task", "Task", "apply_async", "task", "Celery"),
    _Method("celery.app.base", "Celery", "send_task", "task", "Celery"),
    _Method("rq.queue", "Queue", "enqueue_call", "task", "RQ"),
    _Method("rq.queue", "Queue", "enqueue_job", "task", "RQ"),
    _Method("rq.queue", "Queue", "enqueue_many", "task", "RQ"),
    _Method("rq.queue", "Queue", "schedule_job", "task", "RQ"),
    _Method("dramatiq.actor", "Actor", "send_with_options", "task", "Dramatiq"),
)
# Of third-party backends, those that send at once do it by HTTP or SMTP, and the others write rows.
_MAIL_BACKENDS = ("console", "dummy", "filebased", "locmem", "smtp")
_CACHE_WRITES = (
    "add", "clear", "decr", "delete", "delete_many", "incr", "incr_version", "set", "set_many", "touch",
)  # fmt: skip
_CACHE_READS = ("get", "get_many", "has_key")


def _patches() -> Iterator[Patch]:
    yield Patch(Atomic, "__enter__", wrap_enter)
    yield Patch(Atomic, "__exit__", wrap_exit)
    if sys.version_info < (3, 13):
        yield Patch(time, "sleep", wrap_sleep)
    for name in _MAIL_BACKENDS:
        backend = import_module(f"django.core.mail.backends.{name}").EmailBackend
        if "send_messages" in backend.__dict__:
            yield Patch(backend, "send_messages", wrapping("mail", "django.core.mail"))
    for method in _LIBRARIES:
        owner = getattr(sys.modules.get(method.module), method.owner, None)
        if owner is not None and method.name in owner.__dict__:
            yield Patch(owner, method.name, wrapping(method.kind, method.library))
    yield from _cache_patches()


def _cache_patches() -> Iterator[Patch]:
    """Yield patches of the caches of the settings, each method where its class has it from."""
    if not settings.configured:
        return
    from django.core.cache import caches

    write = wrapping("cache", "django.core.cache", is_effect=_is_outside)
    seen: set[tuple[type, str]] = set()
    for alias in caches.settings:
        cls = type(caches[alias])
        for name in (*_CACHE_WRITES, *_CACHE_READS):
            owner = next(base for base in cls.__mro__ if name in base.__dict__)
            if (owner, name) not in seen:
                seen.add((owner, name))
                yield Patch(owner, name, wrap_read if name in _CACHE_READS else write)


def _is_outside(cache: Any) -> bool:
    """Tell whether a cache is kept elsewhere than in the database, which takes its rows back."""
    from django.core.cache.backends.db import DatabaseCache

    return not isinstance(cache, DatabaseCache)


class _Installation(Installation):
    """How many scopes watch transactions, over all threads."""

    def __init__(self) -> None:
        super().__init__()
        # By what they replace: a second patch of the same method would tell everything twice.
        self._patches: dict[tuple[Any, str], Patch] = {}

    def acquire(self) -> None:
        """Install the patches for one more scope, those of libraries that were imported since as well."""
        with self.lock:
            super().acquire()
            if self.is_kept:
                self._add()

    def _install(self) -> None:
        self._add()
        audit.listen()

    def _add(self) -> None:
        for patch in _patches():
            self._patches.setdefault((patch.owner, patch.name), patch).install()

    def _uninstall(self) -> None:
        audit.stop()
        for patch in reversed(self._patches.values()):
            patch.uninstall()


installation = _Installation()
