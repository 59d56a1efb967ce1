"""``manage.py quell outbox``: make the calls that the outbox keeps."""

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, Error, close_old_connections, connections

from quell.exceptions import UsageError
from quell.reporting.text import plural
from quell.services.delivering import dead_messages, deliver_due, revive

logger = logging.getLogger("quell.services")


def add_parser(verbs: Any) -> None:  # noqa: ANN401 -- argparse names no class for it
    """Declare the verb and its options."""
    outbox = verbs.add_parser(
        "outbox",
        help="make the calls that the outbox keeps",
        description="Make the calls of outbox() that are due, again and again until it is told to stop.",
    )
    outbox.add_argument("--database", default=DEFAULT_DB_ALIAS, help="the alias (default: default)")
    outbox.add_argument("--once", action="store_true", help="stop when no call is due")
    outbox.add_argument(
        "--interval",
        type=float,
        default=1.0,
        metavar="SECONDS",
        help="pause when no call is due (default: 1)",
    )
    outbox.add_argument("--dead", action="store_true", help="list the calls that failed too often, and stop")
    outbox.add_argument("--revive", action="store_true", help="make those due again, and stop")


def run(options: dict[str, Any], write: Callable[[str], None]) -> None:
    """
    Run the verb.

    Raises:
        UsageError: If there is no outbox in this project.
    """
    alias = options["database"]
    if not apps.is_installed("quell.store"):
        msg = 'The outbox is a table of "quell.store": add it to INSTALLED_APPS, and migrate.'
        raise UsageError(msg)
    if alias not in connections:
        msg = f"--database {alias} is no alias of DATABASES."
        raise UsageError(msg)
    if options["dead"]:
        for message in dead_messages(alias):
            write(f"{message}: {message.error}")
    elif options["revive"]:
        write(f"{plural(revive(alias), 'call')} made due again")
    elif options["once"]:
        outcomes = list(deliver_due(alias))
        write(f"{plural(sum(outcomes), 'call')} made, {len(outcomes) - sum(outcomes)} failed")
    else:
        with _stopping() as stop:
            _loop(alias, options["interval"], stop)


def _loop(alias: str, seconds: float, stop: Event) -> None:
    while not stop.is_set():
        close_old_connections()
        try:
            for _ in deliver_due(alias):
                if stop.is_set():
                    return
        except Error:
            # A database that is restarted is no reason to end; what was taken is due again after its lease.
            logger.exception("The outbox on %r cannot be read, and is tried again", alias)
            connections[alias].close()
        stop.wait(seconds)


@contextmanager
def _stopping() -> Iterator[Event]:
    """Give what SIGTERM and SIGINT set: a call that has begun is made to its end."""
    stop = Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
