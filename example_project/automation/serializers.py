"""What the API says about AI models, integrations and workflows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import ClassVar, Protocol

from rest_framework import serializers

from automation.models import (
    AIModel,
    AIPrediction,
    Integration,
    IntegrationLog,
    WorkflowExecution,
    WorkflowStep,
)

MIN_CONFIDENCE = Decimal("0.7")
"""How sure a model must be for a prediction to be shown."""


class AIPredictionSerializer(serializers.ModelSerializer[AIPrediction]):
    """A prediction."""

    class Meta:
        model = AIPrediction
        fields: ClassVar[list[str]] = ["label", "confidence", "ticket_id", "created_at"]


class AIModelSerializer(serializers.ModelSerializer[AIModel]):
    """A model with the predictions that it is sure of, newest first."""

    confident_predictions = serializers.SerializerMethodField()

    class Meta:
        model = AIModel
        fields: ClassVar[list[str]] = [
            "id",
            "name",
            "version",
            "is_active",
            "accuracy",
            "confident_predictions",
        ]

    def get_confident_predictions(self, model: AIModel) -> Iterable[Mapping[str, object]]:
        """Serialize the predictions that are sure enough."""
        predictions = model.predictions.filter(confidence__gte=MIN_CONFIDENCE).order_by("-created_at", "-pk")
        return AIPredictionSerializer(predictions, many=True).data


class FastAIModelSerializer(serializers.ModelSerializer[AIModel]):
    """The same, from predictions that were loaded into `confident_predictions`."""

    confident_predictions = AIPredictionSerializer(many=True)

    class Meta(AIModelSerializer.Meta):
        pass


class IntegrationLogSerializer(serializers.ModelSerializer[IntegrationLog]):
    """A call."""

    class Meta:
        model = IntegrationLog
        fields: ClassVar[list[str]] = ["status", "duration_ms", "message", "created_at"]


class IntegrationSerializer(serializers.ModelSerializer[Integration]):
    """An integration with its latest call; null before the first."""

    latest_call = serializers.SerializerMethodField()

    class Meta:
        model = Integration
        fields: ClassVar[list[str]] = [
            "id",
            "name",
            "endpoint",
            "is_active",
            "total_calls",
            "successful_calls",
            "latest_call",
        ]

    def get_latest_call(self, integration: Integration) -> Mapping[str, object] | None:
        """Serialize the latest call."""
        log = integration.latest_log
        return None if log is None else IntegrationLogSerializer(log).data


class WithLatestLogs(Protocol):
    """An integration of a queryset that loaded at most one log into `latest_logs`."""

    latest_logs: list[IntegrationLog]


class FastIntegrationSerializer(serializers.ModelSerializer[Integration]):
    """The same, from the log that was loaded into `latest_logs`."""

    latest_call = serializers.SerializerMethodField()

    class Meta(IntegrationSerializer.Meta):
        pass

    def get_latest_call(self, integration: WithLatestLogs) -> Mapping[str, object] | None:
        """Serialize the latest call that is loaded already."""
        for log in integration.latest_logs:
            return IntegrationLogSerializer(log).data
        return None


class WorkflowStepSerializer(serializers.ModelSerializer[WorkflowStep]):
    """A step."""

    class Meta:
        model = WorkflowStep
        fields: ClassVar[list[str]] = ["position", "name", "status", "duration_ms"]


class WorkflowExecutionSerializer(serializers.ModelSerializer[WorkflowExecution]):
    """A run with its steps and what they add up to."""

    steps = WorkflowStepSerializer(source="all_steps", many=True)

    class Meta:
        model = WorkflowExecution
        fields: ClassVar[list[str]] = [
            "id",
            "status",
            "started_at",
            "finished_at",
            "finished_step_count",
            "total_duration_ms",
            "steps",
        ]
