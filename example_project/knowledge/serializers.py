"""What the API says about articles."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from accounts.models import User
from knowledge.models import KBArticle


class _AuthoredArticleSerializer(serializers.ModelSerializer[KBArticle]):
    author: serializers.StringRelatedField[User] = serializers.StringRelatedField()
    organization = serializers.CharField(source="author.organization.name", read_only=True, allow_null=True)


class KBArticleSerializer(_AuthoredArticleSerializer):
    """An article with its author, the author's organization, and the number of its views."""

    view_count = serializers.SerializerMethodField()

    class Meta:
        model = KBArticle
        fields: ClassVar[list[str]] = ["id", "title", "author", "organization", "view_count"]

    def get_view_count(self, article: KBArticle) -> int:
        """Count the views."""
        return article.views.count()


class FastKBArticleSerializer(_AuthoredArticleSerializer):
    """The same, from a number that was annotated."""

    view_count = serializers.IntegerField()

    class Meta(KBArticleSerializer.Meta):
        pass
