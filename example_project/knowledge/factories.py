"""Factories of articles and their views."""

from __future__ import annotations

from datetime import timedelta

import factory
from factory.django import DjangoModelFactory

from accounts.factories import UserFactory
from knowledge.models import KBArticle, KBArticleView
from seeding.vocabulary import ARTICLES, PRODUCTS, SEEDED_NOW


def _text(number: int, part: int) -> str:
    """Write each article for each product."""
    product = PRODUCTS[(number // len(ARTICLES)) % len(PRODUCTS)]
    return ARTICLES[number % len(ARTICLES)][part].format(product)


class KBArticleFactory(DjangoModelFactory[KBArticle]):
    """Make articles; each eleventh is still a draft."""

    class Meta:
        model = KBArticle

    title = factory.Sequence(lambda n: _text(n, 0))
    summary = factory.Sequence(lambda n: _text(n, 1))
    body = factory.Sequence(lambda n: _text(n, 2))
    author = factory.SubFactory(UserFactory)
    is_published = factory.Sequence(lambda n: n % 11 != 10)
    created_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(days=n, minutes=7))


class KBArticleViewFactory(DjangoModelFactory[KBArticleView]):
    """Make views of articles, anonymous ones."""

    class Meta:
        model = KBArticleView

    article = factory.SubFactory(KBArticleFactory)
    viewed_at = factory.Sequence(lambda n: SEEDED_NOW - timedelta(minutes=n))
