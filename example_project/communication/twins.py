"""The naive list of messages as an API, and its fast twin; the pages are in the admin."""

from __future__ import annotations

from rest_framework.generics import ListAPIView

from communication.models import CommunicationMessage
from communication.serializers import CommunicationMessageSerializer


class SlowMessageList(ListAPIView[CommunicationMessage]):
    """List messages with their session."""

    queryset = CommunicationMessage.objects.all()
    serializer_class = CommunicationMessageSerializer


class FastMessageList(SlowMessageList):
    """List messages with their session, joined in one query."""

    queryset = CommunicationMessage.objects.select_related("session__thread__organization")
