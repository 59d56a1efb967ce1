"""Tickets, feedback, and what automation does with them."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Max
from factory.random import randgen

from accounts.models import User
from automation.factories import (
    AIModelFactory,
    AIPredictionFactory,
    IntegrationFactory,
    IntegrationLogFactory,
    WorkflowExecutionFactory,
    WorkflowStepFactory,
)
from automation.models import (
    AIModel,
    AIPrediction,
    AutomationRule,
    Integration,
    IntegrationLog,
    WorkflowExecution,
    WorkflowStep,
)
from seeding.rows import BATCH_SIZE
from seeding.vocabulary import AGENT_COMMENTS, CUSTOMER_COMMENTS, SEEDED_NOW
from seeding.world import World
from tickets.factories import (
    CustomerFeedbackFactory,
    TicketAttachmentFactory,
    TicketCommentFactory,
    TicketFactory,
    TicketHistoryFactory,
    ticket_text,
)
from tickets.models import (
    CustomerFeedback,
    Ticket,
    TicketAttachment,
    TicketComment,
    TicketHistory,
)


def tickets(world: World, customers: list[User], count: int) -> list[Ticket]:
    """Add tickets with comments, attachments, history and tags; each sixth has no agent yet."""
    first = Ticket.objects.count()
    categories = {category.name: category for category in world.categories}
    rows = []
    for index in range(first, first + count):
        customer = randgen.choice(customers)
        organization = customer.organization or world.organizations[0]
        rows.append(
            TicketFactory.build(
                customer=customer,
                organization=organization,
                assigned_agent=None if index % 6 == 5 else randgen.choice(world.agents_of(organization)),
                category=None if index % 17 == 16 else categories[ticket_text(index).category],
            )
        )
    Ticket.objects.bulk_create(rows, batch_size=BATCH_SIZE)
    _comments(world, rows)
    _attachments_and_history(rows)
    tags = {tag.name: tag for tag in world.tags}
    through = Ticket.tags.through
    through.objects.bulk_create(
        [
            through(ticket_id=ticket.pk, tag_id=tags[name].pk)
            for index, ticket in enumerate(rows, start=first)
            for name in ticket_text(index).tags[: index % 3]
        ],
        batch_size=BATCH_SIZE,
    )
    return rows


def _comments(world: World, rows: list[Ticket]) -> None:
    """Let agent and customer speak in turn, but only the customer on a ticket without a response."""
    comments = []
    for index, ticket in enumerate(rows):
        agent = ticket.assigned_agent or randgen.choice(world.agents_of(ticket.organization))
        start = ticket.first_response_at or ticket.created_at
        for turn in range(2 + index % 2):
            is_reply = turn == 1 or ticket.first_response_at is None
            is_note = turn == 2 and index % 4 == 3 and not is_reply
            comments.append(
                TicketCommentFactory.build(
                    ticket=ticket,
                    author=ticket.customer if is_reply else agent,
                    type=TicketComment.Type.INTERNAL if is_note else TicketComment.Type.PUBLIC,
                    content=randgen.choice(CUSTOMER_COMMENTS if is_reply else AGENT_COMMENTS),
                    created_at=min(start + timedelta(minutes=40 * turn), SEEDED_NOW),
                )
            )
    TicketComment.objects.bulk_create(comments, batch_size=BATCH_SIZE)


def _attachments_and_history(rows: list[Ticket]) -> None:
    TicketAttachment.objects.bulk_create(
        [TicketAttachmentFactory.build(ticket=ticket) for ticket in rows[::3]], batch_size=BATCH_SIZE
    )
    history = []
    kinds = TicketHistory.ChangeType
    for ticket in rows:
        history.append(TicketHistoryFactory.build(ticket=ticket))
        if ticket.assigned_agent is not None:
            history.append(
                TicketHistoryFactory.build(
                    ticket=ticket,
                    change_type=kinds.ASSIGNED,
                    detail=f"to {ticket.assigned_agent.full_name}",
                    created_at=min(ticket.created_at + timedelta(minutes=9), SEEDED_NOW),
                )
            )
        if ticket.resolved_at is not None:
            history.append(
                TicketHistoryFactory.build(
                    ticket=ticket,
                    change_type=kinds.STATUS,
                    detail="to Resolved",
                    created_at=ticket.resolved_at,
                )
            )
    TicketHistory.objects.bulk_create(history, batch_size=BATCH_SIZE)


def feedback(customers: list[User], rated: list[Ticket], count: int) -> None:
    """Add feedback; each fourth is not about a ticket."""
    CustomerFeedback.objects.bulk_create(
        [
            CustomerFeedbackFactory.build(
                user=randgen.choice(customers), ticket=None if index % 4 == 3 else randgen.choice(rated)
            )
            for index in range(count)
        ],
        batch_size=BATCH_SIZE,
    )


def ai_models(subjects: list[Ticket], count: int) -> None:
    """Add AI models with one to five predictions each; some predictions outlived their ticket."""
    models = AIModel.objects.bulk_create(AIModelFactory.build_batch(count), batch_size=BATCH_SIZE)
    predictions = [
        AIPredictionFactory.build(model=model, ticket=None if turn == 4 else randgen.choice(subjects))
        for index, model in enumerate(models)
        for turn in range(1 + index % 5)
    ]
    AIPrediction.objects.bulk_create(predictions, batch_size=BATCH_SIZE)


def integrations(world: World, count: int) -> None:
    """Add integrations with up to five logged calls each."""
    rows = [IntegrationFactory.build(organization=randgen.choice(world.organizations)) for _ in range(count)]
    logs = []
    for index, integration in enumerate(rows):
        for _ in range((index + 3) % 6):
            log = IntegrationLogFactory.build(integration=integration)
            if log.status == IntegrationLog.Status.TIMEOUT:
                log.duration_ms = None
            integration.total_calls += 1
            integration.successful_calls += log.status == IntegrationLog.Status.SUCCESS
            logs.append(log)
    Integration.objects.bulk_create(rows, batch_size=BATCH_SIZE)
    for log in logs:
        log.integration_id = log.integration.pk
    IntegrationLog.objects.bulk_create(logs, batch_size=BATCH_SIZE)


def workflow_executions(world: World, subjects: list[Ticket], count: int) -> None:
    """Add runs of rules with two to four steps each, and bring the statistics of the rules up to date."""
    runs = WorkflowExecution.objects.bulk_create(
        [
            WorkflowExecutionFactory.build(
                rule=randgen.choice(world.rules), ticket=None if index % 8 == 7 else randgen.choice(subjects)
            )
            for index in range(count)
        ],
        batch_size=BATCH_SIZE,
    )
    steps = []
    for index, run in enumerate(runs):
        last = 2 + index % 3
        for position in range(1, last + 1):
            status = _step_status(run, is_last=position == last)
            steps.append(WorkflowStepFactory.build(execution=run, position=position, status=status))
    WorkflowStep.objects.bulk_create(steps, batch_size=BATCH_SIZE)
    rules = list(
        AutomationRule.objects.annotate(runs=Count("executions"), last_run=Max("executions__started_at"))
    )
    for rule in rules:
        rule.execution_count, rule.last_executed_at = rule.runs, rule.last_run
    AutomationRule.objects.bulk_update(rules, ["execution_count", "last_executed_at"])


def _step_status(run: WorkflowExecution, *, is_last: bool) -> WorkflowStep.Status:
    if not is_last or run.status == WorkflowExecution.Status.SUCCEEDED:
        return WorkflowStep.Status.DONE
    if run.status == WorkflowExecution.Status.FAILED:
        return WorkflowStep.Status.FAILED
    return WorkflowStep.Status.WAITING
