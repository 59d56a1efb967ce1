"""What the API says about security events."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from security.models import SecurityAuditLog, SecurityEvent


class SecurityAuditLogSerializer(serializers.ModelSerializer[SecurityAuditLog]):
    """An entry of the audit trail."""

    class Meta:
        model = SecurityAuditLog
        fields: ClassVar[list[str]] = ["action", "detail", "created_at"]


class SecurityEventSerializer(serializers.ModelSerializer[SecurityEvent]):
    """An event with its audit trail."""

    audit_logs = SecurityAuditLogSerializer(many=True)

    class Meta:
        model = SecurityEvent
        fields: ClassVar[list[str]] = [
            "id",
            "kind",
            "severity",
            "ip_address",
            "is_resolved",
            "created_at",
            "audit_logs",
        ]
