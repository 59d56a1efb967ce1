"""What the API says about articles."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from knowledge.models import KBArticle


class KBArticleSerializer(serializers.ModelSerializer[KBArticle]):
    """An article with the number of its views."""

    view_count = serializers.SerializerMethodField()

    class Meta:
        model = KBArticle
        fields: ClassVar[list[str]] = ["id", "title", "is_published", "created_at", "view_count"]

    def get_view_count(self, article: KBArticle) -> int:
        """Count the views."""
        return article.views.count()


class FastKBArticleSerializer(serializers.ModelSerializer[KBArticle]):
    """The same, from a number that was annotated."""

    view_count = serializers.IntegerField()

    class Meta(KBArticleSerializer.Meta):
        pass
