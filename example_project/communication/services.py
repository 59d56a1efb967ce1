"""What must happen whole or not at all: a message and the statistics of its session."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from communication.models import CommunicationMessage, CommunicationSession, CommunicationThread
from quell.services import Retry, service


@service(retry=Retry(tries=5))
def send_message(*, session_id: int, body: str, sender_id: int | None = None) -> int:
    """Send a message in a session, which counts it; return its key."""
    now = timezone.now()
    message = CommunicationMessage.objects.create(
        session_id=session_id,
        sender_id=sender_id,
        body=body,
        direction=CommunicationMessage.Direction.OUTBOUND,
        sent_at=now,
    )
    CommunicationSession.objects.filter(pk=session_id).update(
        message_count=F("message_count") + 1,
        last_message_at=now,
        status=CommunicationSession.Status.ACTIVE,
    )
    CommunicationThread.objects.filter(sessions=session_id).update(updated_at=now)
    return message.pk
