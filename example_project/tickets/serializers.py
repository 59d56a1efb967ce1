"""What the API says about feedback."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from tickets.models import CustomerFeedback


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
