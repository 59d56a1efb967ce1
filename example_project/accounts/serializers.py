"""What the API says about users."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from accounts.models import Permission, User


class UserPermissionsSerializer(serializers.ModelSerializer[User]):
    """A user with the codes of everything that the user may do."""

    permissions: serializers.SlugRelatedField[Permission] = serializers.SlugRelatedField(
        slug_field="code", many=True, read_only=True
    )

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["id", "email", "full_name", "role", "permissions"]
