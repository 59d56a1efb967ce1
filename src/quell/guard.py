"""The one place where an error inside quell ends, so that it never breaks the application."""

import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from quell.conf import get_settings

logger = logging.getLogger("quell")

P = ParamSpec("P")
R = TypeVar("R")
D = TypeVar("D")


def guarded(
    switch_off: Callable[[], bool | None],
    otherwise: D,
    action: Callable[P, R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R | D:
    """
    Run a part of quell inside the application's code.

    Args:
        switch_off: Called when the part fails, so that it is not run again in this scope; it returns
            ``False`` where that is no news, and nothing is logged.
        otherwise: Returned when the part fails.
        action: The part to run.
        *args: Its arguments.
        **kwargs: Its arguments.

    Raises:
        Exception: What the part raised, where ``QUELL_ON_ERROR`` is ``"raise"``.
    """
    try:
        return action(*args, **kwargs)
    except Exception:
        if get_settings().on_error == "raise":
            raise
        if switch_off() is not False:
            logger.exception("quell failed and is off for the rest of this scope; the application goes on")
        return otherwise
