"""Find N+1 queries by proof, write the fix, and prove that the fix works."""

from typing import TYPE_CHECKING

__all__ = [
    "FetchPlan",
    "FetchPlanManager",
    "FetchPlanModel",
    "FetchPlanQuerySet",
    "Limit",
    "Statistics",
    "acollect",
    "adopt",
    "batch_loading",
    "collect",
    "forbid_lazy_loading",
    "ignore",
    "needs",
    "watch",
    "wrap_thread",
]

if TYPE_CHECKING:
    from quell.aggregation.collecting import acollect, collect
    from quell.aggregation.statistics import Statistics
    from quell.loading.limiting import Limit
    from quell.loading.modelling import FetchPlanModel
    from quell.loading.needs import needs
    from quell.loading.ondemand.adopting import adopt
    from quell.loading.ondemand.blocks import batch_loading, forbid_lazy_loading
    from quell.loading.plan import FetchPlan
    from quell.loading.querysets import FetchPlanManager, FetchPlanQuerySet
    from quell.pipeline import watch, wrap_thread
    from quell.silencing.blocks import ignore

_HOMES = {
    "FetchPlan": "quell.loading.plan",
    "FetchPlanManager": "quell.loading.querysets",
    "FetchPlanModel": "quell.loading.modelling",
    "FetchPlanQuerySet": "quell.loading.querysets",
    "Limit": "quell.loading.limiting",
    "Statistics": "quell.aggregation.statistics",
    "acollect": "quell.aggregation.collecting",
    "adopt": "quell.loading.ondemand.adopting",
    "batch_loading": "quell.loading.ondemand.blocks",
    "collect": "quell.aggregation.collecting",
    "forbid_lazy_loading": "quell.loading.ondemand.blocks",
    "ignore": "quell.silencing.blocks",
    "needs": "quell.loading.needs",
    "watch": "quell.pipeline",
    "wrap_thread": "quell.pipeline",
}


def __getattr__(name: str) -> object:
    """Load a public name on first use, so that ``import quell`` works before settings exist."""
    from importlib import import_module

    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
