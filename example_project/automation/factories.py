"""Factories of rules, workflows, AI models and integrations."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory
from factory.fuzzy import FuzzyChoice, FuzzyInteger

from automation.models import (
    AIModel,
    AIPrediction,
    AutomationRule,
    Integration,
    IntegrationLog,
    WorkflowExecution,
    WorkflowStep,
)
from organizations.factories import OrganizationFactory
from seeding.vocabulary import AI_MODELS, INTEGRATIONS, LABELS, RULES, SEEDED_NOW, STEPS


class AutomationRuleFactory(DjangoModelFactory[AutomationRule]):
    """Make rules that never ran."""

    class Meta:
        model = AutomationRule

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: RULES[n % len(RULES)])
    trigger = FuzzyChoice(AutomationRule.Trigger.values)


class WorkflowExecutionFactory(DjangoModelFactory[WorkflowExecution]):
    """Make runs; those that still run have no end."""

    class Meta:
        model = WorkflowExecution

    rule = factory.SubFactory(AutomationRuleFactory)
    status = FuzzyChoice(WorkflowExecution.Status.values)
    started_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(minutes=13 * n))
    finished_at = factory.LazyAttribute(
        lambda run: None if run.status == "running" else run.started_at + timedelta(seconds=40)
    )


class WorkflowStepFactory(DjangoModelFactory[WorkflowStep]):
    """Make steps; one that did not run has no duration."""

    class Meta:
        model = WorkflowStep

    execution = factory.SubFactory(WorkflowExecutionFactory)
    position = 1
    name = factory.LazyAttribute(lambda step: STEPS[(step.position - 1) % len(STEPS)])
    status = WorkflowStep.Status.DONE
    duration_ms = factory.LazyAttributeSequence(
        lambda step, n: 20 + 7 * (n % 90) if step.status != "waiting" else None
    )


class AIModelFactory(DjangoModelFactory[AIModel]):
    """Make models; each seventh was never trained."""

    class Meta:
        model = AIModel

    name = factory.Sequence(lambda n: AI_MODELS[n % len(AI_MODELS)])
    version = factory.Sequence(lambda n: f"{1 + n // 30}.{n // 6 % 5}")
    is_active = factory.Sequence(lambda n: n % 5 != 4)
    accuracy = factory.Sequence(lambda n: None if n % 7 == 6 else Decimal(7000 + n * 1237 % 3000) / 10000)
    trained_at = factory.LazyAttributeSequence(
        lambda model, n: SEEDED_NOW - timedelta(days=n) if model.accuracy is not None else None
    )


class AIPredictionFactory(DjangoModelFactory[AIPrediction]):
    """Make predictions, sure and unsure ones."""

    class Meta:
        model = AIPrediction

    model = factory.SubFactory(AIModelFactory)
    label = FuzzyChoice(LABELS)
    confidence = factory.Sequence(lambda n: Decimal(500 + n * 287 % 500) / 1000)
    created_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(minutes=3 * n))


class IntegrationFactory(DjangoModelFactory[Integration]):
    """Make integrations that were never called."""

    class Meta:
        model = Integration

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: INTEGRATIONS[n % len(INTEGRATIONS)])
    endpoint = factory.Sequence(lambda n: f"https://hooks.helpdesk.example/{n}")
    is_active = factory.Sequence(lambda n: n % 6 != 5)


class IntegrationLogFactory(DjangoModelFactory[IntegrationLog]):
    """Make calls; one that timed out has no duration."""

    class Meta:
        model = IntegrationLog

    integration = factory.SubFactory(IntegrationFactory)
    status = FuzzyChoice(("success", "success", "success", "error", "timeout"))
    duration_ms = FuzzyInteger(15, 900)
    message = factory.LazyAttribute(
        lambda log: "" if log.status == "success" else f"The endpoint sent: {log.status}"
    )
    created_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(minutes=2 * n))
