"""Columns that are loaded, and that nothing reads."""

from typing import Any

from asgiref.sync import async_to_sync
from django.db.models import Count, Prefetch

from tests.press.models import Article, Comment, Essay, Writer
from tests.unused.corpus import profiled, unread, unused

_ALL = ("body", "facts", "scan", "summary")


def _but(*names: str) -> Any:
    """Return articles without the wide columns but some."""
    return Article.objects.defer(*(name for name in _ALL if name not in names)).order_by("pk")


@profiled(
    *(unread("Article", name) for name in ("body", "facts", "scan")),
    databases=True,
)
def columns_that_nothing_reads(fix: Any) -> object:
    """Text, JSON and binary, by their type."""
    articles = fix(Article.objects.defer("summary").order_by("pk"))  # origin
    return [article.title for article in articles]  # trigger


@profiled(unread("Article", "body", origin="one article", trigger="one article"))
def column_of_single_rows(fix: Any) -> object:
    """A run that loads two rows by one line."""
    return [_title(fix, title) for title in ("Article 1", "Article 2")]


def _title(fix: Any, title: str) -> object:
    return fix(Article.objects.defer("facts", "scan", "summary")).get(title=title).title  # one article


@profiled(unread("Article", "summary"))
def long_column_that_nothing_reads(fix: Any) -> object:
    """More than half of the bytes of the rows."""
    articles = fix(Article.objects.defer("body", "facts", "scan").order_by("pk"))  # origin
    return [article.title for article in articles]  # trigger


@profiled(unread("Article", "body"))
def column_that_only_names(fix: Any) -> object:
    """It was named in only(), and is not needed."""
    return [article.title for article in fix(Article.objects.only("title", "body"))]  # origin, trigger


@profiled(unread("Article", "writer__bio"))
def column_of_a_join(fix: Any) -> object:
    """The path leads through the join."""
    articles = fix(Article.objects.defer(*_ALL).select_related("writer"))  # origin
    return [(article.title, article.writer.name) for article in articles if article.writer]  # trigger


@profiled(unread("Writer", "articles__body"))
def column_of_a_prefetch(fix: Any) -> object:
    """The path leads through the prefetch, whose queryset gets a defer()."""
    Article.objects.update(facts="", scan=b"", summary="")
    writers = fix(Writer.objects.defer("bio").order_by("pk").prefetch_related("articles"))  # origin
    return [[article.title for article in writer.articles.all()] for writer in writers]  # trigger


@profiled(unread("Article", "writer__bio"))
def column_of_a_prefetched_parent(fix: Any) -> object:
    """A prefetch of one row each."""
    articles = fix(Article.objects.defer(*_ALL).prefetch_related("writer"))  # origin
    return [article.writer.name for article in articles if article.writer]  # trigger


@profiled(unread("Article", "comments__text"))
def column_on_the_way_of_a_prefetch(fix: Any) -> object:
    """A prefetch that other ones go through."""
    articles = fix(Article.objects.defer(*_ALL).prefetch_related("comments__article"))  # origin
    Article.objects.update(body="", facts="", scan=b"", summary="")
    return [[(c.stars, c.article.title) for c in article.comments.all()] for article in articles]  # trigger


@profiled(unread("Comment", "text"))
def column_of_an_inner_queryset(fix: Any) -> object:
    """The queryset of the Prefetch is the one to change."""
    comments = fix(Comment.objects.order_by("key"))  # origin
    articles = _but().prefetch_related(Prefetch("comments", queryset=comments))
    found = list(articles)  # trigger
    return [(article.title, [comment.stars for comment in article.comments.all()]) for article in found]


@profiled(unread("Essay", "afterword"))
def column_of_a_child_table(fix: Any) -> object:
    """Of the columns of two tables, those of the child may go."""
    essays = fix(Essay.objects.order_by("pk"))  # origin
    return [essay.title for essay in essays]  # trigger


@profiled(unread("Article", "body"))
def column_in_async_code(fix: Any) -> object:
    """An async loop is a loop."""

    async def titles() -> list[str]:
        articles = fix(Article.objects.defer("facts", "scan", "summary"))  # origin
        return [article.title async for article in articles]  # trigger

    return async_to_sync(titles)()


@profiled(unread("Article", "body"))
def column_in_an_iterator(fix: Any) -> object:
    """Rows that are read in chunks."""
    articles = fix(Article.objects.defer("facts", "scan", "summary"))  # origin
    return [article.title for article in articles.iterator(chunk_size=2)]  # trigger


@profiled(unread("Article", "body"))
def column_that_is_written_in_part(fix: Any) -> object:
    """Saving other columns needs no text."""
    articles = fix(Article.objects.defer("facts", "scan", "summary"))  # origin
    for article in articles:  # trigger
        article.words += 1
        article.save(update_fields=["words"])
    return len(articles)


@profiled(unread("Article", "body"))
def column_beside_a_group(fix: Any) -> object:
    """An annotation groups by the key."""
    articles = fix(Article.objects.defer("facts", "scan", "summary").annotate(n=Count("comments")))  # origin
    return sorted((article.title, article.n) for article in articles)  # trigger


@profiled(unused("Article", "writer"))
def columns_of_a_relation_that_nothing_reads() -> object:
    """They go with the relation."""
    articles = Article.objects.defer(*_ALL).select_related("writer")  # origin
    return [article.title for article in articles]  # trigger
