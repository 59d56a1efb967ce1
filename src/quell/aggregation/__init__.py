"""Statistics: declared numbers, planned, and compiled to one statement."""

from quell.aggregation.collecting import acollect, collect
from quell.aggregation.functions import Avg, Count, Exists, Max, Min, StdDev, Sum, Variance
from quell.aggregation.grouping import Grouped
from quell.aggregation.groups import Group, Groups
from quell.aggregation.percentiles import Median, Percentile
from quell.aggregation.picks import First, Frequent, Last, Top, Values
from quell.aggregation.ratios import Ratio
from quell.aggregation.results import Collected
from quell.aggregation.series import Buckets, Series
from quell.aggregation.statistics import Statistics
from quell.aggregation.texts import StringAgg

__all__ = [
    "Avg",
    "Buckets",
    "Collected",
    "Count",
    "Exists",
    "First",
    "Frequent",
    "Group",
    "Grouped",
    "Groups",
    "Last",
    "Max",
    "Median",
    "Min",
    "Percentile",
    "Ratio",
    "Series",
    "Statistics",
    "StdDev",
    "StringAgg",
    "Sum",
    "Top",
    "Values",
    "Variance",
    "acollect",
    "collect",
]
