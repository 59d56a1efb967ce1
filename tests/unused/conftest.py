"""Rows for the profiles, and routes that lead to the library's views."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from tests.press.models import Article, Comment, Essay, Handle, Headline, Tracked, Writer
from tests.scenarios.world import populate

SUMMARY = "s" * 400


@pytest.fixture
def library(db: None) -> Iterator[None]:
    """Fill the library."""
    populate()
    with override_settings(ROOT_URLCONF="tests.library.urls"):
        yield


@pytest.fixture
def press(db: None) -> None:
    """Write four articles of two writers, with three comments each."""
    fill()


def fill(alias: str = "default") -> None:
    """Write the articles into a database."""
    handles = [Handle(text=f"handle {n} ".ljust(150, "-"), note="a note") for n in range(2)]
    Handle.objects.using(alias).bulk_create(handles)
    writers = [Writer(name=f"Writer {n}", bio="b" * 50, handle=handles[n]) for n in range(2)]
    Writer.objects.using(alias).bulk_create(writers)
    articles = [
        Article(
            title=f"Article {n}",
            body="body " * 20,
            facts={"sources": [n, n + 1]},
            scan=b"\0" * 30,
            summary=SUMMARY if n % 2 else "short",
            words=n,
            writer=writers[n % 2],
        )
        for n in range(4)
    ]
    Article.objects.using(alias).bulk_create(articles)
    Comment.objects.using(alias).bulk_create(
        Comment(key=f"{article.pk}-{n}-".ljust(150, "-"), article=article, text="well said")
        for article in articles
        for n in range(3)
    )
    Tracked.objects.using(alias).bulk_create(
        Tracked(title=f"Row {n}", body="body", notes="notes", extra="extra") for n in range(2)
    )


@pytest.fixture
def essays(press: None) -> None:
    """Write two essays."""
    for number in range(2):
        Essay(title=f"Essay {number}", body="body", afterword="after").save()
    assert Headline.objects.exists()
