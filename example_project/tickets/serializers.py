"""What the API says about tickets and feedback."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from accounts.models import User
from tickets.models import CustomerFeedback, Ticket, TicketComment


class CustomerFeedbackSerializer(serializers.ModelSerializer[CustomerFeedback]):
    """Feedback with its customer, the customer's organization, and the ticket; the last two may be null."""

    customer = serializers.CharField(source="user.full_name", read_only=True)
    organization = serializers.CharField(source="user.organization.name", read_only=True, allow_null=True)
    ticket = serializers.CharField(source="ticket.subject", read_only=True, allow_null=True)

    class Meta:
        model = CustomerFeedback
        fields: ClassVar[list[str]] = ["id", "rating", "comment", "customer", "organization", "ticket"]


class TicketCommentSerializer(serializers.ModelSerializer[TicketComment]):
    """A comment with the names of its author and of the author's organization, which may be null."""

    author: serializers.StringRelatedField[User] = serializers.StringRelatedField()
    organization = serializers.CharField(source="author.organization.name", read_only=True, allow_null=True)

    class Meta:
        model = TicketComment
        fields: ClassVar[list[str]] = ["id", "author", "organization", "type", "content", "created_at"]


class TicketSerializer(serializers.ModelSerializer[Ticket]):
    """A ticket with its conversation."""

    comments = TicketCommentSerializer(many=True)

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["id", "subject", "status", "priority", "created_at", "comments"]
