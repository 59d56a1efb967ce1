"""What the API says about tickets and feedback."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from accounts.models import User
from tickets.models import CustomerFeedback, Ticket, TicketComment


class CustomerFeedbackSerializer(serializers.ModelSerializer[CustomerFeedback]):
    """Feedback with the names of the customer and the customer's organization, which may be null."""

    customer = serializers.CharField(source="user.full_name", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    organization = serializers.CharField(source="user.organization.name", read_only=True, allow_null=True)

    class Meta:
        model = CustomerFeedback
        fields: ClassVar[list[str]] = [
            "id",
            "rating",
            "comment",
            "customer",
            "email",
            "organization",
            "created_at",
        ]


class TicketCommentSerializer(serializers.ModelSerializer[TicketComment]):
    """A comment with the name of its author."""

    author: serializers.StringRelatedField[User] = serializers.StringRelatedField()

    class Meta:
        model = TicketComment
        fields: ClassVar[list[str]] = ["id", "author", "type", "content", "created_at"]


class TicketSerializer(serializers.ModelSerializer[Ticket]):
    """A ticket with its conversation."""

    comments = TicketCommentSerializer(many=True)

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = ["id", "subject", "status", "priority", "created_at", "comments"]
