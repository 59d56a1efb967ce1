"""
What keeps a visit from leaving anything behind: memory for services, transactions that are rolled back.

# Note [What a rollback cannot undo]
A statement of another connection: that of a thread, of ``sync_to_async(thread_sensitive=False)``,
of a worker. On SQLite such a thread waits for the locks of the visit until ``timeout``, and no
longer. DDL on MariaDB, which commits. Calls of other services: HTTP, brokers, files. A cache or a
mail backend that a module took out of the settings before, and kept.
"""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from typing import Any

from django.conf import settings
from django.core import mail
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import testcases
from django.test.utils import override_settings

from quell.telling import without_log

# What a test raises that may not use an alias; left out of the stubs.
NotAllowed: type[AssertionError] = testcases.DatabaseOperationForbidden  # type: ignore[attr-defined]
SESSIONS = "quell_sessions"
_MEMORY_CACHE = "django.core.cache.backends.locmem.LocMemCache"
_NO_CACHE = "django.core.cache.backends.dummy.DummyCache"
_MEMORY_MAIL = "django.core.mail.backends.locmem.EmailBackend"
# They put numbers of queries into the page, or measure it themselves.
_WATCHING_MIDDLEWARE = (
    "debug_toolbar.", "silk.", "querycount.", "nplusone.", "zeal.", "pyinstrument.", "quell.",
)  # fmt: skip


@contextmanager
def in_memory() -> Iterator[None]:
    """Send mail, caches and sessions to memory, and keep expected errors and prints out of the report."""
    logger = logging.getLogger("django.request")
    was_disabled, logger.disabled = logger.disabled, True
    # Made by the backend, as in Django's tests.
    outbox = mail.__dict__.get("outbox")
    mail.outbox = []
    try:
        with ExitStack() as stack:
            stack.enter_context(_overriding(override_settings(**_overridden())))
            stack.enter_context(redirect_stdout(sys.stderr))
            stack.enter_context(without_log())
            stack.callback(_clear_caches)
            yield
    finally:
        logger.disabled = was_disabled
        if outbox is None:
            del mail.outbox
        else:
            mail.outbox = outbox


@contextmanager
def _overriding(settings_for_visits: override_settings) -> Iterator[None]:
    """Change settings without a warning: EMAIL_BACKEND is all that a project without MAILERS has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        settings_for_visits.enable()
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            settings_for_visits.disable()


def _clear_caches() -> None:
    for alias in settings.CACHES:
        caches[alias].clear()


def _overridden() -> dict[str, Any]:
    names = [*settings.CACHES, "default", SESSIONS]
    memory = {name: {"BACKEND": _MEMORY_CACHE, "LOCATION": f"quell-{name}"} for name in names}
    # A project that caches nothing is not to be judged by what a cache would hide.
    dummies = {name: kept for name, kept in settings.CACHES.items() if kept.get("BACKEND") == _NO_CACHE}
    found: dict[str, Any] = {
        "CACHES": memory | dummies,
        "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
        "SESSION_CACHE_ALIAS": SESSIONS,
        "SECURE_SSL_REDIRECT": False,
        "ALLOWED_HOSTS": [*settings.ALLOWED_HOSTS, "testserver"],
        "MIDDLEWARE": [path for path in settings.MIDDLEWARE if not path.startswith(_WATCHING_MIDDLEWARE)],
    }
    if len(found["MIDDLEWARE"]) < len(settings.MIDDLEWARE):
        # What is left out for the visits only is not missing.
        found["SILENCED_SYSTEM_CHECKS"] = [*settings.SILENCED_SYSTEM_CHECKS, "debug_toolbar.W001"]
    # A project has one of the two: Django 6.1 refuses both.
    if hasattr(settings, "MAILERS"):
        # The stubs know no setting of Django 6.1 yet.
        mailers: dict[str, object] = settings.MAILERS  # type: ignore[misc]
        found["MAILERS"] = {alias: {"BACKEND": _MEMORY_MAIL} for alias in mailers}
    else:
        found["EMAIL_BACKEND"] = _MEMORY_MAIL
    return found


class Aliases:
    """The databases of the project, and which of them cannot be used."""

    def __init__(self) -> None:
        self.errors: dict[str, Exception] = {}

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Run a block in a transaction on each alias, and undo it; one that is down is noted and left out."""
        with ExitStack() as stack:
            opened = self._enter_all(stack)
            try:
                yield
            finally:
                for alias in opened:
                    if connections[alias].in_atomic_block:
                        transaction.set_rollback(True, using=alias)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Run a block inside of one that is rolled back, and let what it wrote be seen there until then."""
        # What a view swallowed may come up again here; Django has gone back to before the block then.
        with suppress(DatabaseError), ExitStack() as stack:
            self._enter_all(stack)
            yield

    def _enter_all(self, stack: ExitStack) -> list[str]:
        usable = [alias for alias in connections if alias not in self.errors]
        return [alias for alias in usable if self._enter(alias, stack)]

    def _enter(self, alias: str, stack: ExitStack) -> bool:
        atomic = transaction.atomic(using=alias)
        # As in Django's own TestCase: a durable block of the application may still open inside.
        atomic._from_testcase = True  # type: ignore[attr-defined]  # the flag that TestCase sets
        try:
            stack.enter_context(atomic)
        except (DatabaseError, ImproperlyConfigured, NotAllowed) as error:
            self.errors[alias] = error
            return False
        stack.enter_context(_kept_open(connections[alias]))
        return True


@contextmanager
def _kept_open(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Ignore a view that closes its connection: the next statement of the view would open a new one."""
    before = connection.__dict__.get("close")
    connection.__dict__["close"] = lambda: None
    try:
        yield
    finally:
        if before is None:
            del connection.__dict__["close"]
        else:
            connection.__dict__["close"] = before
