"""Naive pages about AI models, integrations and workflows, each beside its fast twin."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.decorators import api_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from automation.models import AIModel, AIPrediction, Integration, IntegrationLog, WorkflowExecution
from automation.serializers import (
    MIN_CONFIDENCE,
    AIModelSerializer,
    FastAIModelSerializer,
    FastIntegrationSerializer,
    IntegrationSerializer,
)
from problems import get_problem

PAGE_SIZE = 250


class SlowAIPredictionList(ListAPIView[AIModel]):
    """List AI models with what they are sure of."""

    queryset = AIModel.objects.all()
    serializer_class = AIModelSerializer


class FastAIPredictionList(ListAPIView[AIModel]):
    """List AI models with what they are sure of, loaded for the whole page."""

    queryset = AIModel.objects.prefetch_related(
        Prefetch(
            "predictions",
            queryset=AIPrediction.objects.filter(confidence__gte=MIN_CONFIDENCE).order_by(
                "-created_at", "-pk"
            ),
            to_attr="confident_predictions",
        )
    )
    serializer_class = FastAIModelSerializer


@api_view(["GET"])
def slow_integration_logs(request: Request) -> Response:
    """List integrations with their latest call."""
    integrations = Integration.objects.order_by("pk")[:PAGE_SIZE]
    return Response(IntegrationSerializer(integrations, many=True).data)


@api_view(["GET"])
def fast_integration_logs(request: Request) -> Response:
    """List integrations with their latest call; the database picks one log per integration."""
    newest = IntegrationLog.objects.order_by("-created_at", "-pk")[:1]
    integrations = Integration.objects.order_by("pk").prefetch_related(
        Prefetch("logs", queryset=newest, to_attr="latest_logs")
    )[:PAGE_SIZE]
    return Response(FastIntegrationSerializer(integrations, many=True).data)


def slow_workflow_executions(request: HttpRequest) -> HttpResponse:
    """List workflow runs with their progress."""
    executions = WorkflowExecution.objects.select_related("rule")[:PAGE_SIZE]
    context = {"problem": get_problem("workflow-executions"), "executions": executions}
    return render(request, "problems/workflow_executions.html", context)


def fast_workflow_executions(request: HttpRequest) -> HttpResponse:
    """List workflow runs with their progress, with all steps in one query."""
    executions = WorkflowExecution.objects.select_related("rule").prefetch_related("steps")[:PAGE_SIZE]
    context = {"problem": get_problem("workflow-executions"), "executions": executions}
    return render(request, "problems/workflow_executions.html", context)
