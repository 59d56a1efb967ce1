"""All numbers of the help desk on one page: as it is often written, and in one round trip."""

from __future__ import annotations

from django.db.models import Avg, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import User
from analytics.models import AnalyticsMetric, AnalyticsReport
from automation.models import AIModel, AIPrediction, Integration
from billing.models import Installment
from communication.models import CommunicationMessage, CommunicationSession
from fieldwork.models import WorkOrder
from portal.statistics import Area, fetch_areas
from security.models import SecurityAuditLog, SecurityEvent, Severity
from tickets.models import Ticket


def slow_statistics(request: HttpRequest) -> HttpResponse:
    """Ask for each number by itself."""
    areas = [*_support(), *_people(), *_machines(), *_connections(), _installments()]
    return render(request, "portal/statistics.html", {"areas": areas})


def fast_statistics(request: HttpRequest) -> HttpResponse:
    """Ask for all numbers at once."""
    return render(request, "portal/statistics.html", {"areas": fetch_areas()})


def _support() -> list[Area]:
    tickets, orders = Ticket.objects, WorkOrder.objects
    waiting = [Ticket.Status.NEW, Ticket.Status.OPEN, Ticket.Status.PENDING]
    return [
        Area(
            "Tickets",
            {
                "total": tickets.count(),
                "open": tickets.filter(status__in=waiting).count(),
                "late": tickets.filter(sla_breach=True).count(),
            },
        ),
        Area(
            "Work orders",
            {
                "total": orders.count(),
                "done": orders.filter(status=WorkOrder.Status.DONE).count(),
                "average_minutes": orders.aggregate(value=Avg("duration_minutes"))["value"],
                "cost": orders.aggregate(value=Sum("final_cost"))["value"],
            },
        ),
    ]


def _people() -> list[Area]:
    users = User.objects
    return [
        Area(
            "Users",
            {
                "total": users.count(),
                "active": users.filter(is_active=True).count(),
                "agents": users.filter(role=User.Role.AGENT).count(),
                "customers": users.filter(role=User.Role.CUSTOMER).count(),
                "enterprise": users.filter(customer_tier=User.Tier.ENTERPRISE).count(),
            },
        ),
        Area(
            "Communication",
            {
                "total": CommunicationSession.objects.count(),
                "active": CommunicationSession.objects.filter(
                    status=CommunicationSession.Status.ACTIVE
                ).count(),
                "messages": CommunicationMessage.objects.count(),
            },
        ),
    ]


def _machines() -> list[Area]:
    metrics, reports = AnalyticsMetric.objects, AnalyticsReport.objects
    return [
        Area(
            "Analytics",
            {
                "total": metrics.count(),
                "average": metrics.aggregate(value=Avg("metric_value"))["value"],
                "reports": reports.count(),
                "ready": reports.filter(status=AnalyticsReport.Status.READY).count(),
            },
        ),
        Area(
            "AI",
            {
                "total": AIModel.objects.count(),
                "active": AIModel.objects.filter(is_active=True).count(),
                "predictions": AIPrediction.objects.count(),
                "confidence": AIPrediction.objects.aggregate(value=Avg("confidence"))["value"],
            },
        ),
    ]


def _connections() -> list[Area]:
    integrations, events = Integration.objects, SecurityEvent.objects
    return [
        Area(
            "Integrations",
            {
                "total": integrations.count(),
                "active": integrations.filter(is_active=True).count(),
                "calls": integrations.aggregate(value=Sum("total_calls"))["value"],
                "successful": integrations.aggregate(value=Sum("successful_calls"))["value"],
            },
        ),
        Area(
            "Security",
            {
                "total": events.count(),
                "critical": events.filter(severity=Severity.CRITICAL).count(),
                "unresolved": events.filter(is_resolved=False).count(),
                "audit_logs": SecurityAuditLog.objects.count(),
            },
        ),
    ]


def _installments() -> Area:
    installments = Installment.objects
    unpaid = installments.filter(is_paid=False)
    return Area(
        "Installments",
        {
            "total": installments.count(),
            "paid": installments.filter(is_paid=True).count(),
            "unpaid": unpaid.count(),
            "overdue": unpaid.filter(due_date__lt=timezone.localdate()).count(),
            "due": unpaid.aggregate(value=Sum("amount"))["value"],
        },
    )
