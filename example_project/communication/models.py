"""Threads, sessions and messages."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from organizations.models import Organization


class CommunicationThread(models.Model):
    """Everything said with one customer about one thing."""

    class Type(models.TextChoices):
        """What a thread is about."""

        SUPPORT = "support", "Support"
        BILLING = "billing", "Billing"
        FIELD_VISIT = "field_visit", "Field visit"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="threads")
    subject = models.CharField(max_length=160)
    thread_type = models.CharField(max_length=20, choices=Type, default=Type.SUPPORT)
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-updated_at", "-pk")

    def __str__(self) -> str:
        return self.subject


class CommunicationSession(models.Model):
    """One sitting of a conversation, with its running statistics."""

    class Status(models.TextChoices):
        """Whether anybody is still talking."""

        ACTIVE = "active", "Active"
        IDLE = "idle", "Idle"
        ENDED = "ended", "Ended"

    thread = models.ForeignKey(CommunicationThread, on_delete=models.CASCADE, related_name="sessions")
    status = models.CharField(max_length=20, choices=Status, default=Status.ACTIVE)
    message_count = models.PositiveIntegerField(default=0)
    last_message_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-started_at", "-pk")

    def __str__(self) -> str:
        return f"session {self.pk}"


class CommunicationMessage(models.Model):
    """Something said in a session."""

    class Direction(models.TextChoices):
        """Who speaks to whom."""

        INBOUND = "inbound", "From the customer"
        OUTBOUND = "outbound", "To the customer"

    session = models.ForeignKey(CommunicationSession, on_delete=models.CASCADE, related_name="messages")
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="messages"
    )
    direction = models.CharField(max_length=20, choices=Direction, default=Direction.INBOUND)
    body = models.TextField()
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-sent_at", "-pk")
        verbose_name = "message"

    def __str__(self) -> str:
        return self.body[:60]
