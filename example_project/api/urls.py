"""URLs of the API."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from api import views

app_name = "api"

router = SimpleRouter()
router.register("tickets", views.TicketViewSet)
router.register("work-orders", views.WorkOrderViewSet)
router.register("articles", views.ArticleViewSet)
router.register("users", views.UserViewSet)
router.register("messages", views.MessageViewSet)
router.register("metrics", views.MetricViewSet)
router.register("ai-models", views.AIModelViewSet)
router.register("integrations", views.IntegrationViewSet)
router.register("mobile-sessions", views.MobileSessionViewSet)
router.register("security-events", views.SecurityEventViewSet)
router.register("feedback", views.FeedbackViewSet)
router.register("executions", views.WorkflowExecutionViewSet)
urlpatterns = router.urls
