"""Statistics: declared numbers, planned, and compiled to one statement."""

from quell.aggregation.collecting import acollect, collect
from quell.aggregation.functions import Avg, Count, Max, Min, StdDev, Sum, Variance
from quell.aggregation.ratios import Ratio
from quell.aggregation.results import Collected
from quell.aggregation.statistics import Statistics

__all__ = [
    "Avg",
    "Collected",
    "Count",
    "Max",
    "Min",
    "Ratio",
    "Statistics",
    "StdDev",
    "Sum",
    "Variance",
    "acollect",
    "collect",
]
