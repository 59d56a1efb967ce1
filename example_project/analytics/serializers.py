"""What the API says about metrics."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from analytics.models import AnalyticsMetric
from organizations.models import Tag


class AnalyticsMetricSerializer(serializers.ModelSerializer[AnalyticsMetric]):
    """A metric with the names of its tags; without an organization it covers all of them."""

    organization = serializers.CharField(source="organization.name", read_only=True, allow_null=True)
    tags: serializers.SlugRelatedField[Tag] = serializers.SlugRelatedField(
        slug_field="name", many=True, read_only=True
    )

    class Meta:
        model = AnalyticsMetric
        fields: ClassVar[list[str]] = ["id", "name", "metric_value", "unit", "organization", "tags"]
