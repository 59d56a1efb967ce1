"""The naive list of security events, and its fast twin."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.views.generic import ListView
from rest_framework.generics import ListAPIView

from problems import get_problem
from security.models import SecurityEvent
from security.serializers import SecurityEventSerializer

if TYPE_CHECKING:
    _EventPageBase = ListView[SecurityEvent]
else:
    _EventPageBase = ListView


class SlowSecurityEventPage(_EventPageBase):
    """List security events with their audit trail."""

    model = SecurityEvent
    template_name = "problems/security_events.html"
    context_object_name = "events"
    paginate_by = 250
    extra_context = MappingProxyType({"problem": get_problem("security-events")})


class FastSecurityEventPage(SlowSecurityEventPage):
    """List security events with their audit trail, loaded for the whole page."""

    def get_queryset(self) -> QuerySet[SecurityEvent]:
        """Join the user that an event concerns, and load the audit trail of the whole page."""
        return super().get_queryset().select_related("user__organization").prefetch_related("audit_logs")


class SlowSecurityEventList(ListAPIView[SecurityEvent]):
    """List security events with their audit trail."""

    queryset = SecurityEvent.objects.all()
    serializer_class = SecurityEventSerializer


class FastSecurityEventList(SlowSecurityEventList):
    """List security events with their audit trail, loaded for the whole page."""

    queryset = SecurityEvent.objects.select_related("user__organization").prefetch_related("audit_logs")
