"""Which requests are watched."""

import re
from collections.abc import Mapping
from functools import lru_cache
from random import random

from quell.conf import get_settings
from quell.production.budget import budget
from quell.production.counting import count


def is_watched(path: str) -> bool:
    """
    Decide whether to watch a request to a path: by ``QUELL_SAMPLE_RATE``, and while the budget lasts.

    Cost: below a microsecond for a request that is not watched.
    """
    settings = get_settings()
    rate = settings.sample_rate
    if isinstance(rate, Mapping):
        rate = _rate_of(path, tuple(rate.items()))
    if rate < 1 and random() >= rate:
        return False
    if not budget.has_left(settings.budget_share):
        count("skipped")
        return False
    count("watched")
    return True


def _rate_of(path: str, rates: tuple[tuple[str, float], ...]) -> float:
    return next((share for pattern, share in _compiled(rates) if pattern.search(path)), 0.0)


@lru_cache(maxsize=16)
def _compiled(rates: tuple[tuple[str, float], ...]) -> tuple[tuple[re.Pattern[str], float], ...]:
    return tuple((re.compile(pattern), share) for pattern, share in rates)
