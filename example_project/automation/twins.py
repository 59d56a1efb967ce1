"""Naive pages about integrations and workflows, each beside its fast twin."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.decorators import api_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from automation.models import Integration, IntegrationLog, WorkflowExecution
from automation.serializers import (
    FastIntegrationSerializer,
    IntegrationSerializer,
    WorkflowExecutionSerializer,
)
from problems import get_problem

PAGE_SIZE = 250
INTEGRATION_PAGE_SIZE = 100


@api_view(["GET"])
def slow_integration_logs(request: Request) -> Response:
    """List integrations with their latest call."""
    integrations = Integration.objects.order_by("pk")[:INTEGRATION_PAGE_SIZE]
    return Response(IntegrationSerializer(integrations, many=True).data)


@api_view(["GET"])
def fast_integration_logs(request: Request) -> Response:
    """List integrations with their latest call; the database picks one log per integration."""
    newest = IntegrationLog.objects.order_by("-created_at", "-pk")[:1]
    integrations = (
        Integration.objects.order_by("pk")
        .select_related("organization")
        .prefetch_related(Prefetch("logs", queryset=newest, to_attr="latest_logs"))[:INTEGRATION_PAGE_SIZE]
    )
    return Response(FastIntegrationSerializer(integrations, many=True).data)


def slow_workflow_executions(request: HttpRequest) -> HttpResponse:
    """List workflow runs with their progress."""
    executions = WorkflowExecution.objects.all()[:PAGE_SIZE]
    context = {"problem": get_problem("workflow-executions"), "executions": executions}
    return render(request, "problems/workflow_executions.html", context)


def fast_workflow_executions(request: HttpRequest) -> HttpResponse:
    """List workflow runs with their progress, with all steps in one query."""
    executions = WorkflowExecution.objects.select_related("rule__organization").prefetch_related("steps")
    context = {"problem": get_problem("workflow-executions"), "executions": executions[:PAGE_SIZE]}
    return render(request, "problems/workflow_executions.html", context)


def slow_integration_logs_page(request: HttpRequest) -> HttpResponse:
    """Show integrations with their latest call."""
    integrations = Integration.objects.order_by("pk")[:INTEGRATION_PAGE_SIZE]
    context = {"problem": get_problem("integration-logs"), "integrations": integrations}
    return render(request, "problems/integration_logs_slow.html", context)


def fast_integration_logs_page(request: HttpRequest) -> HttpResponse:
    """Show integrations with their latest call; the database picks one log per integration."""
    newest = IntegrationLog.objects.order_by("-created_at", "-pk")[:1]
    integrations = (
        Integration.objects.order_by("pk")
        .select_related("organization")
        .prefetch_related(Prefetch("logs", queryset=newest, to_attr="latest_logs"))[:INTEGRATION_PAGE_SIZE]
    )
    context = {"problem": get_problem("integration-logs"), "integrations": integrations}
    return render(request, "problems/integration_logs_fast.html", context)


class SlowWorkflowExecutionList(ListAPIView[WorkflowExecution]):
    """List workflow runs with their steps."""

    queryset = WorkflowExecution.objects.all()
    serializer_class = WorkflowExecutionSerializer


class FastWorkflowExecutionList(SlowWorkflowExecutionList):
    """List workflow runs with their steps, loaded for the whole page."""

    queryset = WorkflowExecution.objects.select_related("rule__organization").prefetch_related("steps")
