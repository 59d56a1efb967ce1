"""Work orders and who does them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Technician
from organizations.models import Organization


class WorkOrder(models.Model):
    """A visit to a customer's site."""

    class Status(models.TextChoices):
        """Where the work stands."""

        PLANNED = "planned", "Planned"
        IN_PROGRESS = "in_progress", "In progress"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="work_orders")
    title = models.CharField(max_length=160)
    status = models.CharField(max_length=20, choices=Status, default=Status.PLANNED)
    scheduled_at = models.DateTimeField(default=timezone.now)
    duration_minutes = models.PositiveIntegerField(null=True, blank=True)
    final_cost = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)

    class Meta:
        ordering = ("-scheduled_at", "-pk")
        indexes = (models.Index(fields=("status", "scheduled_at"), name="work_order_status_idx"),)

    def __str__(self) -> str:
        return self.title


class JobAssignment(models.Model):
    """A technician's part in a work order."""

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="assignments")
    technician = models.ForeignKey(Technician, on_delete=models.CASCADE, related_name="assignments")
    is_lead = models.BooleanField(default=False)
    assigned_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("work_order", "technician"), name="technician_assigned_once"),
        )

    def __str__(self) -> str:
        return f"work order {self.work_order_id}, technician {self.technician_id}"
