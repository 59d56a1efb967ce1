"""The ticket queue and the ticket page."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from tickets.models import Ticket

PAGE_SIZE = 50


def queue(request: HttpRequest) -> HttpResponse:
    """List tickets, newest first; `?status=` keeps one status and `?page=` turns the page."""
    tickets = Ticket.objects.select_related("customer", "organization", "assigned_agent")
    status = request.GET.get("status", "")
    if status in Ticket.Status.values:
        tickets = tickets.filter(status=status)
    else:
        status = ""
    counts = dict(Ticket.objects.order_by().values_list("status").annotate(Count("pk")))
    paginator = Paginator(tickets, PAGE_SIZE)
    paginator.count = counts.get(status, 0) if status else sum(counts.values())
    filters = [(value, label, counts.get(value, 0)) for value, label in Ticket.Status.choices]
    context = {
        "page": paginator.get_page(request.GET.get("page")),
        "status": status,
        "filters": filters,
        "total": sum(counts.values()),
    }
    return render(request, "tickets/queue.html", context)


def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one ticket with its conversation, files and history."""
    tickets = Ticket.objects.select_related(
        "customer__organization", "organization", "assigned_agent", "category"
    ).prefetch_related("comments__author", "attachments", "history", "tags")
    return render(request, "tickets/detail.html", {"ticket": get_object_or_404(tickets, pk=pk)})
