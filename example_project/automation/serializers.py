"""What the API says about AI models, integrations and workflows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar, Protocol

from django.db.models import Q
from rest_framework import serializers

from automation.models import (
    AIModel,
    AIPrediction,
    AutomationRule,
    Integration,
    IntegrationLog,
    WorkflowExecution,
    WorkflowStep,
)
from quell import FetchPlan, Limit, needs

MIN_CONFIDENCE = Decimal("0.7")
"""How sure a model must be for a prediction to be shown."""

CONFIDENT_PREDICTIONS = ("predictions", Q(confidence__gte=MIN_CONFIDENCE), ("-created_at", "-pk"))
"""Those predictions, newest first, as a plan filters them."""


def _describe_prediction(prediction: AIPrediction) -> Mapping[str, object]:
    return {"label": prediction.label, "confidence": prediction.confidence}


class AIModelSerializer(serializers.ModelSerializer[AIModel]):
    """A model with the predictions that it is sure of, newest first."""

    confident_predictions = serializers.SerializerMethodField()

    class Meta:
        model = AIModel
        fields: ClassVar[list[str]] = ["id", "name", "version", "confident_predictions"]

    def get_confident_predictions(self, model: AIModel) -> list[Mapping[str, object]]:
        """Describe the predictions that are sure enough."""
        predictions = model.predictions.filter(confidence__gte=MIN_CONFIDENCE).order_by("-created_at", "-pk")
        return [_describe_prediction(prediction) for prediction in predictions]


class WithConfidentPredictions(Protocol):
    """A model of a queryset that loaded predictions into `confident_predictions`."""

    confident_predictions: list[AIPrediction]


class FastAIModelSerializer(serializers.ModelSerializer[AIModel]):
    """The same, from predictions that were loaded into `confident_predictions`."""

    confident_predictions = serializers.SerializerMethodField()

    class Meta(AIModelSerializer.Meta):
        pass

    @needs(FetchPlan(filters={"confident_predictions": CONFIDENT_PREDICTIONS}))
    def get_confident_predictions(self, model: WithConfidentPredictions) -> list[Mapping[str, object]]:
        """Describe the predictions that are loaded already."""
        return [_describe_prediction(prediction) for prediction in model.confident_predictions]


def _describe_call(log: IntegrationLog) -> Mapping[str, object]:
    return {"status": log.status, "duration_ms": log.duration_ms, "message": log.message}


class IntegrationSerializer(serializers.ModelSerializer[Integration]):
    """An integration with its organization and its latest call, which is null before the first."""

    organization = serializers.CharField(source="organization.name", read_only=True)
    latest_call = serializers.SerializerMethodField()

    class Meta:
        model = Integration
        fields: ClassVar[list[str]] = ["id", "name", "organization", "latest_call"]

    def get_latest_call(self, integration: Integration) -> Mapping[str, object] | None:
        """Describe the latest call."""
        log = integration.latest_log
        return None if log is None else _describe_call(log)


class WithLatestLogs(Protocol):
    """An integration of a queryset that loaded at most one log into `latest_logs`."""

    latest_logs: list[IntegrationLog]


class FastIntegrationSerializer(serializers.ModelSerializer[Integration]):
    """The same, from the log that was loaded into `latest_logs`."""

    organization = serializers.CharField(source="organization.name", read_only=True)
    latest_call = serializers.SerializerMethodField()

    class Meta(IntegrationSerializer.Meta):
        pass

    @needs(FetchPlan(limits={"latest_logs": Limit("logs", 1, "-created_at", "-pk")}))
    def get_latest_call(self, integration: WithLatestLogs) -> Mapping[str, object] | None:
        """Describe the latest call that is loaded already."""
        for log in integration.latest_logs:
            return _describe_call(log)
        return None


class WorkflowStepSerializer(serializers.ModelSerializer[WorkflowStep]):
    """A step."""

    class Meta:
        model = WorkflowStep
        fields: ClassVar[list[str]] = ["position", "name", "status", "duration_ms"]


class WorkflowExecutionSerializer(serializers.ModelSerializer[WorkflowExecution]):
    """A run with its rule, its steps, and what they add up to."""

    rule: serializers.StringRelatedField[AutomationRule] = serializers.StringRelatedField()
    organization = serializers.CharField(source="rule.organization.name", read_only=True)
    steps = WorkflowStepSerializer(source="all_steps", many=True)

    class Meta:
        model = WorkflowExecution
        fields: ClassVar[list[str]] = [
            "id",
            "rule",
            "organization",
            "status",
            "progress",
            "total_duration_ms",
            "steps",
        ]
