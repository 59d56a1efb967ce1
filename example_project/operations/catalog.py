"""The services by name, and arguments from the rows that are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils.crypto import get_random_string

from accounts.models import Permission, User
from accounts.services import update_profile
from automation.models import AIModel, AutomationRule, Integration
from automation.services import create_rule, execute_integration, execute_workflow, train_model
from communication.models import CommunicationSession
from communication.services import send_message
from knowledge.services import create_article
from organizations.models import Organization, Tag
from security.models import EventKind
from security.services import process_event

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """A service, and a function that makes up arguments for it."""

    slug: str
    title: str
    run: Callable[..., Any]
    sample: Callable[[], Arguments]
    is_async: bool = False


def _first(model: type[Model]) -> Any:
    return model._default_manager.order_by("pk").values_list("pk", flat=True).first()


def _rule() -> Arguments:
    return {
        "organization_id": _first(Organization),
        "name": "Greet",
        "trigger": AutomationRule.Trigger.TICKET_CREATED,
        "subjects": ["Welcome", "How are you?"],
        "urls": ["https://example.com/hook"],
    }


def _workflow() -> Arguments:
    return {"rule_id": _first(AutomationRule), "steps": ["tag", "notify", "assign"], "failing": ["notify"]}


def _message() -> Arguments:
    return {"session_id": _first(CommunicationSession), "body": "We are on it."}


def _integration() -> Arguments:
    key = get_random_string(12)
    return {"integration_id": _first(Integration), "call_key": key, "status": "success", "duration_ms": 80}


def _training() -> Arguments:
    return {"model_id": _first(AIModel), "accuracy": "0.9150"}


def _event() -> Arguments:
    return {"kind": EventKind.FAILED_LOGIN, "user_id": _first(User), "ip_address": "192.0.2.7"}


def _profile() -> Arguments:
    codes = list(Permission.objects.order_by("code").values_list("code", flat=True)[:2])
    return {"user_id": _first(User), "job_title": "Lead", "permissions": codes}


def _article() -> Arguments:
    tags = list(Tag.objects.order_by("pk").values_list("pk", flat=True)[:2])
    return {
        "title": "Reset a password",
        "body": "Ask for a link.",
        "author_id": _first(User),
        "tag_ids": tags,
    }


OPERATIONS: dict[str, Operation] = {
    operation.slug: operation
    for operation in (
        Operation("create-rule", "Create an automation rule with mails and webhooks", create_rule, _rule),
        Operation(
            "execute-workflow",
            "Run a workflow, its steps at once",
            execute_workflow,
            _workflow,
            is_async=True,
        ),
        Operation("send-message", "Send a message, counted by its session", send_message, _message),
        Operation(
            "execute-integration", "Write down a call of an integration", execute_integration, _integration
        ),
        Operation("train-model", "Train an AI model", train_model, _training),
        Operation("process-event", "Process a security event", process_event, _event),
        Operation("update-profile", "Change a profile and its permissions", update_profile, _profile),
        Operation(
            "create-article", "Create an article with tags and its first view", create_article, _article
        ),
    )
}
