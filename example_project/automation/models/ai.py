"""AI models, what they predict, and the jobs that train them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tickets.models import Ticket


class AIModel(models.Model):
    """A trained model that sorts tickets."""

    name = models.CharField(max_length=80)
    version = models.CharField(max_length=20)
    is_active = models.BooleanField(default=True)
    accuracy = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True)
    trained_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = "AI model"

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class AIPrediction(models.Model):
    """What a model said about a ticket."""

    model = models.ForeignKey(AIModel, on_delete=models.CASCADE, related_name="predictions")
    ticket = models.ForeignKey(
        Ticket, on_delete=models.SET_NULL, null=True, blank=True, related_name="predictions"
    )
    label = models.CharField(max_length=60)
    confidence = models.DecimalField(max_digits=4, decimal_places=3)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "AI prediction"
        constraints = (
            models.CheckConstraint(condition=Q(confidence__range=(0, 1)), name="confidence_from_0_to_1"),
        )

    def __str__(self) -> str:
        return f"{self.label} ({self.confidence})"


class ProcessingJob(models.Model):
    """A run that trains a model."""

    class Status(models.TextChoices):
        """Where a run stands."""

        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    model = models.ForeignKey(AIModel, on_delete=models.CASCADE, related_name="jobs")
    status = models.CharField(max_length=20, choices=Status, default=Status.QUEUED)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"job {self.pk} ({self.status})"
