"""List the GET pages of django-survey-and-report, and of its admin."""

from collections.abc import Iterator, Mapping

from django.contrib import admin
from django.urls import reverse
from protocol import Page
from survey.models import Survey

from apps.survey_and_report.populate import HUB


def pages(n: int) -> Mapping[str, Page]:
    """Return the pages of a database that holds n rows per list."""
    hub = Survey.objects.get(name=HUB)
    response = hub.responses.earliest("pk")
    return {
        "list": Page(reverse("survey-list")),
        "anonymous list": Page(reverse("survey-list"), user=None),
        "detail": Page(reverse("survey-detail", args=[hub.pk])),
        "anonymous detail": Page(reverse("survey-detail", args=[hub.pk]), user=None),
        "step": Page(reverse("survey-detail-step", args=[hub.pk, 1])),
        "result": Page(reverse("survey-result", args=[hub.pk])),
        "completed": Page(reverse("survey-completed", args=[hub.pk])),
        "confirmation": Page(reverse("survey-confirmation", args=[response.interview_uuid])),
        **dict(_admin_pages()),
    }


def _admin_pages() -> Iterator[tuple[str, Page]]:
    yield "admin index", Page(reverse("admin:index"))
    for model in sorted(admin.site._registry, key=lambda model: model._meta.label):
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        label = model._meta.label_lower
        yield f"admin {label} list", Page(reverse(f"admin:{name}_changelist"))
        yield f"admin {label} add", Page(reverse(f"admin:{name}_add"))
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            yield f"admin {label} change", Page(reverse(f"admin:{name}_change", args=[row.pk]))
            yield f"admin {label} delete", Page(reverse(f"admin:{name}_delete", args=[row.pk]))
