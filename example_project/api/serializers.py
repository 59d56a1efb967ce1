"""What only the API says."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from mobile.models import DataPoint, MobileSession
from tickets.models import Ticket
from tickets.serializers import TicketCommentSerializer


class TicketRowSerializer(serializers.ModelSerializer[Ticket]):
    """A ticket in a list: how many comments it has, and the latest three."""

    customer = serializers.CharField(source="customer.full_name", read_only=True)
    organization = serializers.CharField(source="organization.name", read_only=True)
    comment_count = serializers.IntegerField(read_only=True)
    latest_comments = TicketCommentSerializer(many=True, read_only=True)

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = [
            "id",
            "subject",
            "status",
            "priority",
            "customer",
            "organization",
            "comment_count",
            "latest_comments",
        ]


class DataPointSerializer(serializers.ModelSerializer[DataPoint]):
    """A number that the app measured."""

    class Meta:
        model = DataPoint
        fields: ClassVar[list[str]] = ["kind", "value", "recorded_at"]


class MobileSessionSerializer(serializers.ModelSerializer[MobileSession]):
    """A session with its user and what was measured."""

    user = serializers.CharField(source="user.full_name", read_only=True)
    data_points = DataPointSerializer(many=True, read_only=True)

    class Meta:
        model = MobileSession
        fields: ClassVar[list[str]] = ["id", "user", "platform", "app_version", "started_at", "data_points"]
