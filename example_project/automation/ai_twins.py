"""Naive pages about AI models, each beside its fast twin."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.generics import ListAPIView

from automation.models import AIModel, AIPrediction
from automation.serializers import MIN_CONFIDENCE, AIModelSerializer, FastAIModelSerializer
from config.pagination import NumberedPagination
from problems import get_problem

PAGE_SIZE = 200


class AIModelPagination(NumberedPagination):
    """Fewer models to a page: each brings its predictions."""

    page_size = PAGE_SIZE


class SlowAIPredictionList(ListAPIView[AIModel]):
    """List AI models with what they are sure of."""

    queryset = AIModel.objects.all()
    serializer_class = AIModelSerializer
    pagination_class = AIModelPagination


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
    pagination_class = AIModelPagination


def slow_ai_predictions(request: HttpRequest) -> HttpResponse:
    """Show AI models with what they are sure of."""
    rows = []
    for model in AIModel.objects.all()[:PAGE_SIZE]:
        confident = model.predictions.filter(confidence__gte=MIN_CONFIDENCE)
        rows.append((model, confident.order_by("-created_at", "-pk")))
    context = {"problem": get_problem("ai-predictions"), "rows": rows}
    return render(request, "problems/ai_predictions.html", context)


def fast_ai_predictions(request: HttpRequest) -> HttpResponse:
    """Show AI models with what they are sure of, loaded for the whole page."""
    confident = AIPrediction.objects.filter(confidence__gte=MIN_CONFIDENCE).order_by("-created_at", "-pk")
    models = AIModel.objects.prefetch_related(
        Prefetch("predictions", confident, to_attr="confident_predictions")
    )
    rows = [(model, model.confident_predictions) for model in models[:PAGE_SIZE]]
    context = {"problem": get_problem("ai-predictions"), "rows": rows}
    return render(request, "problems/ai_predictions.html", context)
