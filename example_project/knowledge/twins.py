"""The naive list of articles by readers, and its fast twin."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.generics import ListAPIView

from knowledge.models import KBArticle
from knowledge.serializers import FastKBArticleSerializer, KBArticleSerializer
from problems import get_problem

PAGE_SIZE = 100

# The fast twins name their order: a query with GROUP BY does not get `Meta.ordering`.


def slow_article_views(request: HttpRequest) -> HttpResponse:
    """List articles with the number of their views."""
    articles = KBArticle.objects.all()[:PAGE_SIZE]
    context = {"problem": get_problem("article-views"), "articles": articles}
    return render(request, "problems/article_views_slow.html", context)


def fast_article_views(request: HttpRequest) -> HttpResponse:
    """List articles with the number of their views, counted in the same query."""
    articles = (
        KBArticle.objects.select_related("author__organization")
        .annotate(view_count=Count("views"))
        .order_by("-created_at", "-pk")[:PAGE_SIZE]
    )
    context = {"problem": get_problem("article-views"), "articles": articles}
    return render(request, "problems/article_views_fast.html", context)


class SlowArticleViewsList(ListAPIView[KBArticle]):
    """List articles with the number of their views."""

    queryset = KBArticle.objects.all()
    serializer_class = KBArticleSerializer


class FastArticleViewsList(ListAPIView[KBArticle]):
    """List articles with the number of their views, counted in the same query."""

    queryset = (
        KBArticle.objects.select_related("author__organization")
        .annotate(view_count=Count("views"))
        .order_by("-created_at", "-pk")
    )
    serializer_class = FastKBArticleSerializer
