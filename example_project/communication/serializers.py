"""What the API says about messages."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from communication.models import CommunicationMessage


class CommunicationMessageSerializer(serializers.ModelSerializer[CommunicationMessage]):
    """A message with the state of its session, the subject of its thread, and the organization."""

    session_status = serializers.CharField(source="session.status", read_only=True)
    thread_subject = serializers.CharField(source="session.thread.subject", read_only=True)

    organization = serializers.CharField(source="session.thread.organization.name", read_only=True)

    class Meta:
        model = CommunicationMessage
        fields: ClassVar[list[str]] = [
            "id",
            "direction",
            "body",
            "sent_at",
            "session_status",
            "thread_subject",
            "organization",
        ]
