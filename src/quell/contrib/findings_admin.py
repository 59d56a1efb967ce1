"""Findings of ``quell.store`` in Django's admin: what costs most, where, since when, and the fix."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Max, Prefetch, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext, gettext_lazy

from quell.contrib.findings_trend import DAYS, HOURS, Bars, bars_of, drawing, since
from quell.contrib.fixes import Fix, fix_of
from quell.findings import docs_url
from quell.store.findings import FindingTrend, StoredFinding
from quell.translating import translated

# What findings are grouped by: the column, and what a person calls it.
GROUPS = {
    "endpoint": gettext_lazy("endpoint"),
    "origin": gettext_lazy("call site"),
    "first_release": gettext_lazy("release"),
}
# What a table of groups is sorted by, most first; names from A on.
ORDERS = {
    "saved": "-saved",
    "queries": "-queries",
    "requests": "-requests",
    "findings": "-findings",
    "last_seen": "-newest",
    "name": "name",
}
_TREND = "recent_days"
_MOST_GROUPS = 500  # rows of a table of groups


@admin.register(StoredFinding)
class StoredFindingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """The findings, for reading; who may delete them may do that, too."""

    change_list_template = "admin/quell_store/storedfinding/change_list.html"
    change_form_template = "admin/quell_store/storedfinding/change_form.html"
    list_display = (
        "finding", "endpoint", "origin", "saved_count", "request_count", "days", "first_release", "last_seen",
    )  # fmt: skip
    list_filter = ("code", "first_release", "last_seen", "model")
    search_fields = ("endpoint", "origin", "model", "path", "suggestion", "fingerprint")
    list_per_page = 50
    fieldsets = (
        (None, {"fields": ("finding", "told", "fix", "documentation")}),
        (
            gettext_lazy("Where"),
            {"fields": ("endpoint", "origin", "function", "place", "trigger", "elsewhere")},
        ),
        (
            gettext_lazy("How often"),
            {"fields": ("request_count", "query_count", "saved_count", "worst_count", "days", "hours")},
        ),
        (
            gettext_lazy("When"),
            {"fields": ("first_seen", "first_release", "last_seen", "last_release", "fingerprint")},
        ),
    )

    class Media:
        """A button that copies, and the colours of bars and differences."""

        css = {"all": ("quell_store/findings.css",)}  # noqa: RUF012 -- as Django declares it
        js = ("quell_store/findings.js",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody writes findings by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody changes what was counted."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[StoredFinding]:
        """Return the findings with the days of their trend, in one more query for a whole page."""
        recent = FindingTrend.objects.filter(step="day", start__gte=since(now(), DAYS)).order_by("start")
        return super().get_queryset(request).prefetch_related(Prefetch("trend", recent, to_attr=_TREND))

    def get_urls(self) -> list[URLPattern]:
        """Return the pages of the admin, and those of groups and fixes."""
        own = [
            path("by/<str:group>/", self.admin_site.admin_view(self.group_view), name=f"{_NAME}_by"),
            path("<int:pk>/fix/", self.admin_site.admin_view(self.fix_view), name=f"{_NAME}_fix"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """Show the findings, with links to their groups."""
        return super().changelist_view(request, {**(extra_context or {}), "quell_groups": _group_links("")})

    @admin.display(description=gettext_lazy("finding"), ordering="code")
    def finding(self, row: StoredFinding) -> str:
        """Return what it is, in a few words."""
        return str(row)

    @admin.display(description=gettext_lazy("what happened"))
    def told(self, row: StoredFinding) -> str:
        """Return what happened, in the language of the admin."""
        return translated(row.message)

    @admin.display(description=gettext_lazy("14 days"))
    def days(self, row: StoredFinding) -> SafeString:
        """Return the requests of each of the last days as bars."""
        return drawing(_bars(getattr(row, _TREND), DAYS), gettext("Requests per day, oldest first"))

    @admin.display(description=gettext_lazy("48 hours"))
    def hours(self, row: StoredFinding) -> SafeString:
        """Return the requests of each of the last hours as bars."""
        recent = row.trend.filter(step="hour", start__gte=since(now(), HOURS))
        return drawing(_bars(recent, HOURS), gettext("Requests per hour, oldest first"))

    @admin.display(description=gettext_lazy("fix"))
    def fix(self, row: StoredFinding) -> SafeString:
        """Return the code to write, a button that copies it, and one that shows the change."""
        return format_html(
            '<code class="quell-code">{}</code> <button type="button" class="button quell-copy" data-copy="{}" '
            'data-done="{}">{}</button> <a class="button quell-fix" href="{}">{}</a>',
            row.suggestion,
            row.suggestion,
            gettext("Copied"),
            gettext("Copy"),
            reverse(f"admin:{_NAME}_fix", args=[row.pk], current_app=self.admin_site.name),
            gettext("Show the fix"),
        )

    # A word that the catalogue of Django's admin has.
    @admin.display(description=gettext_lazy("Documentation"))
    def documentation(self, row: StoredFinding) -> SafeString:
        """Return a link to the page about the code."""
        return format_html('<a href="{}" rel="noreferrer">{}</a>', docs_url(row.code), row.code)

    @admin.display(description=gettext_lazy("other endpoints"))
    def elsewhere(self, row: StoredFinding) -> SafeString | str:
        """Return a link to the same finding on other endpoints."""
        count = StoredFinding.objects.filter(fingerprint=row.fingerprint).exclude(pk=row.pk).count()
        if not count:
            return gettext("none")
        address = reverse(f"admin:{_NAME}_changelist", current_app=self.admin_site.name)
        query = urlencode({"fingerprint__exact": row.fingerprint})
        return format_html('<a href="{}?{}">{}</a>', address, query, count)

    def group_view(self, request: HttpRequest, group: str) -> HttpResponse:
        """Show findings added up by endpoint, call site or release."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if group not in GROUPS:
            raise Http404
        order = request.GET.get("o", "saved")
        rows = (
            StoredFinding.objects.order_by()
            .values(name=F(group))
            .annotate(
                findings=Count("fingerprint", distinct=True),
                requests=Sum("request_count"),
                queries=Sum("query_count"),
                saved=Sum("saved_count"),
                newest=Max("last_seen"),
            )
            .order_by(ORDERS.get(order, "-saved"), "name")
        )
        address = reverse(f"admin:{_NAME}_changelist", current_app=self.admin_site.name)
        listed = [
            {**row, "address": f"{address}?{urlencode({f'{group}__exact': row['name']})}"}
            for row in rows[: _MOST_GROUPS + 1]
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Findings by %(group)s") % {"group": GROUPS[group]},
            "group_title": GROUPS[group],
            "rows": listed[:_MOST_GROUPS],
            "most": _MOST_GROUPS if len(listed) > _MOST_GROUPS else 0,
            "order": order if order in ORDERS else "saved",
            "quell_groups": _group_links(group),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/quell_store/storedfinding/group.html", context)

    def fix_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what would change in the source, or why that cannot be shown here."""
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        is_allowed = request.user.has_perm("quell_store.read_source")
        found = fix_of(row) if is_allowed else Fix(reason=gettext("You may not see source code."))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Fix"),
            "original": row,
            "message": translated(row.message),
            "fix": found,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/quell_store/storedfinding/fix.html", context)


_NAME = "quell_store_storedfinding"


def _group_links(current: str) -> list[dict[str, object]]:
    return [
        {"name": name, "title": gettext("By %(group)s") % {"group": title}, "is_current": name == current}
        for name, title in GROUPS.items()
    ]


def _bars(rows: Any, span: Any) -> Bars:  # noqa: ANN401 -- rows, or a queryset of them
    return bars_of({row.start: row.request_count for row in rows}, now(), span)
