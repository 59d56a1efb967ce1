"""Tickets, comments, attachments, history and feedback."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from organizations.models import Organization, Tag
from quell import FetchPlan, FetchPlanQuerySet, Limit


class Category(models.Model):
    """What a ticket is about."""

    name = models.CharField(max_length=60, unique=True)

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


# The plugin of mypy gives each as_manager() a class of its own.
class TicketQuerySet(FetchPlanQuerySet["Ticket"]):  # type: ignore[override]
    """What to load with tickets."""

    fetch_plans = {  # noqa: RUF012 -- as users write it
        "list": FetchPlan(
            only=("subject", "status", "priority", "created_at", "customer__full_name", "organization__name"),
            counts={"comment_count": "comments"},
            limits={
                "latest_comments": Limit(
                    "comments",
                    3,
                    "-created_at",
                    plan=FetchPlan(
                        only=(
                            "type",
                            "content",
                            "created_at",
                            "author__full_name",
                            "author__organization__name",
                        )
                    ),
                )
            },
        ),
    }


class Ticket(models.Model):
    """A customer's request, from the first message to the last."""

    class Status(models.TextChoices):
        """Where the work on a ticket stands."""

        NEW = "new", "New"
        OPEN = "open", "Open"
        PENDING = "pending", "Pending"
        RESOLVED = "resolved", "Resolved"
        CLOSED = "closed", "Closed"
        CANCELLED = "cancelled", "Cancelled"

    class Priority(models.TextChoices):
        """How soon a ticket needs somebody."""

        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"
        URGENT = "urgent", "Urgent"

    class Channel(models.TextChoices):
        """How a ticket came in."""

        EMAIL = "email", "Email"
        PHONE = "phone", "Phone"
        WEB = "web", "Web"
        CHAT = "chat", "Chat"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="tickets")
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="requested_tickets"
    )
    assigned_agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_tickets",
    )
    category = models.ForeignKey(
        Category, on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets"
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="tickets")
    subject = models.CharField(max_length=200)
    description = models.TextField()
    status = models.CharField(max_length=20, choices=Status, default=Status.NEW)
    priority = models.CharField(max_length=20, choices=Priority, default=Priority.MEDIUM)
    channel = models.CharField(max_length=20, choices=Channel, default=Channel.EMAIL)
    sla_breach = models.BooleanField(default=False)
    first_response_due = models.DateTimeField(null=True, blank=True)
    first_response_at = models.DateTimeField(null=True, blank=True)
    resolution_due = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    customer_satisfaction_score = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = (
            models.Index(fields=("status", "-created_at"), name="ticket_status_created_idx"),
            models.Index(fields=("assigned_agent", "status"), name="ticket_agent_status_idx"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(customer_satisfaction_score__isnull=True)
                | Q(customer_satisfaction_score__range=(1, 5)),
                name="ticket_score_from_1_to_5",
            ),
        )

    def __str__(self) -> str:
        return f"#{self.pk} {self.subject}"

    def get_absolute_url(self) -> str:
        """Return the ticket's page."""
        return reverse("tickets:detail", args=[self.pk])


class TicketComment(models.Model):
    """Something said about a ticket."""

    class Type(models.TextChoices):
        """Who gets to read a comment."""

        PUBLIC = "public", "Public"
        INTERNAL = "internal", "Internal"

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ticket_comments"
    )
    type = models.CharField(max_length=20, choices=Type, default=Type.PUBLIC)
    content = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        return self.content[:60]


class TicketAttachment(models.Model):
    """A file that came with a ticket."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="attachments")
    file_name = models.CharField(max_length=160)
    file_size = models.PositiveIntegerField()

    class Meta:
        ordering = ("file_name", "pk")
        constraints = (models.CheckConstraint(condition=Q(file_size__gt=0), name="attachment_is_not_empty"),)

    def __str__(self) -> str:
        return self.file_name


class TicketHistory(models.Model):
    """A change of a ticket."""

    class ChangeType(models.TextChoices):
        """What changed."""

        CREATED = "created", "Created"
        ASSIGNED = "assigned", "Assigned"
        STATUS = "status", "Status changed"
        PRIORITY = "priority", "Priority changed"

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="history")
    change_type = models.CharField(max_length=20, choices=ChangeType)
    detail = models.CharField(max_length=160, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("created_at", "pk")
        verbose_name_plural = "ticket history"

    def __str__(self) -> str:
        return self.get_change_type_display()


class CustomerFeedback(models.Model):
    """How a customer rates the help they got."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feedback")
    ticket = models.ForeignKey(
        Ticket, on_delete=models.SET_NULL, null=True, blank=True, related_name="feedback"
    )
    rating = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name_plural = "customer feedback"
        constraints = (
            models.CheckConstraint(condition=Q(rating__range=(1, 5)), name="feedback_rating_from_1_to_5"),
        )

    def __str__(self) -> str:
        return f"{self.rating} of 5"
