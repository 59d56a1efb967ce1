"""What the API says about security events."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from accounts.models import User
from security.models import SecurityAuditLog, SecurityEvent


class SecurityAuditLogSerializer(serializers.ModelSerializer[SecurityAuditLog]):
    """An entry of the audit trail."""

    class Meta:
        model = SecurityAuditLog
        fields: ClassVar[list[str]] = ["action", "created_at"]


class SecurityEventSerializer(serializers.ModelSerializer[SecurityEvent]):
    """An event with its audit trail; the user and the user's organization may be null."""

    user: serializers.StringRelatedField[User] = serializers.StringRelatedField()
    organization = serializers.CharField(source="user.organization.name", read_only=True, allow_null=True)
    audit_logs = SecurityAuditLogSerializer(many=True)

    class Meta:
        model = SecurityEvent
        fields: ClassVar[list[str]] = [
            "id",
            "kind",
            "severity",
            "user",
            "organization",
            "created_at",
            "audit_logs",
        ]
