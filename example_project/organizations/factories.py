"""Factories of organizations and tags."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from organizations.models import Organization, Tag
from seeding.vocabulary import ORGANIZATIONS, SEEDED_NOW, TAGS


def _numbered(words: tuple[str, ...], number: int) -> str:
    """Take the words in turn, and number them from the second round on."""
    turn, index = divmod(number, len(words))
    return words[index] if turn == 0 else f"{words[index]} {turn + 1}"


class OrganizationFactory(DjangoModelFactory[Organization]):
    """Make organizations; each ninth is no longer active."""

    class Meta:
        model = Organization

    name = factory.Sequence(lambda n: _numbered(ORGANIZATIONS, n))
    is_active = factory.Sequence(lambda n: n % 9 != 8)
    created_at = SEEDED_NOW


class TagFactory(DjangoModelFactory[Tag]):
    """Make tags."""

    class Meta:
        model = Tag

    name = factory.Sequence(lambda n: _numbered(TAGS, n))
    slug = factory.LazyAttribute(lambda tag: tag.name.replace(" ", "-"))
