"""
Make the calls of the outbox.

# Note [At least once]
Who takes a message says so in a short transaction of its own: it counts the try, and puts the message off for
``LEASE_SECONDS``. The call is made outside of every transaction, and its row is deleted afterwards. A process that
dies in between leaves a message that is due again when the lease is over; so a call is made at least once, and twice
where the process dies between the end of the call and the deletion, or where the call takes longer than the lease.
"""

import logging
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.db import connections, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

logger = logging.getLogger("quell.services")

LEASE_SECONDS = 60
MAX_TRIES = 12
_FIRST_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 5.0, 3600.0
_BATCH = 20
_MAX_ERROR = 500


def deliver_at_once(key: int, alias: str) -> None:
    """Make a call whose row has just been committed, unless a worker was faster."""
    message = _messages(alias).filter(pk=key, tries=0).first()
    if message is not None and _take(message, alias):
        _deliver(message, alias)


def deliver_due(alias: str) -> Iterator[bool]:
    """
    Make the calls that are due, and yield after each whether it returned.

    Cost: per call one statement each to find it, to take it and to delete it.
    """
    while (message := _take_one(alias)) is not None:
        yield _deliver(message, alias)


def revive(alias: str) -> int:
    """Make dead messages due again; return how many there were."""
    dead = _all(alias).filter(failed_at__isnull=False)
    return dead.update(failed_at=None, tries=0, due_at=timezone.now())


def dead_messages(alias: str) -> QuerySet[Any]:
    """Return the messages that failed too often, the oldest first."""
    return _all(alias).filter(failed_at__isnull=False).order_by("failed_at", "pk")


def _all(alias: str) -> QuerySet[Any]:
    from quell.store.messages import OutboxMessage

    return OutboxMessage.objects.using(alias)


def _messages(alias: str) -> QuerySet[Any]:
    return _all(alias).filter(failed_at=None, due_at__lte=timezone.now()).order_by("due_at", "pk")


def _take_one(alias: str) -> Any:
    """Take a message that is due, without waiting for the workers that take others; ``None`` where there is none."""
    if connections[alias].features.has_select_for_update_skip_locked:
        with transaction.atomic(using=alias):
            message = _messages(alias).select_for_update(skip_locked=True).first()
            return message if message is not None and _take(message, alias) else None
    # What another worker takes in between is left to it.
    return next((message for message in _messages(alias)[:_BATCH] if _take(message, alias)), None)


def _take(message: Any, alias: str) -> bool:
    """Take a message, if nobody else has done so since it was read. See Note [At least once]."""
    lease = timezone.now() + timedelta(seconds=LEASE_SECONDS)
    unchanged = _all(alias).filter(pk=message.pk, tries=message.tries, failed_at=None)
    if not unchanged.update(tries=F("tries") + 1, due_at=lease):
        return False
    message.tries += 1
    return True


def _deliver(message: Any, alias: str) -> bool:
    own = _all(alias).filter(pk=message.pk, tries=message.tries)
    try:
        function = import_string(message.function)
        call = async_to_sync(function) if iscoroutinefunction(function) else function
        call(**message.arguments)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the message is tried again, and kept in the end
        _note(message, own, error)
        return False
    own.delete()
    return True


def _note(message: Any, own: QuerySet[Any], error: Exception) -> None:
    text = f"{type(error).__qualname__}: {error}"[:_MAX_ERROR]
    is_dead = message.tries >= MAX_TRIES
    pause = min(_MAX_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (message.tries - 1)) * random.uniform(0.5, 1)
    now = timezone.now()
    own.update(error=text, due_at=now + timedelta(seconds=pause), failed_at=now if is_dead else None)
    outcome = "is dead" if is_dead else "is tried again"
    logger.error("%s failed for the %d. time and %s", message, message.tries, outcome, exc_info=error)
