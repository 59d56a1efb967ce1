"""The one place where an error inside quell ends, so that it never breaks the application."""

import logging
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from quell.conf import get_settings

logger = logging.getLogger("quell")
_OFF = "quell failed and is off for the rest of this scope; the application goes on"

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
        if not ends_here(switch_off):
            raise
        return otherwise


def ends_here(switch_off: Callable[[], bool | None]) -> bool:
    """
    Tell whether the error that is being handled ends here, switched off and logged, or has to be raised again.

    What runs for each statement has its own ``try``: ``guarded()`` would cost it a call.
    """
    if get_settings().on_error == "raise":
        return False
    if switch_off() is not False:
        # One calls this.
        logger.exception(_OFF)  # noqa: LOG004
    return True
