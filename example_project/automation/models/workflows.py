"""Automation rules and the workflows that they run."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property

from organizations.models import Organization
from quell import needs
from tickets.models import Ticket


class AutomationRule(models.Model):
    """What to do by itself when something happens, with its running statistics."""

    class Trigger(models.TextChoices):
        """What sets a rule off."""

        TICKET_CREATED = "ticket_created", "Ticket created"
        TICKET_UPDATED = "ticket_updated", "Ticket updated"
        SLA_BREACHED = "sla_breached", "SLA breached"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="automation_rules")
    name = models.CharField(max_length=120)
    trigger = models.CharField(max_length=30, choices=Trigger)
    is_active = models.BooleanField(default=True)
    execution_count = models.PositiveIntegerField(default=0)
    last_executed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name", "pk")

    @needs("name")
    def __str__(self) -> str:
        return self.name


class RuleEmailTemplate(models.Model):
    """A mail that a rule sends."""

    rule = models.ForeignKey(AutomationRule, on_delete=models.CASCADE, related_name="email_templates")
    subject = models.CharField(max_length=160)
    body = models.TextField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.subject


class RuleWebhook(models.Model):
    """A URL that a rule calls."""

    rule = models.ForeignKey(AutomationRule, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField()
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.url


class WorkflowExecution(models.Model):
    """One run of a rule."""

    class Status(models.TextChoices):
        """Where a run stands."""

        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"

    rule = models.ForeignKey(AutomationRule, on_delete=models.CASCADE, related_name="executions")
    ticket = models.ForeignKey(
        Ticket, on_delete=models.SET_NULL, null=True, blank=True, related_name="workflow_executions"
    )
    status = models.CharField(max_length=20, choices=Status, default=Status.RUNNING)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-started_at", "-pk")

    def __str__(self) -> str:
        return f"execution {self.pk} ({self.status})"

    @cached_property
    @needs("steps")
    def all_steps(self) -> list[WorkflowStep]:
        """The steps, first to last."""
        return list(self.steps.all())

    @property
    def finished_step_count(self) -> int:
        """How many steps are behind."""
        return sum(step.status == WorkflowStep.Status.DONE for step in self.all_steps)

    @property
    @needs("steps")
    def progress(self) -> str:
        """How far the run got, for people."""
        return f"{self.finished_step_count} of {len(self.all_steps)}"

    @property
    @needs("steps")
    def total_duration_ms(self) -> int:
        """How long the steps took together; a step that never ran counts as 0."""
        return sum(step.duration_ms or 0 for step in self.all_steps)


class WorkflowStep(models.Model):
    """One action of a run."""

    class Status(models.TextChoices):
        """How a step ended."""

        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    execution = models.ForeignKey(WorkflowExecution, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    status = models.CharField(max_length=20, choices=Status, default=Status.WAITING)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=("execution", "position"), name="one_step_per_position"),
        )

    def __str__(self) -> str:
        return f"{self.position}. {self.name}"
