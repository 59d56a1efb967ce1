"""Fill django-todo: n rows on each list, each with parents and children of its own."""

from django.contrib.auth.models import Group, User
from django.db import transaction
from todo.models import Attachment, Comment, Task, TaskList

STAFF = "staff"
HUB = "hub"


@transaction.atomic
def populate(n: int) -> None:
    """Grow the database until every list has n rows; the hub list and the hub task get n children."""
    staff = User.objects.filter(username=STAFF).first() or _create_hub()
    hub = Task.objects.get(title=HUB)
    for index in range(Comment.objects.filter(task=hub).count(), n):
        user = User.objects.create_user(f"user{index:03}", f"user{index:03}@example.com", is_staff=True)
        group = Group.objects.create(name=f"Group {index:03}")
        user.groups.add(group)
        task_list = TaskList.objects.create(name=f"List {index:03}", slug=f"l{index:03}", group=group)
        for number, (where, who) in enumerate(((task_list, user), (hub.task_list, user), (task_list, staff))):
            task = Task.objects.create(
                title=f"Task {index:03}.{number}",
                task_list=where,
                created_by=user,
                note="Text",
                priority=index,
            )
            task.assigned_to.add(who, user)
            done = Task.objects.create(
                title=f"Done {index:03}.{number}", task_list=where, created_by=user, completed=True
            )
            done.assigned_to.add(who)
        Comment.objects.create(task=hub, author=user, body=f"Comment {index}")
        Attachment.objects.create(task=hub, added_by=user, file=f"tasks/{index}.txt")


def _create_hub() -> User:
    staff = User.objects.create_superuser(STAFF, "staff@example.com", "staff")
    group = Group.objects.create(name=HUB)
    staff.groups.add(group)
    task_list = TaskList.objects.create(name=HUB, slug=HUB, group=group)
    Task.objects.create(
        title=HUB, task_list=task_list, created_by=staff, note="The task that has n of everything."
    )
    return staff
