"""Integrations and the log of their calls."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from organizations.models import Organization


class Integration(models.Model):
    """A connection to another product, with its running statistics."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="integrations")
    name = models.CharField(max_length=80)
    endpoint = models.URLField()
    is_active = models.BooleanField(default=True)
    total_calls = models.PositiveIntegerField(default=0)
    successful_calls = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(successful_calls__lte=F("total_calls")), name="no_more_successes_than_calls"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def latest_log(self) -> IntegrationLog | None:
        """The last call, or None before the first."""
        return self.logs.order_by("-created_at", "-pk").first()


class IntegrationLog(models.Model):
    """One call of an integration."""

    class Status(models.TextChoices):
        """How a call ended."""

        SUCCESS = "success", "Success"
        ERROR = "error", "Error"
        TIMEOUT = "timeout", "Timeout"

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="logs")
    status = models.CharField(max_length=20, choices=Status)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    message = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=("integration", "-created_at"), name="integration_log_latest_idx"),)

    def __str__(self) -> str:
        return f"{self.status}: {self.message}"
