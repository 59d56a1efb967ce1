"""Loading declared as plain data, and applied to querysets."""

from quell.loading.limiting import Limit
from quell.loading.plan import FetchPlan

__all__ = ["FetchPlan", "Limit"]
