"""What must happen whole or not at all: a security event, its audit trail, and the check of the rule."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from quell.services import Retry, lock, service
from security.models import SecurityAuditLog, SecurityEvent, SecurityRule, Severity


@service(retry=Retry(tries=5))
def process_event(*, kind: str, user_id: int | None = None, ip_address: str | None = None) -> int:
    """Write an event and what became of it, and make it critical when its rule allows no more; return its key."""
    # Two events at once would each count the others, and none would be one too many.
    lock("security event", kind)
    event = SecurityEvent.objects.create(kind=kind, user_id=user_id, ip_address=ip_address)
    SecurityAuditLog.objects.create(event=event, action="received")
    rule = SecurityRule.objects.filter(kind=kind, is_active=True).first()
    if rule is not None:
        since = timezone.now() - timedelta(minutes=rule.window_minutes)
        count = SecurityEvent.objects.filter(kind=kind, created_at__gte=since).count()
        if count > rule.max_event_count:
            event.severity = Severity.CRITICAL
            event.save(update_fields=["severity"])
            SecurityAuditLog.objects.create(event=event, action="escalated", detail=f"{count} events")
    return event.pk
