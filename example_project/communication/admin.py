"""Messages in the admin: a naive changelist on one site, its fast twin on another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from communication.models import CommunicationMessage

if TYPE_CHECKING:
    _MessageAdminBase = admin.ModelAdmin[CommunicationMessage]
else:
    _MessageAdminBase = admin.ModelAdmin


class HelpDeskAdminSite(admin.AdminSite):
    """An admin site of the help desk."""

    site_header = "Help desk"
    site_title = "Help desk"


slow_admin = HelpDeskAdminSite(name="slow_admin")
fast_admin = HelpDeskAdminSite(name="fast_admin")


@admin.register(CommunicationMessage, site=slow_admin)
class SlowMessageAdmin(_MessageAdminBase):
    """List messages with their customer, their thread, and the state of their session."""

    list_display = ("body", "session_status", "thread_subject", "organization", "sent_at")
    list_filter = ("direction",)
    list_per_page = 100
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let nobody write messages here."""
        return False

    @admin.display(description="session")
    def session_status(self, message: CommunicationMessage) -> str:
        """Whether anybody is still talking."""
        return message.session.get_status_display()

    @admin.display(description="thread")
    def thread_subject(self, message: CommunicationMessage) -> str:
        """What the conversation is about."""
        return message.session.thread.subject

    @admin.display(description="organization")
    def organization(self, message: CommunicationMessage) -> str:
        """Who the conversation is with."""
        return message.session.thread.organization.name


@admin.register(CommunicationMessage, site=fast_admin)
class FastMessageAdmin(SlowMessageAdmin):
    """List messages with all that the columns follow, joined in one query."""

    list_select_related = ("session__thread__organization",)
