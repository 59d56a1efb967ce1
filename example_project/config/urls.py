"""URLs of the help desk."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts import twins as accounts
from analytics import twins as analytics
from automation import ai_twins
from automation import twins as automation
from communication import twins as communication
from communication.admin import fast_admin, slow_admin
from fieldwork import twins as fieldwork
from knowledge import twins as knowledge
from mobile import twins as mobile
from portal import statistics_pages
from portal import views as portal
from security import twins as security
from tickets import twins as tickets

# The problem's own form first, the other form below it.
slow_urls: list[URLPattern | URLResolver] = [
    path("ticket-comments/", tickets.slow_ticket_comments),
    path("ticket-comments/api/", tickets.SlowTicketCommentsList.as_view()),
    path("work-orders/", fieldwork.SlowWorkOrderViewSet.as_view({"get": "list"})),
    path("work-orders/page/", fieldwork.slow_work_orders),
    path("article-views/", knowledge.slow_article_views),
    path("article-views/api/", knowledge.SlowArticleViewsList.as_view()),
    path("user-permissions/", accounts.SlowUserPermissionsList.as_view()),
    path("user-permissions/page/", accounts.slow_user_permissions),
    path("messages/api/", communication.SlowMessageList.as_view()),
    path("metric-tags/", analytics.SlowMetricPage.as_view()),
    path("metric-tags/api/", analytics.SlowMetricList.as_view()),
    path("ai-predictions/", ai_twins.SlowAIPredictionList.as_view()),
    path("ai-predictions/page/", ai_twins.slow_ai_predictions),
    path("integration-logs/", automation.slow_integration_logs),
    path("integration-logs/page/", automation.slow_integration_logs_page),
    path("mobile-sessions/", mobile.slow_mobile_sessions),
    path("mobile-sessions/page/", mobile.slow_mobile_sessions_page),
    path("security-events/", security.SlowSecurityEventPage.as_view()),
    path("security-events/api/", security.SlowSecurityEventList.as_view()),
    path("feedback/", tickets.SlowFeedbackList.as_view()),
    path("feedback/page/", tickets.slow_feedback),
    path("workflow-executions/", automation.slow_workflow_executions),
    path("workflow-executions/api/", automation.SlowWorkflowExecutionList.as_view()),
]
fast_urls: list[URLPattern | URLResolver] = [
    path("ticket-comments/", tickets.fast_ticket_comments),
    path("ticket-comments/api/", tickets.FastTicketCommentsList.as_view()),
    path("work-orders/", fieldwork.FastWorkOrderViewSet.as_view({"get": "list"})),
    path("work-orders/page/", fieldwork.fast_work_orders),
    path("article-views/", knowledge.fast_article_views),
    path("article-views/api/", knowledge.FastArticleViewsList.as_view()),
    path("user-permissions/", accounts.FastUserPermissionsList.as_view()),
    path("user-permissions/page/", accounts.fast_user_permissions),
    path("messages/api/", communication.FastMessageList.as_view()),
    path("metric-tags/", analytics.FastMetricPage.as_view()),
    path("metric-tags/api/", analytics.FastMetricList.as_view()),
    path("ai-predictions/", ai_twins.FastAIPredictionList.as_view()),
    path("ai-predictions/page/", ai_twins.fast_ai_predictions),
    path("integration-logs/", automation.fast_integration_logs),
    path("integration-logs/page/", automation.fast_integration_logs_page),
    path("mobile-sessions/", mobile.fast_mobile_sessions),
    path("mobile-sessions/page/", mobile.fast_mobile_sessions_page),
    path("security-events/", security.FastSecurityEventPage.as_view()),
    path("security-events/api/", security.FastSecurityEventList.as_view()),
    path("feedback/", tickets.FastFeedbackList.as_view()),
    path("feedback/page/", tickets.fast_feedback),
    path("workflow-executions/", automation.fast_workflow_executions),
    path("workflow-executions/api/", automation.FastWorkflowExecutionList.as_view()),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("", portal.home, name="home"),
    path("dashboard/", portal.dashboard, name="dashboard"),
    path("tickets/", include("tickets.urls")),
    path("kb/", include("knowledge.urls")),
    path("", include("operations.urls")),
    path("api/", include("api.urls")),
    path("slow/statistics/", statistics_pages.slow_statistics, name="slow_statistics"),
    path("fast/statistics/", statistics_pages.fast_statistics, name="fast_statistics"),
    path("slow/", include(slow_urls)),
    path("fast/", include(fast_urls)),
    path("slow-admin/", slow_admin.urls),
    path("fast-admin/", fast_admin.urls),
]

if settings.TOOLBAR:
    from debug_toolbar.toolbar import debug_toolbar_urls

    urlpatterns += debug_toolbar_urls()
