"""List the GET pages of django-todo, and of its admin."""

from collections.abc import Iterator, Mapping

from django.contrib import admin
from django.urls import reverse
from protocol import Page
from todo.models import Task

from apps.django_todo.populate import HUB

LIBRARIES = ("dal", "dal_select2")


def pages(n: int) -> Mapping[str, Page]:
    """Return the pages of a database that holds n rows per list."""
    hub = Task.objects.get(title=HUB)
    task_list = [hub.task_list_id, HUB]
    return {
        "lists": Page(reverse("todo:lists")),
        "mine": Page(reverse("todo:mine")),
        "list": Page(reverse("todo:list_detail", args=task_list)),
        "completed": Page(reverse("todo:list_detail_completed", args=task_list)),
        "task": Page(reverse("todo:task_detail", args=[hub.pk])),
        "search": Page(f"{reverse('todo:search')}?q=Task"),
        "delete list": Page(reverse("todo:del_list", args=task_list)),
        "add list": Page(reverse("todo:add_list")),
        "import": Page(reverse("todo:import_csv")),
        **dict(_admin_pages()),
    }


def _admin_pages() -> Iterator[tuple[str, Page]]:
    yield "admin index", Page(reverse("admin:index"))
    for model in sorted(admin.site._registry, key=lambda model: model._meta.label):
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        label = model._meta.label_lower
        yield f"admin {label} list", Page(reverse(f"admin:{name}_changelist"))
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            yield f"admin {label} change", Page(reverse(f"admin:{name}_change", args=[row.pk]))
