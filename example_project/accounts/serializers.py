"""What the API says about users."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from accounts.models import Permission, User


class UserPermissionsSerializer(serializers.ModelSerializer[User]):
    """A user with the codes of everything that the user may do; the organization may be null."""

    organization = serializers.CharField(source="organization.name", read_only=True, allow_null=True)
    job_title = serializers.CharField(source="profile.job_title", read_only=True)
    permissions: serializers.SlugRelatedField[Permission] = serializers.SlugRelatedField(
        slug_field="code", many=True, read_only=True
    )

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["id", "full_name", "job_title", "organization", "permissions"]
