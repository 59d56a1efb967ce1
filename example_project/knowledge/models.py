"""Articles and who read them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from organizations.models import Tag
from quell import FetchPlan, FetchPlanQuerySet


# The plugin of mypy gives each as_manager() a class of its own.
class KBArticleQuerySet(FetchPlanQuerySet["KBArticle"]):  # type: ignore[override]
    """Ways to choose articles, and what to load with them."""

    fetch_plans = {  # noqa: RUF012 -- as users write it
        "read": FetchPlan(
            only=("title", "author__full_name", "author__organization__name"), counts={"view_count": "views"}
        ),
    }

    def published(self) -> KBArticleQuerySet:
        """Keep the articles that customers may read."""
        return self.filter(is_published=True)


class KBArticle(models.Model):
    """An answer to a question that many customers have."""

    title = models.CharField(max_length=160)
    summary = models.CharField(max_length=240)
    body = models.TextField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="articles"
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="articles")
    is_published = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = KBArticleQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = "article"

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the article's page."""
        return reverse("knowledge:detail", args=[self.pk])


class KBArticleView(models.Model):
    """Somebody opened an article."""

    article = models.ForeignKey(KBArticle, on_delete=models.CASCADE, related_name="views")
    viewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="article_views",
    )
    viewed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("viewed_at", "pk")
        verbose_name = "article view"

    def __str__(self) -> str:
        return f"view of article {self.article_id}"
