"""A ViewSet for each list of the help desk; a plan says what its rows are loaded with."""

from __future__ import annotations

from typing import Any

from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.models import User
from accounts.serializers import UserPermissionsSerializer
from analytics.models import AnalyticsMetric
from analytics.serializers import AnalyticsMetricSerializer
from api.serializers import MobileSessionSerializer, TicketRowSerializer
from automation.models import AIModel, Integration, WorkflowExecution
from automation.serializers import (
    FastAIModelSerializer,
    FastIntegrationSerializer,
    WorkflowExecutionSerializer,
)
from communication.models import CommunicationMessage
from communication.serializers import CommunicationMessageSerializer
from fieldwork.models import WorkOrder
from fieldwork.serializers import WorkOrderSerializer
from knowledge.models import KBArticle
from knowledge.serializers import FastKBArticleSerializer
from mobile.models import MobileSession
from quell.contrib.drf import FetchPlanViewSetMixin
from security.models import SecurityEvent
from security.serializers import SecurityEventSerializer
from tickets.models import CustomerFeedback, Ticket
from tickets.serializers import CustomerFeedbackSerializer, TicketSerializer


class TicketViewSet(FetchPlanViewSetMixin, ReadOnlyModelViewSet[Ticket]):
    """Tickets: the list by a plan that the queryset declares, one ticket as its serializer implies."""

    queryset = Ticket.objects.all()
    serializer_class = TicketSerializer
    fetch_plans = {"list": "list", "retrieve": "infer"}  # noqa: RUF012 -- as users write it

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """Return the short form for the list."""
        return TicketRowSerializer if self.action == "list" else super().get_serializer_class()


class WorkOrderViewSet(FetchPlanViewSetMixin, ReadOnlyModelViewSet[WorkOrder]):
    """Work orders and the people who do them."""

    queryset = WorkOrder.objects.all()
    serializer_class = WorkOrderSerializer
    fetch_plans = "infer"


class ArticleViewSet(FetchPlanViewSetMixin, ReadOnlyModelViewSet[KBArticle]):
    """Articles and how often they were read."""

    queryset = KBArticle.objects.published()
    serializer_class = FastKBArticleSerializer
    fetch_plans = {"list": "read", "retrieve": "read"}  # noqa: RUF012 -- as users write it


class UserViewSet(FetchPlanViewSetMixin, ReadOnlyModelViewSet[User]):
    """Users and what they may do."""

    queryset = User.objects.filter(profile__isnull=False).order_by("pk")
    serializer_class = UserPermissionsSerializer
    fetch_plans = "infer"


class MessageViewSet(FetchPlanViewSetMixin, ReadOnlyModelViewSet[CommunicationMessage]):
    """Messages and their session."""

    queryset = CommunicationMessage.objects.all()
    serializer_class = CommunicationMessageSerializer
    fetch_plans = "infer"


class MetricViewSet(FetchPlanViewSetMixin, ReadOnlyModelViewSet[AnalyticsMetric]):
    """Metrics and their tags."""

    queryset = AnalyticsMetric.objects.all()
    serializer_class = AnalyticsMetricSerializer
    fetch_plans = "infer"


class AIModelViewSet(FetchPlanViewSetMixin, ReadOnlyModelViewSet[AIModel]):
    """AI models and what they are sure of; the method field declares what it reads."""

    queryset = AIModel.objects.all()
    serializer_class = FastAIModelSerializer
    fetch_plans = "infer"


class IntegrationViewSet(FetchPlanViewSetMixin, ReadOnlyModelViewSet[Integration]):
    """Integrations and their latest call; the method field declares what it reads."""

    queryset = Integration.objects.order_by("pk")
    serializer_class = FastIntegrationSerializer
    fetch_plans = "infer"


class MobileSessionViewSet(FetchPlanViewSetMixin, ReadOnlyModelViewSet[MobileSession]):
    """Mobile sessions and what was measured."""

    queryset = MobileSession.objects.all()
    serializer_class = MobileSessionSerializer
    fetch_plans = "infer"


class SecurityEventViewSet(FetchPlanViewSetMixin, ReadOnlyModelViewSet[SecurityEvent]):
    """Security events and their audit trail."""

    queryset = SecurityEvent.objects.all()
    serializer_class = SecurityEventSerializer
    fetch_plans = "infer"


class FeedbackViewSet(FetchPlanViewSetMixin, ReadOnlyModelViewSet[CustomerFeedback]):
    """Feedback, who gave it, and about which ticket."""

    queryset = CustomerFeedback.objects.all()
    serializer_class = CustomerFeedbackSerializer
    fetch_plans = "infer"


class WorkflowExecutionViewSet(FetchPlanViewSetMixin, ReadOnlyModelViewSet[WorkflowExecution]):
    """Workflow runs and how far they got; the properties declare what they read."""

    queryset = WorkflowExecution.objects.all()
    serializer_class = WorkflowExecutionSerializer
    fetch_plans = "infer"
