"""Sessions of the mobile app and what it measured."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class MobileSession(models.Model):
    """One use of the mobile app."""

    class Platform(models.TextChoices):
        """What the app runs on."""

        ANDROID = "android", "Android"
        IOS = "ios", "iOS"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mobile_sessions"
    )
    platform = models.CharField(max_length=20, choices=Platform)
    app_version = models.CharField(max_length=20)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-started_at", "-pk")

    def __str__(self) -> str:
        return f"{self.get_platform_display()} session {self.pk}"


class DataPoint(models.Model):
    """A number that the app measured during a session."""

    class Kind(models.TextChoices):
        """What was measured."""

        LATENCY_MS = "latency_ms", "Latency (ms)"
        BATTERY_PERCENT = "battery_percent", "Battery (%)"
        SYNCED_ROWS = "synced_rows", "Synced rows"

    session = models.ForeignKey(MobileSession, on_delete=models.CASCADE, related_name="data_points")
    kind = models.CharField(max_length=20, choices=Kind)
    value = models.DecimalField(max_digits=10, decimal_places=2)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("recorded_at", "pk")

    def __str__(self) -> str:
        return f"{self.kind}={self.value}"
