"""Which requests are watched."""

import re
from collections.abc import Mapping
from random import random
from typing import TypeAlias

from quell.conf import get_settings
from quell.production.budget import budget
from quell.production.counting import count


def is_watched(path: str) -> bool:
    """
    Decide whether to watch a request to a path: by ``QUELL_SAMPLE_RATE``, and while the budget lasts.

    Cost: about a microsecond for a request that is not watched.
    """
    settings = get_settings()
    rate = settings.sample_rate
    if isinstance(rate, Mapping):
        rate = _rate_of(path, rate)
    if rate < 1 and random() >= rate:
        return False
    if not budget.has_left(settings.budget_share):
        count("skipped")
        return False
    count("watched")
    return True


_Compiled: TypeAlias = tuple[tuple[re.Pattern[str], float], ...]
# The dictionary that was compiled last, which is that of the settings, and what it came to; replaced whole.
_compiled: tuple[Mapping[str, float] | None, _Compiled] = (None, ())


def _rate_of(path: str, rates: Mapping[str, float]) -> float:
    global _compiled  # noqa: PLW0603 -- one process, one set of settings
    known, compiled = _compiled
    if known is not rates:
        compiled = tuple((re.compile(pattern), share) for pattern, share in rates.items())
        _compiled = rates, compiled
    for pattern, share in compiled:
        if pattern.search(path):
            return share
    return 0.0
