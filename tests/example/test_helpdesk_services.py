"""The eight services of the help desk, by page and by API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

import quell
from accounts.models import Permission, User
from accounts.services import update_profile
from analytics.models import AnalyticsMetric
from automation.models import (
    AIModel,
    AutomationRule,
    Integration,
    IntegrationLog,
    ProcessingJob,
    WorkflowExecution,
)
from automation.services import execute_integration
from communication.models import CommunicationMessage, CommunicationSession
from knowledge.models import KBArticle
from knowledge.services import create_article
from operations.catalog import OPERATIONS
from security.models import EventKind, SecurityEvent, SecurityRule, Severity
from security.services import process_event
from seeding.data import grow

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture(autouse=True)
def rows() -> None:
    """Fill the help desk with a few rows."""
    grow(4)


def changed() -> dict[str, Callable[[], Any]]:
    """Return what each service changes."""
    return {
        "create-rule": lambda: list(
            AutomationRule.objects.filter(name="Greet").values_list(
                "email_templates__subject", "webhooks__url"
            )
        ),
        "execute-workflow": lambda: list(
            WorkflowExecution.objects.filter(rule__last_executed_at__gte=F("started_at"))
            .order_by("-pk")
            .values_list("status", "steps__name", "steps__status")[:3]
        ),
        "send-message": lambda: CommunicationMessage.objects.filter(body="We are on it.").count(),
        "execute-integration": lambda: IntegrationLog.objects.filter(message__startswith="call ").count(),
        "train-model": lambda: ProcessingJob.objects.filter(model__accuracy="0.9150", status="done").count(),
        "process-event": lambda: SecurityEvent.objects.filter(ip_address="192.0.2.7").count(),
        "update-profile": lambda: User.objects.filter(profile__job_title="Lead").count(),
        "create-article": lambda: KBArticle.objects.filter(
            title="Reset a password", views__isnull=False
        ).count(),
    }


@pytest.mark.parametrize("slug", OPERATIONS)
@pytest.mark.parametrize("prefix", ["", "/api"])
def test_service_runs_by_page_and_by_api(client: Client, slug: str, prefix: str) -> None:
    """Each service changes what it is about, called from its page or its endpoint."""
    look = changed()[slug]
    before = look()

    response = client.post(f"{prefix}/services/{slug}/")

    assert response.status_code == 200
    assert look() != before


def test_services_leave_nothing_to_a_rollback(client: Client) -> None:
    """None of the services does in its transaction what stays when it is rolled back, or holds it for long."""
    with quell.watch(transactions=True) as watch:
        for slug in OPERATIONS:
            client.post(f"/services/{slug}/")

    assert len(watch.recording.transactions) >= len(OPERATIONS)
    assert not [finding for finding in watch.findings if finding.level == "advice"]


def test_page_lists_all_services(client: Client) -> None:
    """The page has a form for each."""
    page = client.get("/services/").content.decode()

    assert page.count("<form") == len(OPERATIONS) == 8


def test_wrong_calls_are_answered(client: Client) -> None:
    """Unknown services, broken bodies, wrong arguments and missing rows are the caller's fault."""
    assert client.post("/services/unknown/").status_code == 404
    for body in ("{", json.dumps({"no": 1})):
        response = client.post("/api/services/send-message/", body, content_type="application/json")
        assert response.status_code == 400
    arguments = {"user_id": User.objects.first().pk, "job_title": "x", "permissions": ["no-such"]}  # type: ignore[union-attr]
    response = client.post("/api/services/update-profile/", arguments, content_type="application/json")
    assert (response.status_code, response.json()) == (400, {"error": "There is no permission no-such."})


def test_workflow_keeps_the_steps_that_succeeded(client: Client) -> None:
    """A step that fails takes its own rows back; the run, all steps and the statistics are written."""
    rule = AutomationRule.objects.order_by("pk")[0]

    key = client.post("/api/services/execute-workflow/").json()["result"]

    execution = WorkflowExecution.objects.get(pk=key)
    assert execution.status == WorkflowExecution.Status.FAILED
    steps = {step.name: step.status for step in execution.steps.all()}
    assert steps == {"tag": "done", "notify": "failed", "assign": "done"}
    assert not AnalyticsMetric.objects.filter(name="step notify").exists()
    assert AnalyticsMetric.objects.filter(name="step tag").exists()
    assert AutomationRule.objects.get(pk=rule.pk).execution_count == rule.execution_count + 1


def test_integration_counts_a_call_once() -> None:
    """The same key is the same call."""
    integration = Integration.objects.order_by("pk")[0]
    arguments: dict[str, Any] = {"integration_id": integration.pk, "call_key": "abc", "status": "success"}

    assert execute_integration(**arguments) == execute_integration(**arguments)
    assert Integration.objects.get(pk=integration.pk).total_calls == integration.total_calls + 1


def test_event_beyond_the_rule_is_critical() -> None:
    """The event that is one too many is escalated."""
    SecurityRule.objects.update_or_create(
        kind=EventKind.DATA_EXPORT, defaults={"max_event_count": 2, "window_minutes": 5, "is_active": True}
    )
    SecurityEvent.objects.filter(kind=EventKind.DATA_EXPORT).delete()
    keys = [process_event(kind=EventKind.DATA_EXPORT) for _ in range(3)]

    found = [SecurityEvent.objects.get(pk=key) for key in keys]
    assert [event.severity == Severity.CRITICAL for event in found] == [False, False, True]
    assert [log.action for log in found[2].audit_logs.all()] == ["received", "escalated"]


def test_profile_and_permissions_change_together() -> None:
    """A permission that does not exist keeps the profile as it was; the others are replaced."""
    user = User.objects.filter(profile__isnull=False).order_by("pk")[0]
    code = Permission.objects.order_by("code")[0].code
    before = user.profile.job_title

    with pytest.raises(LookupError, match="no-such"):
        update_profile(user_id=user.pk, job_title="New", permissions=["no-such"])
    user.profile.refresh_from_db()
    assert user.profile.job_title == before
    update_profile(user_id=user.pk, job_title="New", permissions=[code])
    assert [permission.code for permission in user.permissions.all()] == [code]


def test_article_needs_its_tags() -> None:
    """A tag that does not exist keeps the article from existing."""
    count = KBArticle.objects.count()
    with pytest.raises(LookupError):
        create_article(title="x", body="y", author_id=User.objects.order_by("pk")[0].pk, tag_ids=[0])
    assert KBArticle.objects.count() == count


def test_message_is_counted_by_its_session(client: Client) -> None:
    """The session knows its new message."""
    session = CommunicationSession.objects.order_by("pk")[0]
    client.post("/api/services/send-message/")
    assert CommunicationSession.objects.get(pk=session.pk).message_count == session.message_count + 1


def test_training_writes_a_metric(client: Client) -> None:
    """The new accuracy is measured."""
    model = AIModel.objects.order_by("pk")[0]
    client.post("/api/services/train-model/")
    metric = AnalyticsMetric.objects.get(name=f"accuracy of {model.name}")
    assert float(metric.metric_value) == 91.5
