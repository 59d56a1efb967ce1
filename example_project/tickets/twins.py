"""Naive pages about tickets and feedback, each beside its fast twin."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.generics import ListAPIView

from config.pagination import NumberedPagination
from problems import get_problem
from tickets.models import CustomerFeedback, Ticket, TicketComment
from tickets.serializers import CustomerFeedbackSerializer, TicketSerializer

PAGE_SIZE = 250


class FeedbackPagination(NumberedPagination):
    """More feedback to a page: each is one short row."""

    page_size = 500


def slow_ticket_comments(request: HttpRequest) -> HttpResponse:
    """List the newest tickets with their conversation."""
    tickets = Ticket.objects.all()[:PAGE_SIZE]
    context = {"problem": get_problem("ticket-comments"), "tickets": tickets}
    return render(request, "problems/ticket_comments.html", context)


def fast_ticket_comments(request: HttpRequest) -> HttpResponse:
    """List the newest tickets with their conversation, in two queries."""
    comments = TicketComment.objects.select_related("author__organization")
    tickets = Ticket.objects.prefetch_related(Prefetch("comments", comments))[:PAGE_SIZE]
    context = {"problem": get_problem("ticket-comments"), "tickets": tickets}
    return render(request, "problems/ticket_comments.html", context)


class SlowFeedbackList(ListAPIView[CustomerFeedback]):
    """List feedback with the customer who gave it."""

    queryset = CustomerFeedback.objects.all()
    serializer_class = CustomerFeedbackSerializer
    pagination_class = FeedbackPagination


class FastFeedbackList(SlowFeedbackList):
    """List feedback with the customer who gave it, joined in one query."""

    queryset = CustomerFeedback.objects.select_related("user__organization", "ticket")


class SlowTicketCommentsList(ListAPIView[Ticket]):
    """List tickets with their conversation."""

    queryset = Ticket.objects.all()
    serializer_class = TicketSerializer


class FastTicketCommentsList(SlowTicketCommentsList):
    """List tickets with their conversation, in one query per level."""

    queryset = Ticket.objects.prefetch_related("comments__author__organization")


def slow_feedback(request: HttpRequest) -> HttpResponse:
    """Show feedback with the customer who gave it."""
    context = {"problem": get_problem("feedback"), "feedback": CustomerFeedback.objects.all()[:PAGE_SIZE]}
    return render(request, "problems/feedback.html", context)


def fast_feedback(request: HttpRequest) -> HttpResponse:
    """Show feedback with the customer who gave it, joined in one query."""
    feedback = CustomerFeedback.objects.select_related("user__organization", "ticket")[:PAGE_SIZE]
    context = {"problem": get_problem("feedback"), "feedback": feedback}
    return render(request, "problems/feedback.html", context)
