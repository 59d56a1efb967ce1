"""The naive list of mobile sessions, and its fast twin."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from mobile.models import MobileSession
from problems import get_problem

PAGE_SIZE = 200


async def slow_mobile_sessions(request: HttpRequest) -> JsonResponse:
    """List mobile sessions with what the app measured."""
    sessions = MobileSession.objects.select_related("user")[:PAGE_SIZE]
    return await _respond(sessions)


async def fast_mobile_sessions(request: HttpRequest) -> JsonResponse:
    """List mobile sessions with what the app measured, in two queries."""
    sessions = MobileSession.objects.select_related("user").prefetch_related("data_points")[:PAGE_SIZE]
    return await _respond(sessions)


async def _respond(sessions: QuerySet[MobileSession]) -> JsonResponse:
    rows = []
    async for session in sessions:
        points = [{"kind": point.kind, "value": point.value} async for point in session.data_points.all()]
        rows.append(
            {
                "id": session.pk,
                "user": session.user.full_name,
                "started_at": session.started_at,
                "data_points": points,
            }
        )
    return JsonResponse({"results": rows})


async def slow_mobile_sessions_page(request: HttpRequest) -> HttpResponse:
    """Show mobile sessions with what the app measured."""
    sessions = MobileSession.objects.select_related("user")[:PAGE_SIZE]
    return await _show(request, sessions)


async def fast_mobile_sessions_page(request: HttpRequest) -> HttpResponse:
    """Show mobile sessions with what the app measured, in two queries."""
    sessions = MobileSession.objects.select_related("user").prefetch_related("data_points")[:PAGE_SIZE]
    return await _show(request, sessions)


async def _show(request: HttpRequest, sessions: QuerySet[MobileSession]) -> HttpResponse:
    rows = []
    async for session in sessions:
        points = [point async for point in session.data_points.all()]
        rows.append((session, points))
    context = {"problem": get_problem("mobile-sessions"), "rows": rows}
    return render(request, "problems/mobile_sessions.html", context)
