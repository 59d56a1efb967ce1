"""The home page and the dashboard."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from problems import PROBLEMS
from tickets.models import Ticket

_WAITING = (Ticket.Status.NEW, Ticket.Status.OPEN, Ticket.Status.PENDING)
_LIST_SIZE = 10


def home(request: HttpRequest) -> HttpResponse:
    """List the twelve problems, each with its slow and its fast page."""
    return render(request, "portal/home.html", {"problems": PROBLEMS})


def dashboard(request: HttpRequest) -> HttpResponse:
    """Show where the team stands: numbers, the tickets that waited longest, and the load of each agent."""
    waiting = Q(status__in=_WAITING)
    numbers = Ticket.objects.aggregate(
        waiting=Count("pk", filter=waiting),
        unassigned=Count("pk", filter=waiting & Q(assigned_agent=None)),
        urgent=Count("pk", filter=waiting & Q(priority=Ticket.Priority.URGENT)),
        breached=Count("pk", filter=waiting & Q(sla_breach=True)),
    )
    longest_waiting = (
        Ticket.objects.filter(waiting)
        .select_related("customer", "assigned_agent", "organization")
        .order_by("created_at", "pk")[:_LIST_SIZE]
    )
    assigned = Q(assigned_tickets__status__in=_WAITING)
    agents = (
        User.objects.filter(role__in=(User.Role.AGENT, User.Role.MANAGER), assigned_tickets__isnull=False)
        .annotate(
            waiting_count=Count("assigned_tickets", filter=assigned),
            urgent_count=Count(
                "assigned_tickets", filter=assigned & Q(assigned_tickets__priority=Ticket.Priority.URGENT)
            ),
        )
        .order_by("-waiting_count", "full_name", "pk")[:_LIST_SIZE]
    )
    context = {"numbers": numbers, "longest_waiting": longest_waiting, "agents": agents}
    return render(request, "portal/dashboard.html", context)
