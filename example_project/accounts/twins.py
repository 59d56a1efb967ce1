"""The naive list of users and permissions, and its fast twin."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.generics import ListAPIView

from accounts.models import User
from accounts.serializers import UserPermissionsSerializer
from problems import get_problem

PAGE_SIZE = 250


class SlowUserPermissionsList(ListAPIView[User]):
    """List active users with their permissions."""

    serializer_class = UserPermissionsSerializer

    def get_queryset(self) -> QuerySet[User]:
        """Leave out those who may not log in."""
        return User.objects.filter(is_active=True)


class FastUserPermissionsList(SlowUserPermissionsList):
    """List active users with their permissions, loaded for all at once."""

    def get_queryset(self) -> QuerySet[User]:
        """Join what each user has one of, and load the permissions of the whole page."""
        users = super().get_queryset().select_related("organization", "profile")
        return users.prefetch_related("permissions")


def slow_user_permissions(request: HttpRequest) -> HttpResponse:
    """Show active users with their permissions."""
    users = User.objects.filter(is_active=True)[:PAGE_SIZE]
    context = {"problem": get_problem("user-permissions"), "users": users}
    return render(request, "problems/user_permissions.html", context)


def fast_user_permissions(request: HttpRequest) -> HttpResponse:
    """Show active users with their permissions, loaded for all at once."""
    users = User.objects.filter(is_active=True).select_related("organization", "profile")
    context = {
        "problem": get_problem("user-permissions"),
        "users": users.prefetch_related("permissions")[:PAGE_SIZE],
    }
    return render(request, "problems/user_permissions.html", context)
