"""Models of automation, by subject."""

from automation.models.ai import AIModel, AIPrediction, ProcessingJob
from automation.models.integrations import Integration, IntegrationLog
from automation.models.workflows import (
    AutomationRule,
    RuleEmailTemplate,
    RuleWebhook,
    WorkflowExecution,
    WorkflowStep,
)

__all__ = [
    "AIModel",
    "AIPrediction",
    "AutomationRule",
    "Integration",
    "IntegrationLog",
    "ProcessingJob",
    "RuleEmailTemplate",
    "RuleWebhook",
    "WorkflowExecution",
    "WorkflowStep",
]
