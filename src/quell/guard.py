"""The one place where an error inside quell ends, so that it never breaks the application."""

import logging
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from quell.conf import get_settings

logger = logging.getLogger("quell")

Ts = TypeVarTuple("Ts")
R = TypeVar("R")
D = TypeVar("D")


def guarded(
    switch_off: Callable[[], bool | None],
    otherwise: D,
    action: Callable[[*Ts], R],
    *args: *Ts,
) -> R | D:
    """
    Run a part of quell inside the application's code.

    Args:
        switch_off: Called when the part fails, so that it is not run again in this scope; it returns
            ``False`` where that is no news, and nothing is logged.
        otherwise: Returned when the part fails.
        action: The part to run.
        *args: Its arguments; no keywords, for which Python would make a dictionary per call.

    Raises:
        Exception: What the part raised, where ``QUELL_ON_ERROR`` is ``"raise"``.
    """
    try:
        return action(*args)
    except Exception:
        if get_settings().on_error == "raise":
            raise
        if switch_off() is not False:
            logger.exception("quell failed and is off for the rest of this scope; the application goes on")
        return otherwise
