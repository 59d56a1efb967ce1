"""Metrics and reports."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from organizations.models import Organization, Tag


class AnalyticsMetric(models.Model):
    """A number, measured at one moment."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, null=True, blank=True, related_name="metrics"
    )
    name = models.CharField(max_length=80)
    metric_value = models.DecimalField(max_digits=14, decimal_places=2)
    unit = models.CharField(max_length=20, blank=True)
    tags = models.ManyToManyField(Tag, blank=True, related_name="metrics")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-recorded_at", "-pk")
        verbose_name = "metric"
        indexes = (models.Index(fields=("name", "recorded_at"), name="metric_name_recorded_idx"),)

    def __str__(self) -> str:
        return f"{self.name}: {self.metric_value} {self.unit}".strip()


class AnalyticsReport(models.Model):
    """What is computed from metrics, once a week."""

    class Status(models.TextChoices):
        """Where a report stands."""

        PENDING = "pending", "Pending"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    title = models.CharField(max_length=120)
    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = "report"

    def __str__(self) -> str:
        return self.title
