"""The naive list of metrics, and its fast twin."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from django.views.generic import ListView
from rest_framework.generics import ListAPIView

from analytics.models import AnalyticsMetric
from analytics.serializers import AnalyticsMetricSerializer
from problems import get_problem

if TYPE_CHECKING:
    _MetricPageBase = ListView[AnalyticsMetric]
else:
    _MetricPageBase = ListView


class SlowMetricPage(_MetricPageBase):
    """List metrics with their tags."""

    model = AnalyticsMetric
    template_name = "problems/metric_tags.html"
    context_object_name = "metrics"
    paginate_by = 250
    extra_context = MappingProxyType({"problem": get_problem("metric-tags")})


class FastMetricPage(SlowMetricPage):
    """List metrics with their tags, loaded for the whole page."""

    queryset = AnalyticsMetric.objects.select_related("organization").prefetch_related("tags")


class SlowMetricList(ListAPIView[AnalyticsMetric]):
    """List metrics with their tags."""

    queryset = AnalyticsMetric.objects.all()
    serializer_class = AnalyticsMetricSerializer


class FastMetricList(SlowMetricList):
    """List metrics with their tags, loaded for the whole page."""

    queryset = AnalyticsMetric.objects.select_related("organization").prefetch_related("tags")
