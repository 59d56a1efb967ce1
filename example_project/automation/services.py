"""What must happen whole or not at all: rules, workflows, integrations, and the training of models."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import F
from django.utils import timezone

from analytics.models import AnalyticsMetric
from automation.models import (
    AIModel,
    AutomationRule,
    Integration,
    IntegrationLog,
    ProcessingJob,
    RuleEmailTemplate,
    RuleWebhook,
    WorkflowExecution,
    WorkflowStep,
)
from quell.services import Retry, lock_rows, savepoint, service


@service
def create_rule(
    *, organization_id: int, name: str, trigger: str, subjects: Sequence[str] = (), urls: Sequence[str] = ()
) -> int:
    """Create a rule with its mails and webhooks, and return its key."""
    rule = AutomationRule.objects.create(organization_id=organization_id, name=name, trigger=trigger)
    RuleEmailTemplate.objects.bulk_create(
        [RuleEmailTemplate(rule=rule, subject=subject, body="Hello, {{ name }}.") for subject in subjects]
    )
    RuleWebhook.objects.bulk_create([RuleWebhook(rule=rule, url=url) for url in urls])
    return rule.pk


class StepFailed(Exception):
    """A step of a workflow could not be done."""


@service(retry=Retry(tries=5))
async def execute_workflow(
    *, rule_id: int, steps: Sequence[str], ticket_id: int | None = None, failing: Sequence[str] = ()
) -> int:
    """
    Run a rule: its steps at the same time, each kept or taken back by itself; return the key of the run.

    What each step does is up to it; that a step failed is a part of what happened, and is committed with the rest.
    """
    execution = await WorkflowExecution.objects.acreate(rule_id=rule_id, ticket_id=ticket_id)
    rows = [
        await WorkflowStep.objects.acreate(execution=execution, position=position, name=name)
        for position, name in enumerate(steps, 1)
    ]
    done = await asyncio.gather(*[_run_step(row, fails=row.name in failing) for row in rows])
    succeeded = WorkflowExecution.Status.SUCCEEDED
    execution.status = succeeded if all(done) else WorkflowExecution.Status.FAILED
    execution.finished_at = timezone.now()
    await execution.asave(update_fields=["status", "finished_at"])
    await AutomationRule.objects.filter(pk=rule_id).aupdate(
        execution_count=F("execution_count") + 1, last_executed_at=execution.finished_at
    )
    return execution.pk


async def _run_step(step: WorkflowStep, *, fails: bool) -> bool:
    began = time.monotonic()
    try:
        async with savepoint():
            await AnalyticsMetric.objects.acreate(name=f"step {step.name}", metric_value=1)
            if fails:
                raise StepFailed(step.name)
    except StepFailed:
        step.status = WorkflowStep.Status.FAILED
    else:
        step.status = WorkflowStep.Status.DONE
    step.duration_ms = int((time.monotonic() - began) * 1000)
    await step.asave(update_fields=["status", "duration_ms"])
    return step.status == WorkflowStep.Status.DONE


@service(retry=Retry(tries=5), idempotency_key="call_key")
def execute_integration(*, integration_id: int, call_key: str, status: str, duration_ms: int = 0) -> int:
    """Write down one call of an integration, once per key, with its statistics; return the key of the log."""
    log = IntegrationLog.objects.create(
        integration_id=integration_id, status=status, duration_ms=duration_ms, message=f"call {call_key}"
    )
    Integration.objects.filter(pk=integration_id).update(
        total_calls=F("total_calls") + 1,
        successful_calls=F("successful_calls") + int(status == IntegrationLog.Status.SUCCESS),
    )
    return log.pk


@service(retry=Retry(tries=5))
def train_model(*, model_id: int, accuracy: str) -> int:
    """Train a model: a job that is done, the model's new accuracy, and the metric; return the key of the job."""
    (model,) = lock_rows(AIModel.objects.filter(pk=model_id))
    job = ProcessingJob.objects.create(
        model=model, status=ProcessingJob.Status.RUNNING, started_at=timezone.now()
    )
    model.accuracy = Decimal(accuracy)
    model.trained_at = timezone.now()
    model.save(update_fields=["accuracy", "trained_at"])
    AnalyticsMetric.objects.create(
        name=f"accuracy of {model.name}", metric_value=model.accuracy * 100, unit="%"
    )
    job.status = ProcessingJob.Status.DONE
    job.finished_at = model.trained_at
    job.save(update_fields=["status", "finished_at"])
    return job.pk
