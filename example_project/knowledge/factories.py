"""Factories of articles and their views."""

from __future__ import annotations

from datetime import timedelta

import factory
from factory.django import DjangoModelFactory

from accounts.factories import UserFactory
from knowledge.models import KBArticle, KBArticleView
from seeding.vocabulary import ARTICLES, PRODUCTS, SEEDED_NOW, ArticleText


def article_text(number: int) -> ArticleText:
    """Return what the article of that number says; each is written for each product."""
    return ARTICLES[number % len(ARTICLES)]


def _fill(text: str, number: int) -> str:
    return text.format(PRODUCTS[(number // len(ARTICLES)) % len(PRODUCTS)])


class KBArticleFactory(DjangoModelFactory[KBArticle]):
    """Make articles; each eleventh is still a draft."""

    class Meta:
        model = KBArticle

    title = factory.Sequence(lambda n: _fill(article_text(n).title, n))
    summary = factory.Sequence(lambda n: _fill(article_text(n).summary, n))
    body = factory.Sequence(lambda n: _fill(article_text(n).body, n))
    author = factory.SubFactory(UserFactory)
    is_published = factory.Sequence(lambda n: n % 11 != 10)
    created_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(days=n, minutes=7))


class KBArticleViewFactory(DjangoModelFactory[KBArticleView]):
    """Make views of articles, anonymous ones."""

    class Meta:
        model = KBArticleView

    article = factory.SubFactory(KBArticleFactory)
    viewed_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(minutes=n))
