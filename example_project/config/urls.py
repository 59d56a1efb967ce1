"""URLs of the help desk."""

from django.urls import URLPattern, URLResolver, include, path

from accounts.twins import FastUserPermissionsList, SlowUserPermissionsList
from analytics.twins import FastMetricList, SlowMetricList
from automation import twins as automation
from communication.admin import fast_admin, slow_admin
from fieldwork.twins import FastWorkOrderViewSet, SlowWorkOrderViewSet
from knowledge import twins as knowledge
from mobile import twins as mobile
from portal import views as portal
from security.twins import FastSecurityEventList, SlowSecurityEventList
from tickets import twins as tickets

slow_urls: list[URLPattern | URLResolver] = [
    path("ticket-comments/", tickets.slow_ticket_comments),
    path("work-orders/", SlowWorkOrderViewSet.as_view({"get": "list"})),
    path("article-views/", knowledge.slow_article_views),
    path("user-permissions/", SlowUserPermissionsList.as_view()),
    path("metric-tags/", SlowMetricList.as_view()),
    path("ai-predictions/", automation.SlowAIPredictionList.as_view()),
    path("integration-logs/", automation.slow_integration_logs),
    path("mobile-sessions/", mobile.slow_mobile_sessions),
    path("security-events/", SlowSecurityEventList.as_view()),
    path("feedback/", tickets.SlowFeedbackList.as_view()),
    path("workflow-executions/", automation.slow_workflow_executions),
]
fast_urls: list[URLPattern | URLResolver] = [
    path("ticket-comments/", tickets.fast_ticket_comments),
    path("work-orders/", FastWorkOrderViewSet.as_view({"get": "list"})),
    path("article-views/", knowledge.fast_article_views),
    path("user-permissions/", FastUserPermissionsList.as_view()),
    path("metric-tags/", FastMetricList.as_view()),
    path("ai-predictions/", automation.FastAIPredictionList.as_view()),
    path("integration-logs/", automation.fast_integration_logs),
    path("mobile-sessions/", mobile.fast_mobile_sessions),
    path("security-events/", FastSecurityEventList.as_view()),
    path("feedback/", tickets.FastFeedbackList.as_view()),
    path("workflow-executions/", automation.fast_workflow_executions),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("", portal.home, name="home"),
    path("dashboard/", portal.dashboard, name="dashboard"),
    path("tickets/", include("tickets.urls")),
    path("kb/", include("knowledge.urls")),
    path("slow/", include(slow_urls)),
    path("fast/", include(fast_urls)),
    path("slow-admin/", slow_admin.urls),
    path("fast-admin/", fast_admin.urls),
]
