"""The numbers of the help desk, declared: nine areas, fetched in one round trip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models.functions import Now, TruncDate

import quell
from accounts.models import User
from analytics.models import AnalyticsMetric, AnalyticsReport
from automation.models import AIModel, AIPrediction, Integration
from billing.models import Installment
from communication.models import CommunicationMessage, CommunicationSession
from fieldwork.models import WorkOrder
from quell.aggregation import Avg, Collected, Count, Sum
from security.models import SecurityAuditLog, SecurityEvent, Severity
from tickets.models import Ticket


class TicketStatistics(quell.Statistics):
    """How many tickets there are, wait, and were answered late."""

    total = Count("pk")
    open = Count("pk", status__in=[Ticket.Status.NEW, Ticket.Status.OPEN, Ticket.Status.PENDING])
    late = Count("pk", sla_breach=True)

    class Meta:
        model = Ticket


class WorkOrderStatistics(quell.Statistics):
    """How many work orders there are and are done, how long one takes, and what all cost."""

    total = Count("pk")
    done = Count("pk", status=WorkOrder.Status.DONE)
    average_minutes = Avg("duration_minutes")
    cost = Sum("final_cost")

    class Meta:
        model = WorkOrder


class UserStatistics(quell.Statistics):
    """Who uses the help desk."""

    total = Count("pk")
    active = Count("pk", is_active=True)
    agents = Count("pk", role=User.Role.AGENT)
    customers = Count("pk", role=User.Role.CUSTOMER)
    enterprise = Count("pk", customer_tier=User.Tier.ENTERPRISE)

    class Meta:
        model = User


class SessionStatistics(quell.Statistics):
    """Conversations."""

    total = Count("pk")
    active = Count("pk", status=CommunicationSession.Status.ACTIVE)

    class Meta:
        model = CommunicationSession


class MetricStatistics(quell.Statistics):
    """What was measured."""

    total = Count("pk")
    average = Avg("metric_value")

    class Meta:
        model = AnalyticsMetric


class ReportStatistics(quell.Statistics):
    """Reports, and those that can be read."""

    total = Count("pk")
    ready = Count("pk", status=AnalyticsReport.Status.READY)

    class Meta:
        model = AnalyticsReport


class ModelStatistics(quell.Statistics):
    """AI models, and those in use."""

    total = Count("pk")
    active = Count("pk", is_active=True)

    class Meta:
        model = AIModel


class PredictionStatistics(quell.Statistics):
    """What AI models said, and how sure they were."""

    total = Count("pk")
    confidence = Avg("confidence")

    class Meta:
        model = AIPrediction


class IntegrationStatistics(quell.Statistics):
    """Other systems, and the calls between them and the help desk."""

    total = Count("pk")
    active = Count("pk", is_active=True)
    calls = Sum("total_calls")
    successful = Sum("successful_calls")

    class Meta:
        model = Integration


class SecurityStatistics(quell.Statistics):
    """Security events, and those that somebody should look at."""

    total = Count("pk")
    critical = Count("pk", severity=Severity.CRITICAL)
    unresolved = Count("pk", is_resolved=False)

    class Meta:
        model = SecurityEvent


class InstallmentStatistics(quell.Statistics):
    """What is paid, what is not, and what should be by now."""

    total = Count("pk")
    paid = Count("pk", is_paid=True)
    unpaid = Count("pk", is_paid=False)
    overdue = Count("pk", is_paid=False, due_date__lt=TruncDate(Now()))
    due = Sum("amount", is_paid=False)

    class Meta:
        model = Installment


@dataclass(frozen=True, slots=True)
class Area:
    """One box of the page: its title, and its numbers by name."""

    title: str
    numbers: Mapping[str, object]

    @property
    def labelled(self) -> list[tuple[str, object]]:
        """The numbers, each under a name that people read."""
        return [(name.replace("_", " "), value) for name, value in self.numbers.items()]


def fetch_areas() -> list[Area]:
    """Fetch the numbers of all nine areas in one round trip."""
    return arranged(
        quell.collect(
            tickets=TicketStatistics,
            work_orders=WorkOrderStatistics,
            users=UserStatistics,
            sessions=SessionStatistics,
            messages=CommunicationMessage.objects,
            metrics=MetricStatistics,
            reports=ReportStatistics,
            models=ModelStatistics,
            predictions=PredictionStatistics,
            integrations=IntegrationStatistics,
            events=SecurityStatistics,
            audit_logs=SecurityAuditLog.objects,
            installments=InstallmentStatistics,
        )
    )


def arranged(found: Collected) -> list[Area]:
    """Put what was collected into the nine areas."""
    return [
        Area("Tickets", dict(found.tickets)),
        Area("Work orders", dict(found.work_orders)),
        Area("Users", dict(found.users)),
        Area("Communication", {**found.sessions, "messages": found.messages}),
        Area("Analytics", {**found.metrics, "reports": found.reports.total, "ready": found.reports.ready}),
        Area(
            "AI",
            {
                **found.models,
                "predictions": found.predictions.total,
                "confidence": found.predictions.confidence,
            },
        ),
        Area("Integrations", dict(found.integrations)),
        Area("Security", {**found.events, "audit_logs": found.audit_logs}),
        Area("Installments", dict(found.installments)),
    ]
