"""What must happen whole or not at all: an article, its tags, and its first view."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.models import KBArticle, KBArticleView
from organizations.models import Tag
from quell.services import service


@service
def create_article(*, title: str, body: str, author_id: int, tag_ids: Sequence[int] = ()) -> int:
    """
    Create an article with its tags, seen first by its author; return its key.

    Raises:
        LookupError: If a tag does not exist.
    """
    article = KBArticle.objects.create(title=title, summary=body[:240], body=body, author_id=author_id)
    tags = list(Tag.objects.filter(pk__in=tag_ids))
    if len(tags) < len(set(tag_ids)):
        msg = "A tag of the article does not exist."
        raise LookupError(msg)
    article.tags.set(tags)
    KBArticleView.objects.create(article=article, viewer_id=author_id)
    return article.pk
