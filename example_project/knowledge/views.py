"""The knowledge base."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from knowledge.models import KBArticle

PAGE_SIZE = 24


def index(request: HttpRequest) -> HttpResponse:
    """List published articles, newest first; `?q=` searches in titles and summaries."""
    articles = KBArticle.objects.published().select_related("author").prefetch_related("tags")
    query = request.GET.get("q", "").strip()
    if query:
        articles = articles.filter(Q(title__icontains=query) | Q(summary__icontains=query))
    page = Paginator(articles, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "knowledge/index.html", {"page": page, "query": query})


def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one published article."""
    articles = KBArticle.objects.published().select_related("author").prefetch_related("tags")
    article = get_object_or_404(articles.annotate(view_count=Count("views")), pk=pk)
    return render(request, "knowledge/detail.html", {"article": article})
