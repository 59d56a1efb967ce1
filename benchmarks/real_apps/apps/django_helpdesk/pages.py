"""List the GET pages of django-helpdesk that show data; those that write on GET are left out."""

from collections.abc import Iterator, Mapping

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import reverse
from helpdesk.models import (
    Checklist,
    ChecklistTemplate,
    FollowUp,
    FollowUpAttachment,
    IgnoreEmail,
    KBItem,
    PreSetReply,
    Queue,
    SavedSearch,
    Ticket,
    TicketCC,
    TicketDependency,
)
from helpdesk.query import query_to_base64
from protocol import Page

from apps.django_helpdesk.populate import HUB, STAFF

PLAIN_PAGES = (
    "dashboard", "list", "rss_index", "report_index", "saved_searches_list", "user_settings", "email_ignore",
    "email_ignore_add", "checklist_templates", "my-tickets", "submit", "kanban", "kb_index", "help_context",
    "system_settings", "public_change_language", "merge_tickets", "public_view", "password_change",
)  # fmt: skip
TICKET_PAGES = (
    "view", "edit", "update", "delete", "ticket_cc", "ticket_cc_add",
    "ticket_resolves_add", "ticket_dependency_add",
)  # fmt: skip
REPORTS = (
    "userpriority", "userqueue", "userstatus", "usermonth",
    "queuepriority", "queuestatus", "queuemonth", "daysuntilticketclosedbymonth",
)  # fmt: skip
ANONYMOUS_PAGES = ("home", "submit", "submit_iframe", "success_iframe", "kb_index", "login", "public_view")
FEEDS = {"rss_user": [STAFF], "rss_queue": [HUB], "rss_unassigned": [], "rss_activity": []}
ADMIN_DELETES = (Ticket, Queue, FollowUp, KBItem, User)


def pages(n: int) -> Mapping[str, Page]:
    """Return the pages of a database that holds n rows per list."""
    hub = Ticket.objects.get(title=HUB, queue__slug=HUB)
    return {
        **{name: Page(reverse(f"helpdesk:{name}")) for name in PLAIN_PAGES},
        **{f"ticket {name}": Page(reverse(f"helpdesk:{name}", args=[hub.pk])) for name in TICKET_PAGES},
        **{f"report {name}": Page(reverse("helpdesk:run_report", args=[name])) for name in REPORTS},
        **{f"anonymous {name}": Page(reverse(f"helpdesk:{name}"), user=None) for name in ANONYMOUS_PAGES},
        **{f"feed {name}": Page(reverse(f"helpdesk:{name}", args=args)) for name, args in FEEDS.items()},
        **dict(_detail_pages(hub, n)),
        **dict(_knowledge_pages()),
        **dict(_data_pages(hub)),
        **dict(_admin_pages()),
    }


def _detail_pages(hub: Ticket, n: int) -> Iterator[tuple[str, Page]]:
    followup = hub.followup_set.earliest("pk")
    checklist = hub.checklists.earliest("pk")
    preview = FollowUpAttachment.objects.get(mime_type="text/html")
    targets = {
        "followup_edit": (hub.pk, followup.pk),
        "ticket_cc_del": (hub.pk, TicketCC.objects.filter(ticket=hub).earliest("pk").pk),
        "ticket_dependency_del": (hub.pk, TicketDependency.objects.filter(ticket=hub).earliest("pk").pk),
        "attachment_del": (hub.pk, preview.pk),
        "attachment_preview": (hub.pk, preview.pk),
        "edit_ticket_checklist": (hub.pk, checklist.pk),
        "delete_ticket_checklist": (hub.pk, checklist.pk),
        "edit_checklist_template": (ChecklistTemplate.objects.earliest("pk").pk,),
        "delete_checklist_template": (ChecklistTemplate.objects.earliest("pk").pk,),
        "email_ignore_del": (IgnoreEmail.objects.earliest("pk").pk,),
    }
    for name, args in targets.items():
        yield name, Page(reverse(f"helpdesk:{name}", args=args))
    reply = PreSetReply.objects.earliest("pk").pk
    yield "raw preset", Page(f"{reverse('helpdesk:raw', args=['preset'])}?id={reply}")
    saved = SavedSearch.objects.earliest("pk").pk
    yield "list of a saved search", Page(f"{reverse('helpdesk:list')}?saved_query={saved}")
    # The form takes two to four of them.
    few = Ticket.objects.filter(queue__slug="q000").order_by("pk")[: min(max(2, n // 2), 4)]
    query = "&".join(f"tickets={ticket.pk}" for ticket in few)
    yield "merge of a few", Page(f"{reverse('helpdesk:merge_tickets')}?{query}")
    key = f"ticket={hub.ticket_for_url}&email={hub.submitter_email}&key={hub.secret_key}"
    yield "anonymous public ticket", Page(f"{reverse('helpdesk:public_view')}?{key}", user=None)


def _knowledge_pages() -> Iterator[tuple[str, Page]]:
    for name in ("kb_category", "kb_category_iframe"):
        url = reverse(f"helpdesk:{name}", args=[HUB])
        yield name, Page(url)
        yield f"anonymous {name}", Page(url, user=None)


def _data_pages(hub: Ticket) -> Iterator[tuple[str, Page]]:
    query = query_to_base64({"filtering": {"status__in": [1, 2]}, "sorting": "created", "search_string": ""})
    yield "datatables", Page(f"{reverse('helpdesk:datatables_ticket_list', args=[query])}?length=200")
    yield "timeline", Page(reverse("helpdesk:timeline_ticket_list", args=[query]))
    for name in ("ticket", "user_tickets", "followups", "followupattachments"):
        url = reverse(f"helpdesk:{name}-list")
        yield f"api {name}", Page(f"{url}?page_size=200&format=json")
    yield "api ticket, browsable", Page(f"{reverse('helpdesk:ticket-list')}?page_size=200&format=api")
    yield "api ticket detail", Page(f"{reverse('helpdesk:ticket-detail', args=[hub.pk])}?format=json")
    followup = reverse("helpdesk:followups-detail", args=[hub.followup_set.earliest("pk").pk])
    yield "api followup detail", Page(f"{followup}?format=json")


def _admin_pages() -> Iterator[tuple[str, Page]]:
    yield "admin index", Page(reverse("admin:index"))
    for model in sorted(admin.site._registry, key=lambda model: model._meta.label):
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        label = model._meta.label_lower.removeprefix("helpdesk.")
        yield f"admin {label} list", Page(reverse(f"admin:{name}_changelist"))
        yield f"admin {label} add", Page(reverse(f"admin:{name}_add"))
        row = _first(model)
        if row is not None:
            yield f"admin {label} change", Page(reverse(f"admin:{name}_change", args=[row.pk]))
        if row is not None and model in ADMIN_DELETES:
            yield f"admin {label} delete", Page(reverse(f"admin:{name}_delete", args=[row.pk]))
    lookup = f"app_label=helpdesk&model_name={Checklist._meta.model_name}&field_name=ticket"
    yield "admin autocomplete", Page(f"{reverse('admin:autocomplete')}?{lookup}")


def _first(model: type[Model]) -> Model | None:
    return model._default_manager.order_by("pk").first()
