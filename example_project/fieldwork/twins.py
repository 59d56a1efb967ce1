"""The naive list of work orders, and its fast twin."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.viewsets import ReadOnlyModelViewSet

from fieldwork.models import JobAssignment, WorkOrder
from fieldwork.serializers import WorkOrderSerializer
from problems import get_problem

PAGE_SIZE = 100


class SlowWorkOrderViewSet(ReadOnlyModelViewSet[WorkOrder]):
    """List work orders with their crews."""

    queryset = WorkOrder.objects.all()
    serializer_class = WorkOrderSerializer


class FastWorkOrderViewSet(SlowWorkOrderViewSet):
    """List work orders with their crews, in one query per level."""

    queryset = WorkOrder.objects.prefetch_related("assignments__technician__user")


def slow_work_orders(request: HttpRequest) -> HttpResponse:
    """Show the next work orders with their crews."""
    orders = WorkOrder.objects.select_related("organization")[:PAGE_SIZE]
    return render(
        request, "problems/work_orders.html", {"problem": get_problem("work-orders"), "orders": orders}
    )


def fast_work_orders(request: HttpRequest) -> HttpResponse:
    """Show the next work orders with their crews, in two queries."""
    crews = JobAssignment.objects.select_related("technician__user")
    orders = WorkOrder.objects.select_related("organization").prefetch_related(Prefetch("assignments", crews))
    context = {"problem": get_problem("work-orders"), "orders": orders[:PAGE_SIZE]}
    return render(request, "problems/work_orders.html", context)
