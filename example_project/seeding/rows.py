"""The rows that the pages list, each with the rows below it."""

from __future__ import annotations

from factory.random import randgen

from accounts.factories import UserPermissionFactory
from accounts.models import User, UserPermission
from analytics.factories import AnalyticsMetricFactory
from analytics.models import AnalyticsMetric
from communication.factories import (
    CommunicationMessageFactory,
    CommunicationSessionFactory,
    CommunicationThreadFactory,
)
from communication.models import CommunicationMessage, CommunicationSession, CommunicationThread
from fieldwork.factories import JobAssignmentFactory, WorkOrderFactory
from fieldwork.models import JobAssignment, WorkOrder
from knowledge.factories import KBArticleFactory, KBArticleViewFactory, article_text
from knowledge.models import KBArticle, KBArticleView
from mobile.factories import DataPointFactory, MobileSessionFactory
from mobile.models import DataPoint, MobileSession
from security.factories import SecurityAuditLogFactory, SecurityEventFactory
from security.models import SecurityAuditLog, SecurityEvent
from seeding.world import World, create_users

BATCH_SIZE = 500


def customers(world: World, count: int) -> list[User]:
    """Add customers with one to four permissions each."""
    users = create_users(world.organizations, count, role=User.Role.CUSTOMER)
    grants = []
    for index, user in enumerate(users):
        giver = None if index % 4 == 3 else world.agents[index % len(world.agents)]
        grants += [
            UserPermissionFactory.build(user=user, permission=permission, granted_by=giver)
            for permission in randgen.sample(world.permissions, 1 + index % 4)
        ]
    UserPermission.objects.bulk_create(grants, batch_size=BATCH_SIZE)
    return users


def work_orders(world: World, count: int) -> None:
    """Add work orders with one to three technicians each."""
    orders = WorkOrder.objects.bulk_create(
        [WorkOrderFactory.build(organization=randgen.choice(world.organizations)) for _ in range(count)],
        batch_size=BATCH_SIZE,
    )
    jobs = []
    for index, order in enumerate(orders):
        for place, technician in enumerate(randgen.sample(world.technicians, 1 + index % 3)):
            jobs.append(
                JobAssignmentFactory.build(work_order=order, technician=technician, is_lead=place == 0)
            )
    JobAssignment.objects.bulk_create(jobs, batch_size=BATCH_SIZE)


def articles(world: World, people: list[User], count: int) -> None:
    """Add articles with two tags and up to seven views each."""
    first = KBArticle.objects.count()
    tags = {tag.name: tag for tag in world.tags}
    rows = KBArticle.objects.bulk_create(
        [
            KBArticleFactory.build(author=None if index % 13 == 12 else randgen.choice(world.agents))
            for index in range(count)
        ],
        batch_size=BATCH_SIZE,
    )
    views = [
        KBArticleViewFactory.build(article=article, viewer=None if turn % 2 else randgen.choice(people))
        for index, article in enumerate(rows)
        for turn in range(index * 5 % 8)
    ]
    KBArticleView.objects.bulk_create(views, batch_size=BATCH_SIZE)
    through = KBArticle.tags.through
    through.objects.bulk_create(
        [
            through(kbarticle_id=article.pk, tag_id=tags[name].pk)
            for index, article in enumerate(rows, start=first)
            for name in article_text(index).tags
        ],
        batch_size=BATCH_SIZE,
    )


def messages(world: World, people: list[User], count: int) -> None:
    """Add messages, five to a session and two sessions to a thread; each ninth has no known sender."""
    session_count = -(-count // 5)
    threads = CommunicationThread.objects.bulk_create(
        [
            CommunicationThreadFactory.build(organization=randgen.choice(world.organizations))
            for _ in range(-(-session_count // 2))
        ]
    )
    sessions = [
        CommunicationSessionFactory.build(thread=threads[index // 2]) for index in range(session_count)
    ]
    rows = []
    for index in range(count):
        session = sessions[index // 5]
        sender = None if index % 9 == 8 else randgen.choice(people)
        message = CommunicationMessageFactory.build(session=session, sender=sender)
        session.message_count += 1
        session.last_message_at = max(message.sent_at, session.last_message_at or message.sent_at)
        rows.append(message)
    CommunicationSession.objects.bulk_create(sessions, batch_size=BATCH_SIZE)
    for message in rows:
        message.session_id = message.session.pk
    CommunicationMessage.objects.bulk_create(rows, batch_size=BATCH_SIZE)


def metrics(world: World, count: int) -> None:
    """Add metrics with one to three tags each; each seventh covers all organizations."""
    rows = AnalyticsMetric.objects.bulk_create(
        [
            AnalyticsMetricFactory.build(
                organization=None if index % 7 == 6 else randgen.choice(world.organizations)
            )
            for index in range(count)
        ],
        batch_size=BATCH_SIZE,
    )
    through = AnalyticsMetric.tags.through
    through.objects.bulk_create(
        [
            through(analyticsmetric_id=metric.pk, tag_id=tag.pk)
            for index, metric in enumerate(rows)
            for tag in randgen.sample(world.tags, 1 + index % 3)
        ],
        batch_size=BATCH_SIZE,
    )


def mobile_sessions(people: list[User], count: int) -> None:
    """Add mobile sessions with two to four data points each."""
    sessions = MobileSession.objects.bulk_create(
        [MobileSessionFactory.build(user=randgen.choice(people)) for _ in range(count)], batch_size=BATCH_SIZE
    )
    points = [
        DataPointFactory.build(session=session)
        for index, session in enumerate(sessions)
        for _ in range(2 + index % 3)
    ]
    DataPoint.objects.bulk_create(points, batch_size=BATCH_SIZE)


def security_events(people: list[User], count: int) -> None:
    """Add security events with one to three entries of the audit trail each; some concern nobody known."""
    events = SecurityEvent.objects.bulk_create(
        [
            SecurityEventFactory.build(user=None if index % 5 == 4 else randgen.choice(people))
            for index in range(count)
        ],
        batch_size=BATCH_SIZE,
    )
    logs = [
        SecurityAuditLogFactory.build(event=event)
        for index, event in enumerate(events)
        for _ in range(1 + index % 3)
    ]
    SecurityAuditLog.objects.bulk_create(logs, batch_size=BATCH_SIZE)
