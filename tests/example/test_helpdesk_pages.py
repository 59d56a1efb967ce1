"""The product's own pages work, and run few queries."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.sample_urls import sample_urls
from knowledge.factories import KBArticleFactory
from seeding.data import grow
from tickets.factories import TicketFactory
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

PATHS = ("/", "/dashboard/", "/tickets/", "/tickets/?status=open", "/kb/", "/kb/?q=invoice")


@pytest.mark.parametrize("path", PATHS)
def test_page_runs_few_queries_at_any_size(client: Client, path: str) -> None:
    """A page of the product runs the same few queries at two sizes."""
    counts = []
    for count in (12, 13):
        grow(count)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(path)
        assert response.status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


@pytest.mark.parametrize("path", PATHS)
def test_page_without_rows_works(client: Client, path: str) -> None:
    """An empty help desk has no broken page."""
    assert client.get(path).status_code == 200


def test_sample_urls_lead_to_pages(client: Client) -> None:
    """Each sample URL is a page that runs few queries."""
    grow(3)
    urls = sample_urls()
    assert len(urls) == 2
    for url in urls:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        assert len(queries) <= 6


def test_sample_urls_of_an_empty_help_desk_are_none() -> None:
    """Without rows there is no page with arguments."""
    assert sample_urls() == []


def test_queue_keeps_the_status_that_was_asked_for(client: Client) -> None:
    """The queue with a status lists the tickets of that status and counts all."""
    TicketFactory.create(status=Ticket.Status.OPEN, subject="Door is open")
    TicketFactory.create(status=Ticket.Status.CLOSED, subject="Door is closed")
    page = client.get("/tickets/", {"status": "open"}).content.decode()
    assert "Door is open" in page
    assert "Door is closed" not in page
    assert 'Closed <span class="count">1</span>' in page


def test_queue_ignores_an_unknown_status(client: Client) -> None:
    """A status that does not exist lists all tickets."""
    TicketFactory.create(subject="Door is stuck")
    assert "Door is stuck" in client.get("/tickets/", {"status": "<b>"}).content.decode()


def test_queue_keeps_the_status_when_the_page_turns(client: Client) -> None:
    """The link to the next page asks for the same status."""
    grow(1)
    ticket = Ticket.objects.get()
    Ticket.objects.bulk_create(
        [
            Ticket(
                organization_id=ticket.organization_id, customer_id=ticket.customer_id, subject=str(number)
            )
            for number in range(60)
        ]
    )
    Ticket.objects.update(status=Ticket.Status.PENDING)
    assert 'href="?status=pending&amp;page=2"' in client.get("/tickets/?status=pending").content.decode()


def test_search_escapes_what_it_repeats(client: Client) -> None:
    """The words that somebody searches for are text, never markup."""
    page = client.get("/kb/", {"q": "<script>"}).content.decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_search_keeps_its_words_when_the_page_turns(client: Client) -> None:
    """The link to the next page searches for the same words."""
    KBArticleFactory.create_batch(30, title="R&D = fun", is_published=True)
    page = client.get("/kb/", {"q": "R&D ="}).content.decode()
    assert 'href="?q=R%26D%20%3D&amp;page=2"' in page


def test_draft_article_has_no_page(client: Client) -> None:
    """A draft is not found by its address."""
    article = KBArticleFactory.create(is_published=False)
    assert client.get(f"/kb/{article.pk}/").status_code == 404
