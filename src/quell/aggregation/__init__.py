"""Statistics: declared numbers, planned, and compiled to one statement."""

from quell.aggregation.collecting import acollect, collect
from quell.aggregation.functions import Avg, Count, Exists, Max, Min, StdDev, Sum, Variance
from quell.aggregation.grouping import Grouped
from quell.aggregation.groups import Group, Groups
from quell.aggregation.percentiles import Median, Percentile
from quell.aggregation.ratios import Ratio
from quell.aggregation.results import Collected
from quell.aggregation.series import Buckets, Series
from quell.aggregation.statistics import Statistics

__all__ = [
    "Avg",
    "Buckets",
    "Collected",
    "Count",
    "Exists",
    "Group",
    "Grouped",
    "Groups",
    "Max",
    "Median",
    "Min",
    "Percentile",
    "Ratio",
    "Series",
    "Statistics",
    "StdDev",
    "Sum",
    "Variance",
    "acollect",
    "collect",
]
