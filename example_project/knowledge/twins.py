"""The naive list of articles by readers, and its fast twin."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from knowledge.models import KBArticle
from problems import get_problem

PAGE_SIZE = 300


def slow_article_views(request: HttpRequest) -> HttpResponse:
    """List articles with the number of their views."""
    articles = KBArticle.objects.select_related("author")[:PAGE_SIZE]
    context = {"problem": get_problem("article-views"), "articles": articles}
    return render(request, "problems/article_views_slow.html", context)


def fast_article_views(request: HttpRequest) -> HttpResponse:
    """List articles with the number of their views, counted in the same query."""
    articles = KBArticle.objects.select_related("author").annotate(view_count=Count("views"))[:PAGE_SIZE]
    context = {"problem": get_problem("article-views"), "articles": articles}
    return render(request, "problems/article_views_fast.html", context)
