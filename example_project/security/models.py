"""Security events, their audit trail, and the rules that judge them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Severity(models.TextChoices):
    """How bad an event is."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class EventKind(models.TextChoices):
    """What happened."""

    FAILED_LOGIN = "failed_login", "Failed login"
    NEW_DEVICE = "new_device", "New device"
    PERMISSION_CHANGE = "permission_change", "Permission change"
    DATA_EXPORT = "data_export", "Data export"


class SecurityRule(models.Model):
    """When events of one kind become an incident."""

    kind = models.CharField(max_length=30, choices=EventKind, unique=True)
    max_event_count = models.PositiveSmallIntegerField(default=5)
    window_minutes = models.PositiveSmallIntegerField(default=60)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("kind",)
        constraints = (
            models.CheckConstraint(condition=Q(max_event_count__gt=0), name="rule_allows_some_events"),
        )

    def __str__(self) -> str:
        return f"{self.max_event_count} of {self.kind} in {self.window_minutes} minutes"


class SecurityEvent(models.Model):
    """Something that the security team should know."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="security_events",
    )
    kind = models.CharField(max_length=30, choices=EventKind)
    severity = models.CharField(max_length=20, choices=Severity, default=Severity.LOW)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    is_resolved = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = (models.Index(fields=("kind", "created_at"), name="event_kind_created_idx"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.severity})"


class SecurityAuditLog(models.Model):
    """What was done about an event."""

    event = models.ForeignKey(SecurityEvent, on_delete=models.CASCADE, related_name="audit_logs")
    action = models.CharField(max_length=80)
    detail = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        return self.action
