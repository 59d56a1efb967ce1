"""Concrete URLs for the pages that need arguments."""

from __future__ import annotations

from django.urls import reverse

from knowledge.models import KBArticle
from tickets.models import Ticket


def sample_urls() -> list[str]:
    """Return one URL per page with arguments; empty while there are no rows."""
    ticket_id = Ticket.objects.order_by("pk").values_list("pk", flat=True).first()
    article_id = KBArticle.objects.published().order_by("pk").values_list("pk", flat=True).first()
    urls = []
    if ticket_id is not None:
        urls.append(reverse("tickets:detail", args=[ticket_id]))
    if article_id is not None:
        urls.append(reverse("knowledge:detail", args=[article_id]))
    return urls
