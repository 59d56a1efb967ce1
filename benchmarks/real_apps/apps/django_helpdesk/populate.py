"""Fill django-helpdesk: n rows on each list, each with parents and children of its own."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from helpdesk.models import (
    Checklist,
    ChecklistTask,
    ChecklistTemplate,
    CustomField,
    EmailTemplate,
    EscalationExclusion,
    FollowUp,
    FollowUpAttachment,
    IgnoreEmail,
    KBCategory,
    KBIAttachment,
    KBItem,
    PreSetReply,
    Queue,
    SavedSearch,
    Ticket,
    TicketCC,
    TicketChange,
    TicketCustomFieldValue,
    TicketDependency,
)

STAFF = "staff"
HUB = "hub"


@transaction.atomic
def populate(n: int) -> None:
    """Grow the database until every list has n rows; the hub ticket, item and category get n children."""
    staff = User.objects.filter(username=STAFF).first() or _create_hub()
    hub = Ticket.objects.get(queue__slug=HUB, title=HUB)
    for index in range(SavedSearch.objects.count(), n):
        user = User.objects.create_user(
            f"user{index:03}",
            f"user{index:03}@example.com",
            first_name="User",
            last_name=str(index),
            is_staff=True,
        )
        field = _create_custom_field(index, hub)
        queue = Queue.objects.create(
            title=f"Queue {index:03}",
            slug=f"q{index:03}",
            default_owner=user,
            allow_public_submission=True,
            enable_notifications_on_email_events=True,
            dedicated_time=timedelta(hours=index + 1),
        )
        item = _create_knowledge(index, user, queue)
        _create_settings_rows(index, user, queue)
        _create_tickets(index, user, staff, queue, item, field)
        _extend_hub(index, user, hub)


def _create_hub() -> User:
    staff = User.objects.create_superuser(STAFF, "staff@example.com", "staff")
    queue = Queue.objects.create(
        title="Hub queue", slug=HUB, allow_public_submission=True, enable_notifications_on_email_events=True
    )
    category = KBCategory.objects.create(
        name=HUB, title="Hub", slug=HUB, description="All items", queue=queue
    )
    item = KBItem.objects.create(category=category, title="Hub item", question="Why?", answer="Because.")
    Ticket.objects.create(
        queue=queue,
        title=HUB,
        assigned_to=staff,
        submitter_email="customer@example.com",
        kbitem=item,
        description="The ticket that has n of everything.",
    )
    return staff


def _create_custom_field(index: int, hub: Ticket) -> CustomField:
    field = CustomField.objects.create(
        name=f"field{index:03}", label=f"Field {index}", data_type="varchar", max_length=50, ordering=index
    )
    TicketCustomFieldValue.objects.create(ticket=hub, field=field, value=f"value {index}")
    return field


def _create_knowledge(index: int, user: User, queue: Queue) -> KBItem:
    category = KBCategory.objects.create(
        name=f"Category {index:03}",
        title=f"Category {index:03}",
        slug=f"c{index:03}",
        description="Text",
        queue=queue,
    )
    item = KBItem.objects.create(category=category, title=f"Item {index:03}", question="How?", answer="So.")
    hub_category = KBCategory.objects.get(slug=HUB)
    in_hub = KBItem.objects.create(
        category=hub_category,
        title=f"Hub item {index:03}",
        question="How?",
        answer="So.",
        votes=1,
        recommendations=1,
    )
    hub_item = KBItem.objects.get(category=hub_category, title="Hub item")
    for each in (item, in_hub, hub_item):
        each.voted_by.add(user)
        each.downvoted_by.add(user)
        KBIAttachment.objects.create(
            kbitem=each,
            filename=f"kb{index}.txt",
            mime_type="text/plain",
            size=4,
            file=f"kb/{each.pk}-{index}.txt",
        )
    return item


def _create_settings_rows(index: int, user: User, queue: Queue) -> None:
    day = timezone.localdate() + timedelta(days=index)
    SavedSearch.objects.create(
        user=user, title=f"Search {index:03}", shared=True, query="eyJzZWFyY2hfc3RyaW5nIjogIiJ9"
    )
    IgnoreEmail.objects.create(name=f"Ignore {index}", email_address=f"i{index}@example.com").queues.add(
        queue
    )
    PreSetReply.objects.create(name=f"Reply {index:03}", body="Thanks").queues.add(queue)
    EscalationExclusion.objects.create(name=f"Day {index}", date=day).queues.add(queue)
    ChecklistTemplate.objects.create(name=f"Template {index:03}", task_list=["one", "two"])
    # A migration loads templates by key, and leaves the sequence of PostgreSQL behind them.
    EmailTemplate.objects.create(
        pk=10_000 + index,
        template_name=f"mail{index:03}",
        subject="S",
        heading="H",
        plain_text="T",
        html="T",
        locale="en",
    )


def _create_tickets(
    index: int, user: User, staff: User, queue: Queue, item: KBItem, field: CustomField
) -> None:
    """Create a row for each ticket list: mine, done, unassigned, reported by me, in the hub queue."""
    due = timezone.now() + timedelta(days=1 + index % 10)
    hub_queue = Queue.objects.get(slug=HUB)
    rows = (
        ("mine", queue, staff, Ticket.OPEN_STATUS, user.email),
        ("done", queue, staff, Ticket.CLOSED_STATUS, user.email),
        ("free", queue, None, Ticket.REOPENED_STATUS, user.email),
        ("reported", queue, user, Ticket.OPEN_STATUS, staff.email),
        ("queued", hub_queue, user, Ticket.OPEN_STATUS, user.email),
    )
    for name, in_queue, owner, status, submitter in rows:
        ticket = Ticket.objects.create(
            queue=in_queue,
            title=f"{name} {index:03}",
            assigned_to=owner,
            status=status,
            submitter_email=submitter,
            kbitem=item,
            due_date=due,
            description="See #1",
        )
        TicketCustomFieldValue.objects.create(ticket=ticket, field=field, value=name)
        TicketCC.objects.create(ticket=ticket, user=user, can_view=True)
        _add_checklist(ticket, index)
    # The feed of recent activity stops at 20: below that at n=5, so that it can be seen to grow.
    for _ in range(2):
        _add_followup(_ticket("mine", index), user, index)


def _add_followup(ticket: Ticket, user: User, index: int) -> None:
    followup = FollowUp.objects.create(
        ticket=ticket,
        user=user,
        title=f"Follow-up {index:03}",
        comment=f"Comment {index}, see #{index + 1}",
        public=True,
        time_spent=timedelta(minutes=5),
        email_recipients=["a@example.com"],
    )
    _add_change_and_attachment(followup, index)


def _add_change_and_attachment(followup: FollowUp, index: int) -> None:
    TicketChange.objects.create(followup=followup, field="Title", old_value="old", new_value=str(index))
    FollowUpAttachment.objects.create(
        followup=followup,
        filename=f"file{index:03}.txt",
        mime_type="text/plain",
        size=4,
        file=f"files/{followup.pk}-{index}.txt",
    )


def _add_checklist(ticket: Ticket, index: int) -> None:
    checklist = Checklist.objects.create(ticket=ticket, name=f"Checklist {index:03}")
    for position in range(2):
        ChecklistTask.objects.create(checklist=checklist, description=f"Task {position}", position=position)


def _extend_hub(index: int, user: User, hub: Ticket) -> None:
    _add_followup(hub, user, index)
    _add_checklist(hub, index)
    TicketCC.objects.create(ticket=hub, user=user, can_view=True)
    TicketDependency.objects.create(ticket=hub, depends_on=_ticket("mine", index))
    TicketDependency.objects.create(ticket=_ticket("free", index), depends_on=hub)
    PreSetReply.objects.get(name=f"Reply {index:03}").queues.add(hub.queue)
    first = FollowUp.objects.filter(ticket=hub).order_by("pk")[0]
    _add_change_and_attachment(first, index)
    task_list = Checklist.objects.filter(ticket=hub).order_by("pk")[0]
    ChecklistTask.objects.create(checklist=task_list, description=f"More {index}", position=index + 2)
    if index == 0:
        preview = FollowUpAttachment(followup=first, filename="mail.txt", mime_type="text/html", size=9)
        preview.file.save("mail.txt", ContentFile(b"<p>Hi</p>"), save=False)
        preview.save()


def _ticket(name: str, index: int) -> Ticket:
    return Ticket.objects.get(title=f"{name} {index:03}")
