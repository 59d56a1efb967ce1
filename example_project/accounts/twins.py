"""The naive list of users and permissions, and its fast twin."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.generics import ListAPIView

from accounts.models import User
from accounts.serializers import UserPermissionsSerializer


class SlowUserPermissionsList(ListAPIView[User]):
    """List active users with their permissions."""

    serializer_class = UserPermissionsSerializer

    def get_queryset(self) -> QuerySet[User]:
        """Leave out those who may not log in."""
        return User.objects.filter(is_active=True)


class FastUserPermissionsList(SlowUserPermissionsList):
    """List active users with their permissions, loaded for all at once."""

    def get_queryset(self) -> QuerySet[User]:
        """Load the permissions of the whole page."""
        return super().get_queryset().prefetch_related("permissions")
