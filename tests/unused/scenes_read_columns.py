"""Correct code about columns: what is read, what has to be there, and what is no column of a row."""

import copy
import pickle
from typing import Any

from django.core import serializers
from django.forms import modelform_factory
from django.forms.models import model_to_dict
from django.template import Context, Template

from tests.press.models import Article, Comment, Essay, Handle, Headline, Tracked, Writer
from tests.unused.corpus import profiled

_ALL = ("body", "facts", "scan", "summary")


def _but(*names: str) -> Any:
    """Return articles without the wide columns but some."""
    return Article.objects.defer(*(name for name in _ALL if name not in names)).order_by("pk")


@profiled()
def columns_that_are_read() -> object:
    """As it should be."""
    return [(article.body, article.facts, article.scan, article.summary) for article in Article.objects.all()]


@profiled()
def column_that_one_row_reads() -> object:
    """One row is enough."""
    return [article.body for article in _but("body") if article.words == 3]


@profiled()
def column_that_another_request_reads() -> object:
    """What one page shows and another does not is used."""
    return [_texts(with_body=True), _texts(with_body=False)]


def _texts(*, with_body: bool) -> object:
    return [article.body if with_body else article.title for article in _but("body")]


@profiled()
def one_article() -> object:
    """For one row it is not worth a word."""
    return Article.objects.get(title="Article 1").title


@profiled()
def short_columns() -> object:
    """A short name is no wide column, whatever else there is."""
    return [writer.pk + len(writer.bio) for writer in Writer.objects.all()]


@profiled()
def empty_columns() -> object:
    """Nothing would be saved."""
    Article.objects.update(body="", facts="", scan=b"", summary="")
    return [article.title for article in Article.objects.defer("facts")]


@profiled()
def whole_rows_are_saved() -> object:
    """What is written back has to be loaded."""
    articles = list(Article.objects.all())
    for article in articles:
        article.words += 1
        article.save()
    return len(articles)


@profiled()
def rows_are_only_counted() -> object:
    """No column is to blame."""
    return len(list(Article.objects.all()))


@profiled()
def rows_as_dictionaries() -> object:
    """A dictionary of all fields reads them."""
    return [model_to_dict(article) | {"scan": len(article.scan)} for article in Article.objects.all()]


@profiled()
def rows_as_json() -> object:
    """So does a serializer."""
    return serializers.serialize("json", Article.objects.all())


@profiled()
def rows_in_forms() -> object:
    """So does a form."""
    form = modelform_factory(Article, fields=["title", "body", "facts", "summary"])
    return [form(instance=article).as_p() for article in _but("body", "facts", "summary")]


@profiled()
def rows_in_a_template() -> object:
    """So does a template."""
    text = "{% for a in articles %}{{ a.body|truncatewords:2 }}{% endfor %}"
    return Template(text).render(Context({"articles": _but("body")}))


@profiled()
def rows_that_are_checked() -> object:
    """Validation reads every field."""
    return [
        article.full_clean(exclude=["scan", "writer"])
        for article in _but("body", "facts", "summary")
        if article.facts
    ]


@profiled()
def rows_that_are_pickled() -> object:
    """Nobody knows what becomes of a pickle."""
    return len(pickle.dumps(list(Article.objects.all())))


@profiled()
def rows_that_are_copied() -> object:
    """Nor of a copy."""
    return [copy.copy(article).title for article in Article.objects.all()]


@profiled()
def rows_that_are_refreshed() -> object:
    """A row that is loaded again was read by Django itself."""
    articles = list(_but())
    for article in articles[:1]:
        article.refresh_from_db(fields=["words"])
    return [article.title for article in articles]


@profiled()
def columns_that_rows_read_while_they_are_made() -> object:
    """A constructor, ``from_db()`` and a receiver of ``post_init`` read as well."""
    return [row.title for row in Tracked.objects.all()]


@profiled()
def columns_of_a_proxy() -> object:
    """A proxy shares its columns with another model."""
    return [headline.title for headline in Headline.objects.all()]


@profiled()
def columns_of_a_parent_table() -> object:
    """So does a child."""
    return [(essay.title, essay.afterword) for essay in Essay.objects.all()]


@profiled()
def keys_of_text() -> object:
    """What connects rows is no ballast: a key, and what a foreign key points to."""
    comments = [comment.text for comment in Comment.objects.all()]
    return comments + [handle.note for handle in Handle.objects.all()]


@profiled()
def distinct_rows() -> object:
    """Fewer columns would be other rows."""
    return [article.title for article in Article.objects.distinct()]


@profiled()
def rows_of_a_union() -> object:
    """A union allows no change."""
    low, high = Article.objects.filter(words__lt=2), Article.objects.filter(words__gt=2)
    return [article.title for article in low.union(high)] if not _is_json_compared() else []


def _is_json_compared() -> bool:
    # PostgreSQL compares jsonb; this stands for databases that cannot compare columns of theirs.
    return False


@profiled()
def values_of_rows() -> object:
    """No rows, no columns."""
    return list(Article.objects.values("title", "body"))


@profiled()
def rows_of_raw_sql() -> object:
    """Raw SQL loads what it says."""
    return [article.title for article in Article.objects.raw("SELECT * FROM press_article")]
